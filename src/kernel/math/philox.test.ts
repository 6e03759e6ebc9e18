import { expect, it } from 'vitest';
import { compileKernel, instantiate } from '../../target/wasm/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import { interpretKernel } from '../interpret.ts';
import { type Kernel, WASM_TARGET } from '../ir.ts';
import { philox } from './philox.ts';

/** philox4x32-10 rows of kat_vectors, Random123 (D. E. Shaw Research): counter, key, output. */
const KNOWN = [
  [
    '00000000 00000000 00000000 00000000',
    '00000000 00000000',
    '6627e8d5 e169c58d bc57ac4c 9b00dbd8',
  ],
  [
    'ffffffff ffffffff ffffffff ffffffff',
    'ffffffff ffffffff',
    '408f276d 41c83b0e a20bc7c6 6d5451fd',
  ],
  [
    '243f6a88 85a308d3 13198a2e 03707344',
    'a4093822 299f31d0',
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  ],
].map((row) => row.map((text) => text.split(' ').map((word) => Number.parseInt(word, 16))));

/** Slots 0-5 point to the counter's and key's words, slots 6-9 to where the result goes. */
function philoxKernel(lanes: number): Kernel {
  const b = new KernelBuilder('philox');
  const pointers = Array.from({ length: 10 }, (_, i) => b.param(`p${i}`, 'ptr'));
  const words = pointers.slice(0, 6).map((p, i) => b.load('i32', i < 4 ? lanes : 1, at(p)));
  const result = philox(b, words.slice(0, 4), words.slice(4));
  result.forEach((word, i) => b.store('i32', at(pointers[6 + i]), word));
  return b.finish();
}

/** Fills memory: 16 bytes a word, as many lanes as they hold, from address 128. */
function prepare(buffer: ArrayBuffer, words: readonly number[]): Uint32Array {
  const memory = new Uint32Array(buffer);
  for (let i = 0; i < 10; i++) memory[2 * i] = 128 + 16 * i;
  words.forEach((word, i) => memory.fill(word, 32 + 4 * i, 36 + 4 * i));
  return memory;
}

for (const lanes of [1, 4]) {
  it(`philox gives the known answers, ${lanes} lanes`, () => {
    const kernel = philoxKernel(lanes);
    const wasm = new WebAssembly.Memory({ initial: 1 });
    const code = compileKernel(kernel, WASM_TARGET, { faultAddress: 100 });
    const run = instantiate(code.bytes, wasm);
    for (const [counter, key, output] of KNOWN) {
      const want = output.flatMap((word) => Array<number>(lanes).fill(word));
      const results = (memory: Uint32Array): number[] =>
        [6, 7, 8, 9].flatMap((i) => [...memory.subarray(32 + 4 * i, 32 + 4 * i + lanes)]);
      const compiled = prepare(wasm.buffer as ArrayBuffer, [...counter, ...key]);
      run(0, 0, 1, 0);
      expect(results(compiled)).toEqual(want);
      const plain = prepare(new ArrayBuffer(512), [...counter, ...key]);
      interpretKernel(kernel, WASM_TARGET, plain.buffer as ArrayBuffer, 0, 100);
      expect(results(plain)).toEqual(want);
    }
  });
}
