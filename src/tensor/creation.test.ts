import { describe, expect, it } from 'vitest';
import {
  arange,
  eye,
  full,
  fullLike,
  linspace,
  nn,
  ones,
  onesLike,
  Parameter,
  tensor,
  zeros,
  zerosLike,
} from '../index.ts';

describe('tensor', () => {
  it('takes shape and dtype from the elements', () => {
    expect(tensor(2).shape).toEqual([]);
    expect(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]).shape,
    ).toEqual([2, 3]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor([1]).dtype).toBe('float32');
    expect(tensor([true]).dtype).toBe('bool');
    expect(tensor([1n]).dtype).toBe('int64');
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor([NaN, Infinity]).toArray()).toEqual([NaN, Infinity]);
  });

  it.each([
    [new Float32Array([1.5, 2]), 'float32'],
    [new Float64Array([1.5, 2]), 'float64'],
    [new Int32Array([-1, 2]), 'int32'],
    [new BigInt64Array([-1n, 2n]), 'int64'],
    [new Uint8Array([1, 255]), 'int32'],
    [new Int16Array([-1, 2]), 'int32'],
    [new Uint32Array([1, 2 ** 32 - 1]), 'int64'],
  ] as const)('copies %o as %s', (data, dtype) => {
    const x = tensor(data);
    const before = Array.from(data, Number);
    expect(x.dtype).toBe(dtype);
    data.reverse();
    expect(Array.from(x.data(), Number)).toEqual(before);
  });

  it('takes typed arrays as rows', () => {
    expect(tensor([new Float32Array([1, 2]), [3, 4]]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('converts as to(dtype) does', () => {
    const values = [1.9, -1.9, NaN, 1e10, 0];
    for (const dtype of ['int32', 'int64', 'bool', 'float64'] as const) {
      const direct = tensor(values, { dtype }).toArray();
      expect(direct).toEqual(tensor(values, { dtype: 'float64' }).to(dtype).toArray());
    }
    expect(tensor([2n ** 40n, 3n], { dtype: 'float32' }).toArray()).toEqual([2 ** 40, 3]);
    expect(tensor([true, false], { dtype: 'float32' }).toArray()).toEqual([1, 0]);
  });

  it('names the place of what it cannot take', () => {
    expect(() =>
      tensor([
        [1, 2, 3],
        [4, 5],
      ]),
    ).toThrow(/ShapeError|data\[1\] has length 2, where length 3 was expected/);
    expect(() => tensor([[1, 2], 3])).toThrow(
      /data\[1\] is the value 3, where an array of length 2/,
    );
    expect(() => tensor([1, [2]])).toThrow(/data\[1\] is an array of length 1, where a value/);
    expect(() => tensor([1, '2'] as never)).toThrow(/data\[1\] is the string '2'/);
    expect(() => tensor([[1, undefined]] as never)).toThrow(/data\[0\]\[1\] is undefined/);
    expect(() => tensor(null as never)).toThrow(/data is null/);
    expect(() => tensor([1, 2n])).toThrow(/data\[1\] is a bigint among .* a number/);
    expect(() => tensor([true, 1])).toThrow(/data\[1\] is a number among .* a boolean/);
    expect(() => tensor([tensor(1)] as never)).toThrow(/join tensors with stack/);
    expect(() => tensor(tensor(1) as never)).toThrow(/use x\.clone\(\)/);
    expect(() => tensor(new BigUint64Array(1) as never)).toThrow(
      /no dtype holds .* BigUint64Array/,
    );
    expect(() => tensor([2n ** 63n])).toThrow(/9223372036854775808 does not fit into int64/);
  });

  it('checks its options', () => {
    expect(() => tensor([1], { dtyp: 'x' } as never)).toThrow(/there is no option 'dtyp'/);
    expect(() => tensor([1], { dtype: 'float23' as never })).toThrow(/unknown dtype 'float23'/);
    expect(() => tensor([1], 'float32' as never)).toThrow(/object of options/);
    expect(() => zeros([1], { device: 'moon' })).toThrow(/there is no device 'moon'/);
    expect(() => tensor([1], { dtype: 'int32', requiresGrad: true })).toThrow(/only float tensors/);
    expect(tensor([1], { requiresGrad: true }).requiresGrad).toBe(true);
  });
});

describe('constants and ranges', () => {
  it('fills', () => {
    expect(zeros([2, 2]).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(ones([2], { dtype: 'int64' }).toArray()).toEqual([1n, 1n]);
    expect(full([2], 1.5).toArray()).toEqual([1.5, 1.5]);
    expect(full([2], true).toArray()).toEqual([true, true]);
    expect(full([2], 2n ** 60n).toArray()).toEqual([2n ** 60n, 2n ** 60n]);
    expect(full([], NaN).item()).toBeNaN();
    expect(zeros([0, 3]).shape).toEqual([0, 3]);
    expect(() => zeros([-1])).toThrow(/whole numbers from 0/);
    expect(() => zeros(3 as never)).toThrow(/a shape is an array/);
    expect(() => full([2], zeros([1]) as never)).toThrow(/use x\.expand/);
  });

  it('follows another tensor', () => {
    const x = tensor([[1, 2]], { dtype: 'float64' });
    expect(zerosLike(x).dtype).toBe('float64');
    expect(onesLike(x, { dtype: 'bool' }).toArray()).toEqual([[true, true]]);
    expect(fullLike(x, 3).toArray()).toEqual([[3, 3]]);
    expect(() => zerosLike([1] as never)).toThrow(/zerosLike: the operand is an array/);
  });

  it('counts', () => {
    expect(arange(3).toArray()).toEqual([0, 1, 2]);
    expect(arange(3).dtype).toBe('float32');
    expect(arange(1, 4).toArray()).toEqual([1, 2, 3]);
    expect(arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
    expect(arange(3, { dtype: 'int64' }).toArray()).toEqual([0n, 1n, 2n]);
    expect(arange(0, 1, 0.25, { dtype: 'float64' }).toArray()).toEqual([0, 0.25, 0.5, 0.75]);
    expect(arange(0).shape).toEqual([0]);
    expect(() => arange('3' as never)).toThrow(/as numbers|object of options/);
    expect(() => arange({} as never)).toThrow(/takes an end/);
    expect(linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(eye(1, 2, { dtype: 'int32' }).toArray()).toEqual([[1, 0]]);
    expect(eye(2, { dtype: 'bool' }).toArray()).toEqual([
      [true, false],
      [false, true],
    ]);
  });
});

describe('cells', () => {
  it('own their storage', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const w = Parameter(x.t());
    expect(w.requiresGrad).toBe(true);
    expect(w.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    const view = w.reshape([-1]);
    w.assign(zeros([2, 2]));
    expect(w.toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(view.toArray()).toEqual([1, 3, 2, 4]);
    expect(x.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('are leaves, whatever they were copied from', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const w = Parameter(x.mul(2));
    w.sum().backward();
    expect(w.grad?.toArray()).toEqual([1, 1]);
    expect(x.grad).toBeNull();
  });

  it('may be buffers', () => {
    const b = nn.buffer(tensor([1, 2]));
    expect(b.requiresGrad).toBe(false);
    expect(b.assign(3).toArray()).toEqual([3, 3]);
    expect(() => Parameter(tensor([1n]))).toThrow(/only float tensors/);
    expect(() => Parameter([1] as never)).toThrow(/the operand is an array, not a tensor/);
  });
});
