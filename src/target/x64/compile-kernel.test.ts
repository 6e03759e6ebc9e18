/** Runs machine code: the only thing a target's tests need of the runtime. */
import { describe, expect, test } from 'vitest';
import { Assembler, gp32, k, ymm } from '../../asm/x64/index.ts';
import { at, KernelBuilder } from '../../kernel/builder.ts';
import { AVX2_TARGET, AVX512_TARGET, type Kernel } from '../../kernel/ir.ts';
import { openNative } from '../../runtime/cpu/native/index.ts';
import { ARGS, FAULT, kernelSuite } from '../kernel-suite.test-util.ts';
import { ARG_CODE, ARG_FAULT, ARG_PARAMS, ARG_TILES } from './abi.ts';
import { type CompileOptions, compileKernel, type Isa } from './index.ts';

const { host, reason } = openNative({ threads: 1 });
/** The vector instructions that code can be run with here. */
const has = (isa: Isa): boolean =>
  host !== null && (host.cpu.isa === 'avx512' || host.cpu.isa === isa);
for (const isa of ['avx512', 'avx2'] as const) {
  if (!has(isa)) console.log(`machine code is not run: ${reason || `no ${isa}`}`);
}

/** Runs a kernel whose argument block lies in `memory`, which is copied to a native block and back. */
function run(kernel: Kernel, memory: Uint8Array, tiles: number, options: CompileOptions): void {
  if (host === null) throw new Error(reason);
  const code = host.code.write(compileKernel(kernel, options).bytes);
  const block = host.memory.allocate(memory.length);
  const fault = host.memory.allocate(8);
  try {
    block.u8.set(memory);
    fault.u8.fill(0xff);
    const { args } = host;
    const raw = new Uint8Array(args.buffer, args.byteOffset);
    args[ARG_CODE] = code.address;
    args[ARG_TILES] = tiles;
    args[ARG_FAULT] = fault.address;
    const view = new DataView(memory.buffer);
    kernel.params.forEach(({ elem }, slot) => {
      const from = ARGS + 8 * slot;
      if (elem === 'ptr') args[ARG_PARAMS + slot] = block.address + view.getInt32(from, true);
      else if (elem === 'index') args[ARG_PARAMS + slot] = view.getInt32(from, true);
      else raw.set(memory.subarray(from, from + 8), 8 * (ARG_PARAMS + slot));
    });
    host.call();
    memory.set(block.u8.subarray(0, memory.length));
    const position = fault.u32();
    if (position[1] !== 0xffffffff) view.setInt32(FAULT, position[0] + 1, true);
  } finally {
    host.code.free(code);
    host.memory.free(block);
    host.memory.free(fault);
  }
}

const NARROW = { avx512: 16, avx2: 8 } as const;

// With two registers of a kind nearly everything lies in memory.
describe.each([
  ['avx512', 'all registers', {}],
  ['avx512', 'few registers', { registers: { gp: [6, 3], vec: [0, 17], k: [1] } }],
  ['avx2', 'all registers', {}],
  ['avx2', 'few registers', { registers: { gp: [6, 3], vec: [0, 9], k: [] } }],
] as const)('%s, with %s', (isa, _, some: CompileOptions) => {
  const options = { isa, ...some };
  describe.skipIf(!has(isa))('run', () => {
    kernelSuite({
      infos: [isa === 'avx2' ? AVX2_TARGET : AVX512_TARGET],
      lanesOf: (...elems) => {
        const wide = elems.filter((e) => e === 'f64' || e === 'i64').length;
        const narrow = elems.filter((e) => e === 'f32' || e === 'i32').length;
        // All lanes of a kernel have one width.
        const lanes = NARROW[isa];
        return [1, ...(narrow === 0 ? [lanes / 2] : []), ...(wide === 0 ? [lanes] : [])];
      },
      run: (kernel, _info, memory, tiles) => run(kernel, memory, tiles, options),
      text: (kernel) => compileKernel(kernel, { ...options, listing: true }).text(),
    });
  });
});

test('a constant of 32 bits is not broadcast into a product of 64-bit lanes', () => {
  const b = new KernelBuilder('high');
  const x = b.param('x', 'ptr');
  const factors = [3, 5, 7].map((n) => b.splat(b.const('i32', n), 16));
  const products = factors.map((f) => b.binary('mulhu', b.load('i32', 16, at(x)), f));
  products.forEach((p, i) => {
    b.store('i32', at(x, 64 * i), p);
  });
  const registers = { gp: [6, 3], vec: [0], k: [1] };
  const { text } = compileKernel(b.finish(), { registers, listing: true });
  expect(text().match(/vpmuludq/g)).toHaveLength(6);
});

test('accumulators stay in their registers: the loop body holds no copies', () => {
  const b = new KernelBuilder('dot');
  const x = b.param('x', 'ptr');
  const y = b.param('y', 'ptr');
  const n = b.param('n', 'index');
  const zero = b.splat(b.const('f32', 0), 16);
  const [sum] = b.loop(0, n, 16, [zero], (i, [acc]) => [
    b.fma(b.load('f32', 16, at(x, 0, i, 4)), b.load('f32', 16, at(y, 16, i, 4)), acc),
  ]);
  b.store('f32', at(y), b.horizontal('add', sum));
  const { text } = compileKernel(b.finish(), { listing: true });
  expect(text()).toMatchInlineSnapshot(`
    "     0  c4 e1 fb 2c 77 18                 vcvttsd2si rsi, QWORD PTR [rdi+0x18]
         6  c4 61 fb 2c 47 20                 vcvttsd2si r8, QWORD PTR [rdi+0x20]
         c  c4 61 fb 2c 4f 28                 vcvttsd2si r9, QWORD PTR [rdi+0x28]
        12  62 f1 7c 48 57 c0                 vxorps zmm0, zmm0, zmm0
        18  41 ba 00 00 00 00                 mov r10d, 0
        1e  4d 39 ca                          cmp r10, r9
        21  7d 28                             jge .L1
        23  66 0f 1f 84 00 00 00 00 00 0f 1f 40 00  align 16
    .L0:
        30  62 b1 7c 48 10 0c 96              vmovups zmm1, ZMMWORD PTR [rsi+r10*4]
        37  62 92 75 48 b8 84 90 10 00 00 00  vfmadd231ps zmm0, zmm1, ZMMWORD PTR [r8+r10*4+0x10]
        42  49 83 c2 10                       add r10, 16
        46  4d 39 ca                          cmp r10, r9
        49  7c e5                             jl .L0
    .L1:
        4b  62 f3 fd 48 1b c1 01              vextractf64x4 ymm1, zmm0, 1
        52  c5 fc 58 c9                       vaddps ymm1, ymm0, ymm1
        56  62 f3 7d 28 19 c8 01              vextractf32x4 xmm0, ymm1, 1
        5d  c5 f0 58 c0                       vaddps xmm0, xmm1, xmm0
        61  c5 f9 70 c8 ee                    vpshufd xmm1, xmm0, 238
        66  c5 f8 58 c9                       vaddps xmm1, xmm0, xmm1
        6a  c5 f9 70 c1 f5                    vpshufd xmm0, xmm1, 245
        6f  c5 f0 58 c0                       vaddps xmm0, xmm1, xmm0
        73  c5 f8 28 c0                       vmovaps xmm0, xmm0
        77  c4 c1 7a 11 00                    vmovss DWORD PTR [r8], xmm0
        7c  c5 f8 77                          vzeroupper
        7f  c3                                ret
    .C0:
        80  00 00 00 00                       constant"
  `);
});

/** The lines of the first loop's body. */
const firstLoop = (text: string): string[] =>
  /\n\.L0:\n([^]*?)\n[^\n]*jl \.L0/.exec(text)?.[1].split('\n') ?? [];

test('on AVX2 a tile of 6 x 2 accumulators, two vectors and one broadcast leave nothing in memory', () => {
  const b = new KernelBuilder('tile');
  const [x, y, out] = [b.param('x', 'ptr'), b.param('y', 'ptr'), b.param('out', 'ptr')];
  const zero = b.splat(b.const('f32', 0), 8);
  const start = [...new Array(12).fill(zero), x, y];
  const end = b.loop(0, b.param('n', 'index'), 1, start, (_, carried) => {
    const [rows, columns] = carried.slice(12);
    const vectors = [0, 32].map((offset) => b.load('f32', 8, at(columns, offset)));
    const sums = Array.from({ length: 6 }, (_row, i) => {
      const one = b.load('f32', 8, at(rows, 4 * i), { splat: true });
      return vectors.map((v, j) => b.fma(one, v, carried[2 * i + j]));
    });
    return [...sums.flat(), b.add(rows, 24), b.add(columns, 64)];
  });
  for (const [i, sum] of end.slice(0, 12).entries()) b.store('f32', at(out, 32 * i), sum);
  const body = firstLoop(compileKernel(b.finish(), { isa: 'avx2', listing: true }).text());
  const count = (what: string): number => body.filter((line) => line.includes(what)).length;
  expect(['vfmadd', 'vmovups', 'vbroadcastss', 'lea'].map(count)).toEqual([12, 2, 6, 2]);
  expect(body).toHaveLength(12 + 2 + 6 + 2 + 2); // and the index
});

test('AVX2 code holds no mask registers and no EVEX: the assembler refuses them', () => {
  const asm = new Assembler({ isa: 'avx2' });
  expect(() => asm.emit('kmovw', k(1), gp32(0))).toThrow(/AVX-512/);
  expect(() => asm.emit('vpmullq', ymm(0), ymm(1), ymm(2))).toThrow(/AVX-512/);
  expect(() => asm.emit('vaddps', ymm(16), ymm(1), ymm(2))).toThrow(/EVEX|AVX-512/);
});
