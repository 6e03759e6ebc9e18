/** Arguments that make no sense: each error names the op, what was given and the way out. */
import { runInThisContext } from 'node:vm';
import { describe, expect, it, test } from 'vitest';
import { GradusError, ShapeError, specOf, ValueError } from '../base/index.ts';
import * as gradus from '../index.ts';
import { crossEntropy, mse, nllLoss } from '../ir/index.ts';
import { allClose, gradCheck } from '../testing/index.ts';

// As a JavaScript caller sees it: without types.
// oxlint-disable-next-line typescript/no-explicit-any
const g = gradus as any;
const { tensor, ones, zeros } = g;
const labels = (xs: readonly number[]) => tensor(xs, { dtype: 'int32' });

function message(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(GradusError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

describe('shapes cannot be written', () => {
  it('throws in strict code and does nothing in sloppy code', () => {
    expect(() => ones([4, 3]).shape.reverse()).toThrow(TypeError);
    const write = runInThisContext('(shape) => { shape[0] = 99; shape.length = 0; }');
    expect(() => write(ones([4, 3]).shape)).not.toThrow();
    expect(ones([4, 3]).shape).toEqual([4, 3]);
    expect(Object.isFrozen(ones([4, 3]).spec.strides)).toBe(true);
  });

  it('keeps no hold on arrays that the caller goes on to write', () => {
    const sizes = [5, 7];
    zeros(sizes).reshape([35]);
    const flat = [7, 5];
    zeros([35]).reshape(flat);
    sizes[0] = 9;
    flat[0] = 1000;
    expect(zeros([5, 7]).shape).toEqual([5, 7]);
    expect(zeros([35]).reshape([7, 5]).shape).toEqual([7, 5]);
    const strides = [1, 2];
    const spec = specOf('float32', sizes, strides, 'nowhere');
    strides[0] = 5;
    expect(spec.strides).toEqual([1, 2]);
  });
});

test('arrays that hold themselves, or are nested without end', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic, 1);
  expect(() => tensor(cyclic)).toThrow(ShapeError);
  let deep: unknown = 1;
  for (let i = 0; i < 20000; i++) deep = [deep];
  expect(message(() => tensor(deep))).toContain('nested more than 64 deep');
  expect(() => ones([2]).at(cyclic)).toThrow(ShapeError);
});

test.each<[string, () => unknown, string, string?]>([
  ['sum({})', () => ones([2]).sum({ dim: 1 }), 'sum: a dimension is a whole number, not an object'],
  ["sum('0')", () => ones([2]).sum('0'), "sum: a dimension is a whole number, not '0'"],
  ['max(y)', () => ones([2]).max(ones([2])), 'not a float32 tensor of shape [2]', 'use maximum'],
  ['min(y)', () => ones([2]).min(ones([2])), 'min: a dimension', 'use minimum'],
  ['var', () => ones([2]).var({ unbiased: false }), 'var: a dimension', 'options come after it'],
  ['var', () => ones([2]).var(0, { unbiased: false }), "there is no option 'unbiased'"],
  ['std', () => ones([2]).std(0, false), 'std: the last argument must be an object of options'],
  ['keepDim', () => ones([2]).sum(0, { keepDim: true }), "no option 'keepDim'", "'keepdim'"],
  ['keepdim', () => ones([2]).sum(0, 1), 'sum: the last argument'],
  ['softmax', () => ones([2]).softmax('1'), "softmax: a dimension is a whole number, not '1'"],
  ['permute', () => ones([2, 2]).permute(1, 0), 'permute: the dimensions', 'permute([1, 0])'],
  ['permute', () => ones([2, 2]).permute(), 'given as one array, not as undefined'],
  ['expand', () => ones([2, 2]).expand(), 'expand: a shape is an array of sizes, not undefined'],
  ['new', () => new g.Tensor([1, 2]), 'new Tensor: tensors are not made', 'use tensor('],
  ['zeros', () => zeros(['2']), "zeros: sizes must be whole numbers from 0: ['2']"],
  ['noGrad', () => g.noGrad(), 'noGrad: takes a function, not undefined'],
  ['noGrad', () => g.noGrad(ones([1])), 'noGrad: takes a function, not a float32 tensor'],
  [
    'grad',
    () => g.grad(ones([1])),
    'grad: takes a function',
    'for a loss tensor use loss.backward',
  ],
  ['vjp', () => g.vjp(ones([1])), 'vjp: takes a function'],
  ['randn', () => g.randn(3), 'randn: a shape is an array of sizes, not 3', '[3]'],
  ['randn', () => g.randn([2.5]), 'randn: sizes must be whole numbers from 0: [2.5]'],
  ['rand', () => g.rand(3), 'rand: a shape'],
  ['randint', () => g.randint(5, [3]), 'randint: a shape', 'randint(low, high, shape)'],
  ['narrow', () => ones([3]).narrow(0, 2, 5), 'narrow: 5 elements from 2 on'],
  ['chunk', () => ones([3]).chunk(0), 'chunk: the number of parts must be a whole number from 1'],
  ['split', () => ones([3]).split(), 'split: several sizes'],
  ['reshape', () => ones([4]).reshape([-1, -1]), 'reshape: only one size can be -1'],
  ['eye', () => g.eye(-1), 'eye: the number of rows must be a whole number from 0, not -1'],
  [
    'linspace',
    () => g.linspace(0, 1),
    'linspace: the number of elements',
    'linspace(start, end, n)',
  ],
  ['linspace', () => g.linspace('0', 1, 3), "finite numbers, not '0' and 1"],
  ['tensor', () => tensor({}), 'tensor: data is an object; elements'],
  ['at', () => ones([2]).at(tensor([0, 1])), 'at: item 0 is a float32 tensor', "mask.to('bool')"],
  ['at', () => ones([2]).at('foo'), "at: item 0, 'foo', is not a slice"],
  ['at', () => ones([2]).at({ from: 1 }), "an object with 'from'", '{ start, end, step }'],
  ['at', () => ones([2]).at(undefined), 'at: item 0 is undefined'],
  ['itemBigInt', () => tensor(1.5).itemBigInt(), 'itemBigInt: 1.5 is not a whole number'],
  ['maxPool2d', () => ones([1, 1, 4, 4]).maxPool2d(2, 1), 'maxPool2d: the last argument'],
  [
    'maxPool2d',
    () => ones([1, 1, 4, 4]).maxPool2d(2, { ceil_mode: true }),
    "there is no option 'ceil_mode'",
    "did you mean 'ceilMode'?",
  ],
  ['avgPool2d', () => ones([1, 1, 4, 4]).avgPool2d(2, { ceilMode: true }), 'avgPool2d: there is'],
  ['conv2d', () => ones([1, 1, 4, 4]).conv2d(ones([1, 1, 2, 2]), {}), 'conv2d: the bias is an obj'],
  ['conv2d', () => ones([1, 1, 4, 4]).conv2d(ones([1, 1, 2, 2]), null, 2), 'conv2d: the last arg'],
  ['gelu', () => ones([2]).gelu('tanh'), 'gelu: the last argument must be an object of options'],
  ['gelu', () => ones([2]).gelu({ approximate: 'x' }), "'none' or 'tanh', not 'x'"],
  ['mse', () => mse(ones([2]), [1, 2] as never), 'mse: the target is [1, 2], not a tensor'],
  [
    'mse',
    () => mse(ones([2]), ones([2]), { reduce: 'sum' } as never),
    "there is no option 'reduce'",
  ],
  ['crossEntropy', () => crossEntropy(ones([1, 2]), 1 as never), 'crossEntropy: the target is 1'],
  [
    'crossEntropy',
    () => crossEntropy(ones([1, 2]), labels([1]), { reduction: 'avg' as never }),
    "reduction is 'mean', 'sum' or 'none', not 'avg'",
  ],
  ['indexSelect', () => ones([2]).indexSelect(0, [1]), 'indexSelect: the index is [1]'],
  ['takeAlongDim', () => ones([2]).takeAlongDim(1), 'takeAlongDim: the index is 1'],
  ['pad', () => ones([2]).pad(1), 'pad: the sizes are given as one array'],
  ['einsum', () => g.einsum(1, ones([1])), 'einsum: the equation is a string, not 1'],
  ['allClose', () => allClose([1], [1], { tol: 1 } as never), "allClose: there is no option 'tol'"],
  ['gradCheck', () => gradCheck((x) => x, [], 2 as never), 'gradCheck: the last argument'],
])('%s', (_, call, problem, remedy) => {
  const text = message(call);
  expect(text).toContain(problem);
  if (remedy !== undefined) expect(text.split('remedy: ')[1]).toContain(remedy);
});

test('slices as plain objects', () => {
  const x = g.arange(6);
  expect(x.at({ start: 1, end: 5, step: 2 }).toArray()).toEqual([1, 3]);
  expect(x.at({ start: null, end: null, step: -1 }).toArray()).toEqual([5, 4, 3, 2, 1, 0]);
  expect(x.at({ end: 2 }).toArray()).toEqual([0, 1]);
});

test('step functions give gradients of zeros', () => {
  for (const name of ['floor', 'ceil', 'round', 'sign', 'trunc']) {
    const p = g.Parameter(tensor([1.5, -2.5]));
    p[name]().sum().backward();
    expect([name, p.grad?.toArray()]).toEqual([name, [0, 0]]);
  }
  const p = g.Parameter(tensor([1.5, -2.5]));
  p.floorDivide(2).sum().backward();
  expect(p.grad.toArray()).toEqual([0, 0]);
  expect(tensor(3).itemBigInt()).toBe(3n);
});

describe('crossEntropy', () => {
  it.each(['mean', 'sum', 'none'] as const)(
    'ignored rows of NaN have gradient 0: %s',
    (reduction) => {
      const x = g.Parameter(
        tensor([
          [NaN, Infinity, 1],
          [0, 0, 0],
        ]),
      );
      const loss = crossEntropy(x, labels([-100, 2]), { reduction }) as gradus.Tensor;
      loss.sum().backward();
      expect(x.grad.at(0).toArray()).toEqual([0, 0, 0]);
      expect(x.grad.at(1, 2).item()).toBeCloseTo(-2 / 3, 6);
    },
  );

  it('says that an empty batch has no mean', () => {
    expect(message(() => crossEntropy(zeros([0, 3]), labels([])))).toContain(
      'crossEntropy: there are no examples',
    );
    expect(() => nllLoss(zeros([0, 3]), labels([]))).toThrow(ValueError);
    expect(
      (crossEntropy(zeros([0, 3]), labels([]), { reduction: 'sum' }) as gradus.Tensor).item(),
    ).toBe(0);
  });

  it('takes int64 labels, and none that 32 bits would make a class', () => {
    const loss = (label: bigint) => crossEntropy(ones([1, 2]), tensor([label])) as gradus.Tensor;
    expect(loss(1n).item()).toBeCloseTo(Math.LN2, 6);
    expect(() => loss(2n ** 32n).item()).toThrow(/out of range/);
  });
});

test('softmax and logsumexp of nothing', () => {
  for (const dim of [0, 1]) {
    expect(zeros([2, 0]).softmax(dim).shape).toEqual([2, 0]);
    expect(zeros([2, 0]).logSoftmax(dim).shape).toEqual([2, 0]);
    const p = g.Parameter(zeros([2, 0]));
    p.softmax(dim).sum().backward();
    expect(p.grad.shape).toEqual([2, 0]);
  }
  expect(zeros([2, 0]).logsumexp(0).shape).toEqual([0]);
  expect(zeros([2, 0]).logsumexp(1).toArray()).toEqual([-Infinity, -Infinity]);
  expect(() => zeros([2, 0]).max(1)).toThrow(/dimension 1 is empty/);
});
