import { afterEach, expect, test, vi } from 'vitest';
import { encodeModule, FunctionBuilder } from '../../asm/wasm/index.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

test('the class is that of relaxed SIMD only where multiply-add fuses', async () => {
  const { wasmTarget } = await import('./engine.ts');
  expect(['wasm', 'wasm-relaxed']).toContain(wasmTarget().isa);
  expect(wasmTarget()).toBe(wasmTarget());
});

test('GRADUS_WASM_RELAXED=0 keeps to plain SIMD', async () => {
  vi.stubEnv('GRADUS_WASM_RELAXED', '0');
  vi.resetModules();
  const { wasmTarget } = await import('./engine.ts');
  expect(wasmTarget().isa).toBe('wasm');
});

test('a module runs on the memory it is given', async () => {
  const { instantiate } = await import('./engine.ts');
  const f = new FunctionBuilder('run', ['i32']);
  f.get(0);
  f.get(0);
  f.emit('i32.load', 4);
  f.emit('i32.store', 8);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const words = new Int32Array(memory.buffer);
  words[5] = 99;
  instantiate(encodeModule([f]), memory)(16, 0, 1, 0);
  expect(words[6]).toBe(99);
});
