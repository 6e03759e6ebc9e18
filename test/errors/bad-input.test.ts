/** What beginners do wrong: each a clear error with op, shapes, line and remedy, nothing lost. */
import { describe, expect, test } from 'vitest';
import { batches, datasets } from '../../src/data/index.ts';
import {
  DtypeError,
  GraphError,
  IndexError,
  nn,
  noGrad,
  optim,
  Parameter,
  randn,
  ShapeError,
  scaledDotProductAttention,
  tensor,
  ValueError,
  zeros,
} from '../../src/index.ts';

/** The error that `f` throws; every one must name this file's line and leave Gradus usable. */
function failure(f: () => unknown): Error {
  try {
    f();
  } catch (e) {
    expect(tensor([1, 2]).add(1).toArray()).toEqual([2, 3]);
    return e as Error;
  }
  throw new Error('nothing was thrown');
}

const here = /bad-input\.test\.ts:\d+:\d+/;
// The types refuse most of these calls; users of plain JavaScript make them anyway.
const any = <T>(x: T) => x as never;

describe('shapes', () => {
  test('matmul names both shapes, the op, the line and a remedy', () => {
    const e = failure(() => zeros([2, 3]).matmul(any(zeros([2, 3]))));
    expect(e).toBeInstanceOf(ShapeError);
    expect(e.message).toMatch(/matmul/);
    expect(e.message).toMatch(/\[2, 3\].*\[2, 3\]/s);
    expect(e.message).toMatch(/float32/);
    expect(e.message).toMatch(/remedy: .*transpose/s);
    expect(e.message).toMatch(here);
  });

  test('broadcasting', () => {
    const e = failure(() => zeros([2, 3]).add(any(zeros([2, 4]))));
    expect(e).toBeInstanceOf(ShapeError);
    expect(e.message).toMatch(/add: .*\[2, 3\] and \[2, 4\].*broadcast/);
    expect(e.message).toMatch(here);
  });

  test('a layer inside a model names its path', () => {
    const net = nn.sequential(nn.linear(4, 8), nn.relu(), nn.linear(9, 2));
    const e = failure(() => net.forward(any(zeros([1, 4]))));
    expect(e).toBeInstanceOf(ShapeError);
    expect(e.message).toMatch(/module: .*2/);
    expect(e.message).toMatch(/linear/);
    expect(e.message).toMatch(here);
  });

  test('a convolution says which channels do not fit', () => {
    const e = failure(() => nn.conv2d(3, 8, 3).forward(any(zeros([1, 1, 8, 8]))));
    expect(e).toBeInstanceOf(ShapeError);
    expect(e.message).toMatch(/channel/);
    expect(e.message).toMatch(here);
  });

  test('a kernel larger than its image', () => {
    const e = failure(() => nn.conv2d(1, 1, 5).forward(any(zeros([1, 1, 3, 3]))));
    expect(e).toBeInstanceOf(ShapeError);
    expect(e.message).toMatch(/conv2d: .*5.*3/);
  });

  test('reshape counts the elements', () => {
    const e = failure(() => zeros([2, 3]).reshape(any([4, 2])));
    expect(e).toBeInstanceOf(ShapeError);
    expect(e.message).toMatch(/reshape: \[2, 3\] has 6 elements.*\[4, 2\]/);
  });

  test('ragged nested arrays name where and how long', () => {
    const e = failure(() => tensor([[1, 2], [3]]));
    expect(e).toBeInstanceOf(ShapeError);
    expect(e.message).toMatch(/tensor: .*data\[1\] has length 1.*length 2/);
    expect(e.message).toMatch(here);
  });

  test('sizes that are no sizes', () => {
    for (const shape of [[-1], [1.5], [Number.NaN], 'x', null, [2 ** 40, 2 ** 40]]) {
      expect(failure(() => zeros(any(shape))).message).toMatch(here);
    }
  });
});

describe('attention', () => {
  const x = zeros([2, 5, 4]);
  const attend = (...xs: unknown[]) =>
    failure(() => (scaledDotProductAttention as (...args: unknown[]) => unknown)(...xs));

  test('shapes that do not fit are named, all three', () => {
    const features = attend(x, zeros([2, 5, 3]), x);
    expect(features).toBeInstanceOf(ShapeError);
    expect(features.message).toMatch(
      /scaledDotProductAttention: queries \[2, 5, 4\], keys \[2, 5, 3\] and values \[2, 5, 4\]: a query has 4/,
    );
    expect(features.message).toMatch(here);
    expect(features.message).toMatch(/remedy: the last sizes/);
    expect(attend(x, x, zeros([2, 6, 4])).message).toMatch(/there are 5 keys, 6 values/);
    expect(attend(zeros([4]), x, x).message).toMatch(/two dimensions at least/);
    expect(attend(x, zeros([3, 5, 4]), x).message).toMatch(/batch dimensions do not broadcast/);
    const mask = attend(x, x, x, { mask: zeros([5, 6]).gt(0) });
    expect(mask.message).toMatch(/a mask of shape \[5, 6\] .* scores \[2, 5, 5\]/);
  });

  test('masks and options', () => {
    const ints = attend(x, x, x, { mask: zeros([5, 5], { dtype: 'int32' }) });
    expect(ints).toBeInstanceOf(DtypeError);
    expect(ints.message).toMatch(/the mask is int32.*mask\.to\('bool'\)/s);
    const both = attend(x, x, x, { mask: zeros([5, 5]), isCausal: true });
    expect(both).toBeInstanceOf(ValueError);
    expect(both.message).toMatch(/a mask and isCausal/);
    expect(attend(x, x, x, { scale: Number.NaN }).message).toMatch(/scale is a finite number/);
    expect(attend(x, x, x, { dropout: 1 }).message).toMatch(/dropout must be from 0/);
    expect(attend(x, x, x, { isCausal: 1 }).message).toMatch(/isCausal must be true or false/);
    expect(attend(x, x, x, { is_causal: true }).message).toMatch(/is_causal/);
    expect(attend(x, [1], x)).toBeInstanceOf(DtypeError);
    expect(attend(x, x, x, { mask: [[true]] })).toBeInstanceOf(DtypeError);
  });
});

describe('dtypes', () => {
  test('unknown dtypes list the known ones', () => {
    const e = failure(() => zeros([2], { dtype: any('float128') }));
    expect(e).toBeInstanceOf(DtypeError);
    expect(e.message).toMatch(/float128.*float32/s);
    expect(e.message).toMatch(here);
  });

  test('elements that are no numbers name their place', () => {
    for (const data of [[1, 'a'], [undefined], [[1], [null]], [{}]]) {
      const e = failure(() => tensor(any(data)));
      expect(e).toBeInstanceOf(DtypeError);
      expect(e.message).toMatch(here);
    }
  });

  test('operands that are no tensors say what they are', () => {
    const x = zeros([2]);
    expect(failure(() => x.add(any([1, 2]))).message).toMatch(
      /add: operand 1 .*array[\s\S]*tensor\(/,
    );
    expect(failure(() => x.add(any(null))).message).toMatch(/add: operand 1 is null/);
    expect(failure(() => x.mul(any(undefined))).message).toMatch(/mul: operand 1 is undefined/);
    expect(failure(() => x.mul(any(Promise.resolve(x)))).message).toMatch(
      /mul: .*Promise[\s\S]*await/,
    );
    expect(failure(() => x.mul(any(2n))).message).toMatch(/mul: .*bigint[\s\S]*tensor\(2n\)/);
    expect(failure(() => x.mul(any('2'))).message).toMatch(/mul: operand 1 is the string '2'/);
  });

  test('numbers that an integer tensor cannot hold', () => {
    const x = tensor([5], { dtype: 'int32' });
    for (const f of [() => x.add(2 ** 31), () => x.lt(2 ** 31), () => x.mul(-(2 ** 31) - 1)]) {
      const e = failure(f);
      expect(e).toBeInstanceOf(DtypeError);
      expect(e.message).toMatch(/2147483648|2147483649/);
      expect(e.message).toMatch(/int32/);
    }
    expect(x.add(2 ** 31 - 6).toArray()).toEqual([2 ** 31 - 1]);
    expect(
      x
        .to('int64')
        .lt(2 ** 31)
        .toArray(),
    ).toEqual([true]);
    expect(x.add(0.5).toArray()).toEqual([5.5]);
  });

  test('gradients of integers', () => {
    const x = tensor([1, 2], { dtype: 'int32' });
    expect(
      failure(() => {
        x.requiresGrad = true;
      }),
    ).toBeInstanceOf(GraphError);
  });
});

describe('indices', () => {
  test('labels out of range', () => {
    const logits = randn([3, 4]);
    for (const bad of [4, -7]) {
      const e = failure(() => nn.crossEntropy(logits, tensor([0, bad, 1], { dtype: 'int32' })));
      expect(e).toBeInstanceOf(IndexError);
      expect(e.message).toMatch(
        `crossEntropy: operand 1 holds ${bad} at [1], which is out of range: there are 4`,
      );
      expect(e.message).toMatch('operands: float32[3, 4], int32[3]');
      expect(e.message).toMatch('remedy: use 0 to 3');
      expect(e.message).toMatch(here);
    }
  });

  test('gather counts from the end too, and names the place in a view', () => {
    const index = tensor(
      [
        [0, 1],
        [9, 0],
      ],
      { dtype: 'int32' },
    ).t();
    const e = failure(() => zeros([2, 5]).gather(1, index));
    expect(e).toBeInstanceOf(IndexError);
    expect(e.message).toMatch(
      'gather: operand 1 holds 9 at [0, 1], which is out of range: there are 5',
    );
    expect(e.message).toMatch('remedy: use -5 to 4');
  });

  test('at() out of range names index, dimension and size', () => {
    const e = failure(() => zeros([3, 4]).at(3));
    expect(e).toBeInstanceOf(IndexError);
    expect(e.message).toMatch(/3/);
    expect(e.message).toMatch(here);
    expect(failure(() => zeros([3]).at([0, 5]))).toBeInstanceOf(IndexError);
    expect(failure(() => zeros([3]).at(0, 0))).toBeInstanceOf(IndexError);
  });

  test('dimensions out of range', () => {
    const e = failure(() => zeros([3, 4]).sum(any(2)));
    expect(e).toBeInstanceOf(IndexError);
    expect(e.message).toMatch(/-2 to 1/);
  });
});

describe('training', () => {
  const params = () => [Parameter(tensor([1, 2]))];

  test('learning rates that make no sense', () => {
    for (const lr of [Number.NaN, -1, Infinity, '0.1', undefined, null]) {
      const e = failure(() =>
        optim.adam(params(), { lr: any(lr === undefined ? Number.NaN : lr) }),
      );
      expect(e).toBeInstanceOf(ValueError);
      expect(e.message).toMatch(/lr/);
    }
    const opt = optim.sgd(params(), { lr: 0.1 });
    expect(
      failure(() => {
        opt.lr = Number.NaN;
      }),
    ).toBeInstanceOf(ValueError);
  });

  test('nothing to optimise', () => {
    expect(failure(() => optim.sgd([], { lr: 0.1 })).message).toMatch(/parameter/);
    expect(failure(() => optim.sgd(any(nn.linear(2, 2)), { lr: 0.1 })).message).toMatch(
      /parameters\(\)/,
    );
  });

  test('empty inputs', () => {
    const empty = zeros([0, 3]);
    expect(empty.add(1).shape).toEqual([0, 3]);
    expect(empty.sum().item()).toBe(0);
    expect(failure(() => empty.max()).message).toMatch(/empty|no elements/);
    expect(failure(() => zeros([0]).item())).toBeInstanceOf(ValueError);
    expect(
      failure(() => [...batches({ x: zeros([0, 2]), y: zeros([0]) }, { batchSize: 4 })]).message,
    ).toMatch(/no examples/);
  });

  test('images and labels of different number', () => {
    expect(
      failure(() => [...batches({ x: zeros([4, 2]), y: zeros([3]) }, { batchSize: 4 })]).message,
    ).toMatch(/4[\s\S]*3/);
  });

  test('an async function for noGrad', async () => {
    const e = failure(() =>
      noGrad(
        any(async () => {
          throw new Error('lost inside');
        }),
      ),
    );
    expect(e).toBeInstanceOf(GraphError);
    // The rejection inside must not end the process.
    await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('assigning to a plain tensor, or a wrong shape to a parameter', () => {
    expect(failure(() => zeros([2]).assign(1))).toBeInstanceOf(GraphError);
    const p = Parameter(tensor([1, 2]));
    expect(failure(() => p.assign(zeros([3])))).toBeInstanceOf(ShapeError);
    expect(p.toArray()).toEqual([1, 2]);
  });

  test('a failed step changes nothing', () => {
    const net = nn.linear(3, 2);
    const before = net.weight.toArray();
    const opt = optim.sgd(net.parameters(), { lr: 0.1 });
    const e = failure(() => {
      const loss = nn.crossEntropy(
        net.forward(randn([4, 3])),
        tensor([0, 1, 2, 0], { dtype: 'int32' }),
      );
      opt.zeroGrad();
      loss.backward();
      opt.step();
    });
    expect(e).toBeInstanceOf(IndexError);
    expect(net.weight.toArray()).toEqual(before);
  });

  test('split fractions', () => {
    expect(failure(() => datasets.digits().split(1.5))).toBeInstanceOf(ValueError);
  });
});
