import { describe, expect, test } from 'vitest';
import { at, KernelBuilder } from '../../kernel/builder.ts';
import { type Kernel, type Reg, type TargetInfo, WASM_TARGET } from '../../kernel/ir.ts';
import { ARGS, FAULT, kernelSuite } from '../kernel-suite.test-util.ts';
import { compileKernel, instantiate, wasmTarget } from './index.ts';

const compiled = (kernel: Kernel, info: TargetInfo) =>
  compileKernel(kernel, info, { faultAddress: FAULT });

const fused = wasmTarget().isa === 'wasm-relaxed';
kernelSuite({
  infos: [WASM_TARGET, ...(fused ? [{ ...WASM_TARGET, isa: 'wasm-relaxed' as const }] : [])],
  lanesOf: (...elems) => (elems.some((e) => e === 'f64' || e === 'i64') ? [1, 2] : [1, 2, 4]),
  run(kernel, info, memory, tiles) {
    const wasm = new WebAssembly.Memory({ initial: 1 });
    new Uint8Array(wasm.buffer).set(memory);
    instantiate(compiled(kernel, info).bytes, wasm)(ARGS, 0, tiles, 0);
    memory.set(new Uint8Array(wasm.buffer));
  },
  text: (kernel, info) => compiled(kernel, info).text(),
});

describe('what the target lacks throws', () => {
  const compile = (make: (b: KernelBuilder, p: Reg) => void): (() => unknown) => {
    const b = new KernelBuilder('lacking');
    make(b, b.param('p', 'ptr'));
    const kernel = b.finish();
    return () => compileKernel(kernel, WASM_TARGET, { faultAddress: FAULT });
  };

  test('masks', () => {
    const masked = compile((b, p) => {
      const mask = b.edge(b.index(3), 4);
      b.store('f32', at(p), b.load('f32', 4, at(p), { mask }), mask);
    });
    expect(masked).toThrow(/masked store|edge/);
  });

  test('vectors of other sizes, or of two sizes', () => {
    expect(compile((b, p) => b.store('f32', at(p), b.load('f32', 16, at(p))))).toThrow(/16 f32/);
    expect(compile((b, p) => b.store('f64', at(p), b.load('f64', 4, at(p))))).toThrow(/4 f64/);
    const mixed = compile((b, p) => {
      b.store('f32', at(p), b.load('f32', 4, at(p)));
      b.store('f64', at(p), b.load('f64', 2, at(p)));
    });
    expect(mixed).toThrow(/vectors of 4 and 2 lanes/);
  });
});

test('accumulators and index share locals: the loop body holds no copies', () => {
  const b = new KernelBuilder('dot');
  const x = b.param('x', 'ptr');
  const y = b.param('y', 'ptr');
  const n = b.param('n', 'index');
  const zero = b.splat(b.const('f32', 0), 4);
  const [sum] = b.loop(0, n, 4, [zero], (i, [acc]) => [
    b.fma(b.load('f32', 4, at(x, 0, i, 4)), b.load('f32', 4, at(y, 16, i, 4)), acc),
  ]);
  b.store('f32', at(y), b.horizontal('add', sum));
  const code = compileKernel(b.finish(), WASM_TARGET, { faultAddress: FAULT });
  expect(code.text()).toMatchInlineSnapshot(`
    "func run (i32 i32 i32 i32) ()
      local.get 0
      i32.load 0
      local.set 4
      local.get 0
      i32.load 8
      local.set 5
      local.get 0
      i32.load 16
      local.set 6
      i32.const 0
      v128.const 00000000000000000000000000000000
      local.set 8
      local.tee 7
      local.get 6
      i32.lt_s
      if
        loop
          local.get 4
          local.get 7
          i32.const 2
          i32.shl
          i32.add
          v128.load 0
          local.get 5
          local.get 7
          i32.const 2
          i32.shl
          i32.add
          v128.load 16
          f32x4.mul
          local.get 8
          f32x4.add
          local.set 8
          local.get 7
          i32.const 4
          i32.add
          local.tee 7
          local.get 6
          i32.lt_s
          br_if 0
        end
      end
      local.get 5
      local.get 8
      local.tee 9
      local.get 9
      i8x16.shuffle 08090a0b0c0d0e0f08090a0b0c0d0e0f
      local.set 10
      local.get 9
      local.get 10
      f32x4.add
      local.tee 11
      local.get 11
      i8x16.shuffle 04050607040506070405060704050607
      local.set 12
      local.get 11
      local.get 12
      f32x4.add
      f32x4.extract_lane 0
      f32.store 0"
  `);
});
