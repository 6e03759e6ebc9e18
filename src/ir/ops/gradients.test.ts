/** Gradients, and gradients of gradients, against central differences in float64. */
import { describe, expect, test } from 'vitest';
import type { NdArray } from '../nd-array.ts';
import type { Value } from '../value.ts';
import { gradientError, nd, numbers, pullback } from '../vjp.test-util.ts';
import * as ops from './index.ts';

type F = (...xs: Value[]) => Value;

const any = (shape: number[], seed = 1): NdArray =>
  nd(
    shape,
    numbers(
      shape.reduce((n, d) => n * d, 1),
      seed,
    ),
  );
const positive = (shape: number[], seed = 1): NdArray => {
  const x = any(shape, seed);
  return { ...x, data: (x.data as Float64Array).map((v) => Math.abs(v) + 0.3) };
};
const int = (shape: number[], values: number[]): NdArray => nd(shape, values, 'int32');
const state = [1, 2, 3, 4] as const;

const cases: [string, F, NdArray[]][] = [
  ['add', ops.add, [any([2, 3]), any([3], 2)]],
  ['add number', (x) => ops.add(x, 2), [any([2, 3])]],
  ['sub', ops.sub, [any([2, 1]), any([2, 3], 2)]],
  ['mul', ops.mul, [any([2, 3]), any([1, 3], 2)]],
  ['mul itself', (x) => ops.mul(x, x), [any([4])]],
  ['div', ops.div, [any([2, 3]), positive([3], 2)]],
  ['remainder', ops.remainder, [any([2, 3]), positive([2, 3], 2)]],
  ['pow', ops.pow, [positive([2, 3]), any([3], 2)]],
  ['pow 3', (x) => ops.pow(x, 3), [any([4])]],
  ['2 to the x', (x) => ops.pow(2, x), [any([4])]],
  ['neg', ops.neg, [any([3])]],
  ['abs', ops.abs, [any([5])]],
  ['maximum', ops.maximum, [any([4]), any([4], 2)]],
  ['minimum', ops.minimum, [any([4]), any([4], 2)]],
  ['sqrt', ops.sqrt, [positive([4])]],
  ['exp', ops.exp, [any([4])]],
  ['expm1', ops.expm1, [any([4])]],
  ['log', ops.log, [positive([4])]],
  ['log1p', ops.log1p, [positive([4])]],
  ['sin', ops.sin, [any([4])]],
  ['cos', ops.cos, [any([4])]],
  ['tanh', ops.tanh, [any([4])]],
  ['erf', ops.erf, [any([4])]],
  ['where', (c, a, b) => ops.where(c, a, b), [int([2, 1], [1, 0]), any([2, 3]), any([3], 2)]],
  ['relu', ops.relu, [any([6])]],
  ['square', ops.square, [any([4])]],
  ['reciprocal', ops.reciprocal, [positive([4])]],
  ['rsqrt', ops.rsqrt, [positive([4])]],
  ['sigmoid', ops.sigmoid, [any([4])]],
  ['silu', ops.silu, [any([4])]],
  ['gelu', (x) => ops.gelu(x), [any([4])]],
  ['gelu tanh', (x) => ops.gelu(x, { approximate: 'tanh' }), [any([4])]],
  ['softplus', ops.softplus, [any([4])]],
  ['leakyRelu', (x) => ops.leakyRelu(x, 0.1), [any([6])]],
  ['elu', (x) => ops.elu(x, 0.7), [any([6])]],
  ['clamp', (x) => ops.clamp(x, -0.5, 0.4), [any([8])]],
  ['clamp by tensors', (x, a, b) => ops.clamp(x, a, b), [any([8]), any([8], 2), any([8], 3)]],
  ['sum', (x) => ops.sum(x, [0, 2]), [any([2, 3, 2])]],
  ['sum keepdim', (x) => ops.sum(x, 1, true), [any([2, 3])]],
  ['mean', (x) => ops.mean(x, -1), [any([2, 3])]],
  ['variance', (x) => ops.variance(x, 1), [any([2, 4])]],
  ['std', (x) => ops.std(x, 0, { correction: 0, keepdim: true }), [any([4, 2])]],
  ['prod', (x) => ops.prod(x, 1), [any([2, 3])]],
  ['max', (x) => ops.max(x, 1), [any([2, 3])]],
  ['min', (x) => ops.min(x), [any([2, 3])]],
  ['logsumexp', (x) => ops.logsumexp(x, 1), [any([2, 3])]],
  ['softmax', (x) => ops.softmax(x, 1), [any([2, 3])]],
  ['logSoftmax', (x) => ops.logSoftmax(x, 0), [any([3, 2])]],
  [
    'attention',
    (q, k, v) => ops.scaledDotProductAttention(q, k, v),
    [any([2, 3]), any([3, 3], 2), any([3, 2], 3)],
  ],
  [
    'lstm',
    (x, w, h, c) => ops.stack(ops.lstm(x, w, h, c)),
    [any([2, 1, 4]), any([4, 1], 2), any([1, 1], 3), any([1, 1], 4)],
  ],
  ['split', (x) => ops.split(x, 2).reduce((a, b) => ops.matmul(a, b)), [any([4, 2])]],
  ['unbind', (x) => ops.mul(ops.unbind(x, 1)[0], ops.unbind(x, 1)[2]), [any([2, 3])]],
  ['reshape', (x) => ops.reshape(x, [3, -1]), [any([2, 3])]],
  ['permute', (x) => ops.permute(x, [2, 0, 1]), [any([2, 3, 2])]],
  ['expand', (x) => ops.expand(x, [2, 3, 2]), [any([3, 1])]],
  ['slice', (x) => ops.slice(x, [3, 0], [-2, 1], [2, 2]), [any([4, 3])]],
  ['place', (x) => ops.place(x, [1, 0], [2, 1], [5, 3], 9), [any([2, 2])]],
  ['pad', (x) => ops.pad(x, [[1, -1]], 2), [any([4])]],
  ['flip', (x) => ops.flip(x, [0]), [any([4])]],
  ['concat', (a, b) => ops.concat([a, b], 1), [any([2, 1]), any([2, 3], 2)]],
  ['stack', (a, b) => ops.stack([a, b], -1), [any([3]), any([3], 2)]],
  ['matmul 2-d', ops.matmul, [any([2, 3]), any([3, 4], 2)]],
  ['matmul row', ops.matmul, [any([3]), any([3, 4], 2)]],
  ['matmul column', ops.matmul, [any([2, 3]), any([3], 2)]],
  ['matmul dot', ops.matmul, [any([3]), any([3], 2)]],
  ['matmul batches', ops.matmul, [any([2, 1, 2, 3]), any([3, 3, 2], 2)]],
  ['matmul batch by matrix', ops.matmul, [any([2, 2, 3]), any([3, 2], 2)]],
  ['matmul batch by column', ops.matmul, [any([2, 2, 3]), any([3], 2)]],
  ['matmul row by batch', ops.matmul, [any([3]), any([2, 3, 2], 2)]],
  ['linear', ops.linear, [any([2, 3]), any([4, 3], 2), any([4], 3)]],
  ['linear 3-d', (x, w) => ops.linear(x, w), [any([2, 2, 3]), any([4, 3], 2)]],
  ['linear 1-d', ops.linear, [any([3]), any([4, 3], 2), any([4], 3)]],
  [
    'conv2d',
    (x, w, b) => ops.conv2d(x, w, b, { stride: [2, 1], padding: [1, 0], dilation: [1, 2] }),
    [any([2, 2, 5, 5]), any([3, 2, 3, 2], 2), any([3], 3)],
  ],
  [
    'conv2d groups',
    (x, w) => ops.conv2d(x, w, null, { groups: 2, padding: 1 }),
    [any([1, 4, 3, 3]), any([2, 2, 2, 2], 2)],
  ],
  [
    'conv2dInput',
    (dy, w) => ops.conv2dInput(dy, w, [4, 4], { stride: 2 }),
    [any([1, 2, 2, 2]), any([2, 1, 2, 2], 2)],
  ],
  [
    'conv2dWeight',
    (x, dy) => ops.conv2dWeight(x, dy, [2, 2], { stride: 2 }),
    [any([2, 1, 4, 4]), any([2, 2, 2, 2], 2)],
  ],
  ['maxPool2d', (x) => ops.maxPool2d(x, 2, { stride: 1, padding: 1 }), [any([1, 2, 3, 3])]],
  ['avgPool2d', (x) => ops.avgPool2d(x, 2), [any([1, 2, 4, 4])]],
  ['gather', (x, i) => ops.gather(x, 1, i), [any([2, 3]), int([2, 2], [0, 0, -1, 1])]],
  [
    'scatterAdd',
    (x, i, s) => ops.scatterAdd(x, 0, i, s),
    [any([3, 2]), int([2, 2], [0, 2, 0, -2]), any([2, 2], 2)],
  ],
  ['indexSelect', (x, i) => ops.indexSelect(x, 0, i), [any([3, 2]), int([4], [0, 2, 2, 1])]],
  ['dropout', (x) => ops.dropout(x, 0.4, state), [any([10])]],
  ['mse', (x, y) => ops.mse(x, y), [any([2, 3]), any([2, 3], 2)]],
  ['crossEntropy', (x, y) => ops.crossEntropy(x, y), [any([3, 4]), int([3], [1, 3, 0])]],
  [
    'crossEntropy smoothed, ignoring',
    (x, y) => ops.crossEntropy(x, y, { labelSmoothing: 0.2, ignoreIndex: 3 }),
    [any([3, 4, 2]), int([3, 2], [1, 3, 0, 2, 2, 3])],
  ],
  [
    'crossEntropy none',
    (x, y) => ops.crossEntropy(x, y, { reduction: 'none' }),
    [any([4]), int([], [2])],
  ],
  [
    'crossEntropy of probabilities',
    (x, y) => ops.crossEntropy(x, y),
    [any([2, 3]), positive([2, 3], 2)],
  ],
  [
    'nllLoss',
    (x, y) => ops.nllLoss(x, y, { reduction: 'sum' }),
    [any([3, 4]), int([3], [1, 3, 0])],
  ],
];

describe('first order', () => {
  test.each(cases)('%s', (_, f, inputs) => {
    expect(gradientError(f, inputs)).toBeLessThan(1e-7);
  });
});

describe('second order', () => {
  test.each(cases)('%s', (_, f, inputs) => {
    // A curved function of the output, so that linear ops have something to differentiate.
    const slope: F = (...xs) => {
      const { grads } = pullback((...ys) => ops.sum(ops.square(f(...ys))), xs);
      return ops.concat(
        grads.filter((g) => g.dtype === 'float64').map((g) => ops.reshape(g, [-1])),
      );
    };
    expect(gradientError(slope, inputs)).toBeLessThan(1e-6);
  });
});

test('third order', () => {
  const d: (f: F) => F = (f) => (x) => pullback(f, [x]).grads[0];
  expect(
    gradientError(d(d((x) => ops.sum(ops.mul(ops.sin(x), ops.exp(x))))), [any([3])]),
  ).toBeLessThan(1e-6);
});
