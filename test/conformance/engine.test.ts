/** Each project of vitest.config.ts names an engine: this one must be what computes. */
import { expect, test } from 'vitest';
import { devices, ones } from '../../src/index.ts';
import { openNative } from '../../src/runtime/cpu/native/index.ts';
import { wasmTarget } from '../../src/target/wasm/index.ts';

test('the engine that this project names computes', (context) => {
  const wanted = process.env.GRADUS_TEST_ENGINE;
  if (wanted?.includes('relaxed') && wasmTarget().isa === 'wasm') {
    context.skip('this machine does not fuse multiply-add: plain SIMD runs in its place');
  }
  const native = openNative({ threads: 1 });
  const isa = native.host?.cpu.isa ?? null;
  if (wanted?.startsWith('x86') && (isa === null || (wanted.includes('512') && isa === 'avx2'))) {
    context.skip(`machine code does not run here: ${native.reason || `the processor has ${isa}`}`);
  }
  expect(wanted).toBeDefined();
  expect(devices()[0].engine).toBe(wanted);
  const before = devices()[0].usedBytes;
  expect(ones([1000]).add(1).sum().item()).toBe(2000);
  // The reference keeps no heap; the others hold what was just made.
  expect(devices()[0].usedBytes > before).toBe(!wanted?.startsWith('reference'));
});
