import { describe, expect, it } from 'vitest';
import {
  expandAs,
  isfinite,
  isinf,
  log2,
  log10,
  manualSeed,
  maskedFill,
  norm,
  oneHot,
  ones,
  Parameter,
  rand,
  randLike,
  randn,
  randnLike,
  type Tensor,
  tan,
  tensor,
  tile,
  tril,
  triu,
  zeros,
} from '../index.ts';
import { allClose, gradCheck } from '../testing/index.ts';

describe('maskedFill', () => {
  it('fills where the mask, which broadcasts, holds', () => {
    const x = tensor([
      [1, 2],
      [3, NaN],
    ]);
    expect(x.maskedFill(tensor([false, true]), -Infinity).toArray()).toEqual([
      [1, -Infinity],
      [3, -Infinity],
    ]);
    expect(maskedFill(x, x.isnan(), 0).dtype).toBe('float32');
    const p = Parameter(x);
    p.maskedFill(x.isnan(), 0).sum().backward();
    expect(p.grad?.toArray()).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });

  it('refuses masks that are not bool or do not fit', () => {
    expect(() => ones([2]).maskedFill(ones([2]), 0)).toThrow(
      /mask is float32, not bool[^]*to\('bool'\)/,
    );
    expect(() => ones([2]).maskedFill(ones([3]).bool(), 0)).toThrow(
      /maskedFill: a mask of shape \[3\]/,
    );
    expect(() => ones([2]).maskedFill(ones([2, 2]).bool(), 0)).toThrow(
      /does not broadcast to \[2\]/,
    );
    expect(() => ones([2]).maskedFill(true as never, 0)).toThrow(/the mask is true, not a tensor/);
  });
});

describe('norm', () => {
  const x = tensor([
    [3, -4],
    [0, 12],
  ]);

  it('has every order', () => {
    expect(norm(x).item()).toBe(13);
    expect(x.norm(2, 1).toArray()).toEqual([5, 12]);
    expect(x.norm(2, 1, true).shape).toEqual([2, 1]);
    expect(x.norm(1, 0).toArray()).toEqual([3, 16]);
    expect(x.norm(Infinity).item()).toBe(12);
    expect(x.norm(-Infinity).item()).toBe(0);
    expect(x.norm(0, 1).toArray()).toEqual([2, 1]);
    allClose(x.norm(3), (27 + 64 + 1728) ** (1 / 3));
    expect(() => x.norm('fro' as never)).toThrow(/norm: p is a number, not 'fro'/);
  });

  it('has gradients, which are 0 at 0', () => {
    gradCheck((t: Tensor) => t.norm(2, 1), [randn([2, 3])], { order: 2 });
    gradCheck((t: Tensor) => t.norm(3), [randn([3])]);
    const p = Parameter(zeros([2]));
    p.norm().backward();
    expect(p.grad?.toArray()).toEqual([0, 0]);
  });
});

describe('each element', () => {
  it('tells what is finite', () => {
    const x = tensor([1, Infinity, -Infinity, NaN]);
    expect(isfinite(x).toArray()).toEqual([true, false, false, false]);
    expect(isinf(x).toArray()).toEqual([false, true, true, false]);
    for (const dtype of ['int32', 'int64', 'bool'] as const) {
      const whole = tensor([1, 0]).to(dtype);
      expect(whole.isfinite().toArray()).toEqual([true, true]);
      expect(whole.isinf().toArray()).toEqual([false, false]);
    }
  });

  it('has other logarithms and the tangent', () => {
    const x = rand([100]).add(0.01).double();
    const by = (f: (v: number) => number) => (x.toArray() as number[]).map(f);
    allClose(log2(x), by(Math.log2), { rtol: 1e-15, atol: 1e-16 });
    allClose(log10(x), by(Math.log10), { rtol: 1e-15, atol: 1e-16 });
    allClose(tan(x), by(Math.tan), { rtol: 1e-15, atol: 1e-16 });
    gradCheck((t: Tensor) => t.log2().add(t.log10()).add(t.tan()), [rand([3]).add(0.1)]);
  });
});

describe('shapes', () => {
  it('repeats and expands', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(tile(x, [2]).toArray()).toEqual([
      [1, 2, 1, 2],
      [3, 4, 3, 4],
    ]);
    expect(x.repeat([2, 1, 1]).shape).toEqual([2, 2, 2]);
    expect(x.tile([2, 1]).toArray()).toEqual([
      [1, 2],
      [3, 4],
      [1, 2],
      [3, 4],
    ]);
    expect(x.tile([0, 1]).shape).toEqual([0, 2]);
    expect(() => x.tile(2 as never)).toThrow(/tile: the repeats are given as one array, not as 2/);
    expect(() => x.tile([-1])).toThrow(/tile: sizes/);
    expect(expandAs(tensor([1, 2]), x).toArray()).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(() => x.expandAs([2] as never)).toThrow(/expandAs: the operand is \[2\]/);
    gradCheck((t: Tensor) => t.tile([2, 3]), [randn([2])]);
  });

  it('cuts triangles', () => {
    expect(tril(ones([2, 3])).toArray()).toEqual([
      [1, 0, 0],
      [1, 1, 0],
    ]);
    expect(triu(ones([2, 3]), 1).toArray()).toEqual([
      [0, 1, 1],
      [0, 0, 1],
    ]);
    expect(ones([2, 2]).bool().tril(-1).toArray()).toEqual([
      [false, false],
      [true, false],
    ]);
    expect(ones([2, 2], { dtype: 'int64' }).triu(1000).dtype).toBe('int64');
    expect(ones([2, 2]).tril(1000).sum().item()).toBe(4);
    expect(ones([2, 2]).tril(-1000).sum().item()).toBe(0);
    expect(ones([3, 0, 2]).tril().shape).toEqual([3, 0, 2]);
    expect(() => ones([2]).tril()).toThrow(/tril: takes a matrix/);
    gradCheck((t: Tensor) => t.tril(), [randn([2, 3, 3])]);
  });

  it('makes rows of one hot element', () => {
    const y = oneHot(tensor([[1, 0]], { dtype: 'int32' }), 3);
    expect(y.toArray()).toEqual([
      [
        [0, 1, 0],
        [1, 0, 0],
      ],
    ]);
    expect(y.dtype).toBe('float32');
    expect(oneHot(tensor([5n]), 2, { dtype: 'bool' }).toArray()).toEqual([[false, false]]);
    expect(() => oneHot(tensor([1]), 2)).toThrow(/oneHot: indices must be int32 or int64/);
    expect(() => oneHot(tensor([1n]), -1)).toThrow(/oneHot: the number of classes/);
  });

  it('draws like another tensor', () => {
    const x = zeros([2, 3], { dtype: 'float64' });
    expect(randLike(x).dtype).toBe('float64');
    expect(randnLike(x, { dtype: 'float32' }).shape).toEqual([2, 3]);
    manualSeed(1);
    const a = randnLike(x).toArray();
    manualSeed(1);
    expect(randn([2, 3], { dtype: 'float64' }).toArray()).toEqual(a);
    expect(() => randLike([1] as never)).toThrow(/randLike: the operand is an array/);
    expect(() => randLike(zeros([1], { dtype: 'int32' }))).toThrow(/randLike: gives floats/);
  });
});
