import { describe, expect, test } from 'vitest';
import { at, KernelBuilder } from './builder.ts';
import { interpretKernel } from './interpret.ts';
import { AVX512_TARGET, type Elem, type Reg, type TargetInfo, WASM_TARGET } from './ir.ts';
import { laneBinary, laneConvert, laneUnary } from './lane-arithmetic.ts';

const FAULT = 8;
const ARGS = 64;
const OUT = 256;

/** Runs a kernel of one pointer to `OUT`; returns the memory. */
function run(
  make: (b: KernelBuilder, out: Reg) => void,
  info: TargetInfo = WASM_TARGET,
  fill: (view: DataView) => void = () => {},
): DataView {
  const b = new KernelBuilder('test');
  make(b, b.param('out', 'ptr'));
  const view = new DataView(new ArrayBuffer(1024));
  if (info.indexBytes === 4) view.setInt32(ARGS, OUT, true);
  else view.setBigInt64(ARGS, BigInt(OUT), true);
  fill(view);
  interpretKernel(b.finish(), info, view, ARGS, FAULT);
  return view;
}

const floats = (view: DataView, count: number, from = OUT): number[] =>
  Array.from({ length: count }, (_, i) => view.getFloat32(from + 4 * i, true));

describe('lanes', () => {
  const number = (elem: Elem, fn: 'div' | 'rem', a: number, b: number) =>
    laneBinary(fn, elem, a, b, 4);

  test('integer division is total', () => {
    expect(number('i32', 'div', 7, 0)).toBe(0);
    expect(number('i32', 'rem', 7, 0)).toBe(0);
    expect(number('i32', 'div', -(2 ** 31), -1)).toBe(-(2 ** 31));
    expect(number('i32', 'div', -7, 2)).toBe(-3);
    expect(number('i32', 'rem', -7, 2)).toBe(-1);
    expect(laneBinary('div', 'i64', -(2n ** 63n), -1n, 4)).toBe(-(2n ** 63n));
  });

  test('products wrap, high halves are unsigned', () => {
    expect(laneBinary('mul', 'i32', 123456789, 987654321, 4)).toBe(Math.imul(123456789, 987654321));
    expect(laneBinary('mulhu', 'i32', -1, -1, 4)).toBe(-2);
  });

  test('min and max propagate NaN and order zeros', () => {
    expect(laneBinary('max', 'f32', NaN, 1, 4)).toBeNaN();
    expect(laneBinary('min', 'f64', 1, NaN, 4)).toBeNaN();
    expect(laneBinary('min', 'f32', 0, -0, 4)).toBe(-0);
  });

  test('nearest is half to even', () => {
    const halves = [-2.5, -1.5, -0.5, -0.2, 0.5, 1.5, 2.5, 0.49999999999999994];
    const rounded = halves.map((x) => laneUnary('nearest', 'f64', x, 4));
    expect(rounded).toEqual([-2, -2, -0, -0, 0, 2, 2, 0]);
  });

  test('conversions saturate, wrap, round once', () => {
    expect(laneConvert('f32', 'i32', NaN, 4)).toBe(0);
    expect(laneConvert('f32', 'i32', 3e9, 4)).toBe(2 ** 31 - 1);
    expect(laneConvert('f64', 'i64', -1e19, 4)).toBe(-(2n ** 63n));
    expect(laneConvert('i64', 'i32', 2n ** 32n + 5n, 4)).toBe(5);
    expect(laneConvert('f32', 'mask', NaN, 4)).toBe(1);
    expect(laneConvert('f32', 'mask', -0, 4)).toBe(0);
    // Rounding to float64 first would lose the last bit and then round down.
    const x = (1n << 62n) + (1n << 38n) + 1n;
    expect(laneConvert('i64', 'f32', x, 4)).toBe(2 ** 62 + 2 ** 39);
    expect(laneConvert('i64', 'f32', -x, 4)).toBe(-(2 ** 62) - 2 ** 39);
  });
});

describe('kernels of 16 masked lanes', () => {
  test('an edge touches only its lanes, even outside memory', () => {
    const view = run(
      (b, out) => {
        const mask = b.edge(b.index(3), 16);
        const loaded = b.load('f32', 16, at(out, 1024 - OUT - 12), { mask });
        b.store('f32', at(out), b.add(loaded, 1), mask);
        b.store('f32', at(out, 64), loaded);
      },
      AVX512_TARGET,
      (v) => {
        for (let k = 0; k < 3; k++) v.setFloat32(1024 - 12 + 4 * k, k + 10, true);
        v.setFloat32(OUT + 12, -1, true);
      },
    );
    expect(floats(view, 4)).toEqual([11, 12, 13, -1]);
    expect(floats(view, 16, OUT + 64)).toEqual([10, 11, 12, ...new Array(13).fill(0)]);
  });

  test('horizontal halves', () => {
    const view = run((b, out) => {
      const lanes = b.convert(b.lanes('i32', 16), 'f32');
      const big = b.mul(lanes, 2 ** 24);
      b.store('f32', at(out), b.horizontal('add', b.add(big, 1)));
    }, AVX512_TARGET);
    let rest = Array.from({ length: 16 }, (_, i) => Math.fround(Math.fround(i * 2 ** 24) + 1));
    while (rest.length > 1) {
      const half = rest.length / 2;
      rest = rest.slice(0, half).map((x, i) => Math.fround(x + rest[i + half]));
    }
    expect(floats(view, 1)).toEqual(rest);
  });

  test('masks need a target that has them', () => {
    expect(() => run((b, out) => b.store('u8', at(out), b.edge(b.index(3), 4)))).toThrow(
      /wasm has no masks, in: %\d+:maskx4 = edge/,
    );
  });
});

test('fma rounds once where the class is fused, else twice', () => {
  const make = (b: KernelBuilder, out: Reg): void => {
    const x = b.const('f32', 1 + 2 ** -12);
    b.store('f32', at(out), b.fma(x, x, b.const('f32', -1)));
  };
  expect(floats(run(make), 1)).toEqual([2 ** -11]);
  expect(floats(run(make, AVX512_TARGET), 1)).toEqual([2 ** -11 + 2 ** -24]);
});

test('carried values swap; a loop of no turns gives its initial values', () => {
  for (const turns of [0, 1, 2]) {
    const view = run((b, out) => {
      const init = [b.const('f32', 1), b.const('f32', 2)];
      const [x, y] = b.loop(0, turns, 1, init, (_, [p, q]) => [q, p]);
      b.store('f32', at(out), x);
      b.store('f32', at(out, 4), y);
    });
    expect(floats(view, 2)).toEqual(turns % 2 === 0 ? [1, 2] : [2, 1]);
  }
});

test('the first fault wins', () => {
  const view = run((b) => {
    b.loop(0, 9, 1, [], (i) => {
      b.fault(b.compare('ge', i, b.index(4)), b.convert(i, 'i32'));
      return [];
    });
  });
  expect(view.getInt32(FAULT, true)).toBe(5);
});

test('addresses may start elsewhere', () => {
  const origin = 2 ** 40;
  const b = new KernelBuilder('real');
  const out = b.param('out', 'ptr');
  b.store('f32', at(out, 4), b.const('f32', 7));
  const view = new DataView(new ArrayBuffer(256));
  view.setBigInt64(64, BigInt(origin + 128), true);
  interpretKernel(b.finish(), AVX512_TARGET, view, origin + 64, origin + 8, origin);
  expect(view.getFloat32(132, true)).toBe(7);
});

test('what is undefined throws and shows the instruction', () => {
  expect(() => run((b, out) => b.store('f32', at(out, 1024), b.const('f32', 0)))).toThrow(
    /in: store f32 \[%0 \+ 1024\] = %1/,
  );
  expect(() =>
    run((b, out) => {
      const count = b.load('i32', 1, at(out));
      b.store('i32', at(out), b.binary('shl', count, b.sub(count, 1)));
    }),
  ).toThrow(/shl by -1/);
  const below = (b: KernelBuilder, out: Reg): void => {
    b.store('f32', at(out, 600, b.index(-100), 4), b.const('f32', 0));
  };
  expect(() => run(below)).toThrow(/below zero/);
});
