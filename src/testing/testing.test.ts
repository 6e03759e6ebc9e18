import { describe, expect, it } from 'vitest';
import { rand, randn, type Tensor, tensor, where, zeros } from '../index.ts';
import {
  allClose,
  EXACT_OPS,
  gradCheck,
  toleranceOf,
  ULP_BOUNDS,
  ulpBoundOf,
  ulpDistance,
} from './index.ts';

describe('allClose', () => {
  it('accepts equal and nearly equal elements', () => {
    expect(allClose(tensor([1, 2]), tensor([1, 2.000001]))).toBe(true);
    expect(allClose(tensor([NaN, Infinity, -0]), [NaN, Infinity, 0])).toBe(true);
    expect(allClose([[1, 2]], [[1, 2 + 1e-9]])).toBe(true);
    expect(allClose(zeros([0]), zeros([0]))).toBe(true);
    expect(allClose(tensor([1]), tensor([1.05]), { rtol: 0.1 })).toBe(true);
  });

  it('names the worst element, its index and the distance', () => {
    const near = Math.fround(1 + 2 ** -23);
    expect(() =>
      allClose(
        tensor([
          [1, 1],
          [near, 1],
        ]),
        tensor([
          [1, 1],
          [1, 1],
        ]),
        { rtol: 0, atol: 0 },
      ),
    ).toThrow(
      /1 of 4 elements differ; the worst is element \[1, 0\]: 1\.00000011\d* instead of 1 .*, 1 ULP/,
    );
    expect(() => allClose(tensor([1, 2, 9]), [1, 3, 3])).toThrow(
      /2 of 3 .* element \[2\]: 9 instead of 3/,
    );
    expect(() => allClose(tensor(1), 2)).toThrow(/the element: 1 instead of 2/);
  });

  it('compares integers exactly, also beyond 2^53', () => {
    expect(() => allClose(tensor([2n ** 60n]), tensor([2n ** 60n + 1n]))).toThrow(/off by -1/);
    expect(() => allClose(tensor([1], { dtype: 'int32' }), [2])).toThrow(/1 instead of 2/);
  });

  it('tells NaN, infinities and shapes apart', () => {
    expect(() => allClose(tensor([NaN]), [1])).toThrow(/NaN instead of 1/);
    expect(() => allClose(tensor([Infinity]), [-Infinity])).toThrow(
      /Infinity instead of -Infinity/,
    );
    expect(() => allClose(tensor([NaN]), [NaN], { equalNan: false })).toThrow(/NaN instead of NaN/);
    expect(() => allClose(zeros([2, 1]), zeros([2]))).toThrow(/shapes \[2, 1\] and \[2\] differ/);
  });

  it('names the line that called it', () => {
    expect(() => allClose(tensor(1), 2)).toThrow(/at: .*testing\.test\.ts:\d+/);
  });

  it('counts units in the last place', () => {
    expect(ulpDistance(0, -0, 'float64')).toBe(0);
    expect(ulpDistance(2 ** -1074, -(2 ** -1074), 'float64')).toBe(2);
    expect(ulpDistance(1, 1 + 2 ** -52, 'float64')).toBe(1);
    expect(ulpDistance(-1, NaN, 'float32')).toBe(Infinity);
  });
});

describe('gradCheck', () => {
  it('accepts right gradients of both orders', () => {
    const f = (x: Tensor, w: Tensor) => x.matmul(w).tanh().add(x.sum(1, true));
    expect(gradCheck(f, [randn([2, 3]), randn([3, 2])], { order: 2 })).toBe(true);
    const g = (x: Tensor) => x.exp().div(x.add(2)).at([0, 0, 1]).logSoftmax(0);
    expect(gradCheck(g, [rand([3])], { order: 2 })).toBe(true);
  });

  it('leaves integer inputs alone', () => {
    const index = tensor([1, 0], { dtype: 'int32' });
    expect(gradCheck((x, i) => x.indexSelect(0, i).square(), [randn([2, 2]), index])).toBe(true);
  });

  it('names the input, element and values of a wrong gradient', () => {
    // Where the other branch is detached, the tape sees half of the truth.
    const wrong = (x: Tensor, y: Tensor) => x.mul(y).add(y.detach().mul(y));
    expect(() => gradCheck(wrong, [randn([2]), tensor([1, 2])])).toThrow(
      /gradient of input 1 is wrong \(order 1\): at element \[0\], where it is 1, the tape gives/,
    );
  });

  it('finds what only order 2 shows', () => {
    const f = (x: Tensor) =>
      where(x.gt(0), x.square(), x.square().detach().mul(x).div(x.detach()).mul(2));
    expect(gradCheck(f, [tensor([1, 2])], { order: 2 })).toBe(true);
    expect(() => gradCheck(f, [tensor([-1, -2])], { order: 2 })).toThrow(/order [12]/);
  });

  it('refuses random functions and results that are not floats', () => {
    expect(() => gradCheck((x) => x.mul(rand([1])), [randn([2])])).toThrow(/different values/);
    expect(() => gradCheck((x) => x.gt(0), [randn([2])])).toThrow(/not a float tensor/);
  });
});

describe('bounds by op', () => {
  it('has none for ops that round once', () => {
    for (const name of ['add', 'div', 'sqrt', 'relu', 'floor', 'lt', 'cast', 'max']) {
      expect([name, ulpBoundOf(name, 'float32')]).toEqual([name, 0]);
    }
    expect(ulpBoundOf('matmul', 'int32')).toBe(0);
    expect(ulpBoundOf('exp', 'float64')).toBe(2);
    expect(ulpBoundOf('log', 'float32')).toBe(1);
    expect(ulpBoundOf('sum', 'float32')).toBeUndefined();
    expect([...EXACT_OPS].filter((name) => name in ULP_BOUNDS)).toEqual([]);
  });

  it('is what the functions keep', () => {
    const x = rand([2000]).mul(8).add(0.01);
    const xs = x.toArray() as number[];
    const math = Math as unknown as Record<string, (v: number) => number>;
    for (const name of ['exp', 'expm1', 'log', 'log1p', 'tanh', 'sin', 'cos'] as const) {
      const ys = x[name]().toArray() as number[];
      const worst = ys.map((y, i) => ulpDistance(y, Math.fround(math[name](xs[i])), 'float32'));
      const bound = ulpBoundOf(name, 'float32') as number;
      expect([name, worst.filter((ulp) => !(ulp <= bound))]).toEqual([name, []]);
    }
  });

  it('grows with the number of terms', () => {
    expect(toleranceOf('float32', 100).rtol).toBeCloseTo(1.3e-5, 12);
    expect(toleranceOf('int64', 100)).toEqual({ rtol: 0, atol: 0 });
  });
});
