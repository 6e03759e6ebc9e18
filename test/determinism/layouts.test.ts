/** The order of a sum depends on shapes, not on how operands lie in memory. */
import { describe, expect, test } from 'vitest';
import type { DType, Shape } from '../../src/base/index.ts';
import {
  conv2d,
  logsumexp,
  matmul,
  mean,
  softmax,
  sum,
  type Tensor,
  variance,
} from '../../src/index.ts';
import { type Layout, layOut } from '../conformance/harness.ts';
import { sequence } from '../conformance/sequence.ts';

const LAYOUTS: readonly Layout[] = ['transposed', 'reversed', 'every second'];

/** Numbers of all magnitudes: another order of their sum shows in the last bits. */
function values(n: number, seed: number): number[] {
  const next = sequence(seed);
  return Array.from({ length: n }, () => (next() - 0.5) * 2 ** Math.floor(next() * 12));
}

const size = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
const laid = (shape: Shape, dtype: DType, layout: Layout, seed: number): Tensor =>
  layOut({ shape, dtype, layout }, values(size(shape), seed));

/** The same tensor as a window of a larger one. */
function within(x: Tensor): Tensor {
  const around = x.shape.map((n): [number, number] => [1, n > 1 ? 2 : 0]);
  const large = x.pad(around, 9) as Tensor;
  return large.at(...x.shape.map((n) => `1:${n + 1}`)) as Tensor;
}

const bits = (x: Tensor): unknown[] => Array.from(x.data() as Float64Array);

type F = (...xs: Tensor[]) => unknown;
const CASES: readonly (readonly [name: string, f: F, ...shapes: Shape[]])[] = [
  ['sum of all', (x) => sum(x), [61, 67]],
  ['sum of a vector', (x) => sum(x), [5003]],
  ['sum over rows', (x) => sum(x, 0), [61, 67]],
  ['sum over columns', (x) => sum(x, 1), [61, 67]],
  ['sum over outer and inner', (x) => sum(x, [0, 2]), [13, 7, 19]],
  ['mean', (x) => mean(x, 1), [61, 67]],
  ['variance', (x) => variance(x, 1), [31, 67]],
  ['logsumexp', (x) => logsumexp(x, 1), [31, 67]],
  ['softmax', (x) => softmax(x, 1), [31, 67]],
  ['softmax over rows', (x) => softmax(x, 0), [67, 31]],
  ['matmul', (x, y) => matmul(x, y as never), [33, 129], [129, 21]],
  ['matmul of few rows', (x, y) => matmul(x, y as never), [2, 300], [300, 37]],
  ['matmul of four rows', (x, y) => matmul(x, y as never), [4, 70], [70, 33]],
  ['matmul of few columns', (x, y) => matmul(x, y as never), [37, 301], [301, 3]],
  ['matmul of a small sum', (x, y) => matmul(x, y as never), [3, 3], [3, 5]],
  ['matmul of a long sum', (x, y) => matmul(x, y as never), [6, 601], [601, 7]],
  ['a row times a matrix', (x, y) => matmul(x, y as never), [1, 271], [271, 83]],
  ['batches of rows', (x, y) => matmul(x, y as never), [9, 1, 130], [130, 21]],
  ['batches of matrices, one right', (x, y) => matmul(x, y as never), [5, 7, 300], [300, 21]],
  ['matmul of batches', (x, y) => matmul(x, y as never), [3, 9, 65], [3, 65, 5]],
  ['product with a vector', (x, y) => matmul(x, y as never), [33, 129], [129]],
  ['conv2d', (x, w) => conv2d(x, w, null, { padding: 1 }), [2, 5, 9, 7], [6, 5, 3, 3]],
  ['conv2d 1x1', (x, w) => conv2d(x, w), [2, 300, 9, 7], [6, 300, 1, 1]],
];

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  const all = CASES.map((c) => [c[0], c] as const);
  const check = ([, f, ...shapes]: (typeof CASES)[number]): void => {
    const dense = shapes.map((s, i) => laid(s, dtype, 'dense', i + 1));
    const want = bits(f(...dense) as Tensor);
    for (const layout of LAYOUTS) {
      const strided = shapes.map((s, i) => laid(s, dtype, layout, i + 1));
      expect([layout, bits(f(...strided) as Tensor)]).toEqual([layout, want]);
    }
    expect(['a view', bits(f(...dense.map(within)) as Tensor)]).toEqual(['a view', want]);
  };
  test.each(all)('%s', (_, c) => check(c));
});

/** An entry of a batch has the bits that it has alone, and in any other batch. */
describe.each(['float32', 'float64'] as const)('batches of %s', (dtype) => {
  const PRODUCTS: readonly (readonly [m: number, k: number, n: number])[] = [
    [1, 300, 37],
    [2, 300, 37],
    [5, 300, 9],
    [9, 65, 5],
    [33, 301, 40],
    [33, 129, 1],
    [6, 601, 3],
  ];
  const entry = (x: Tensor, i: number): Tensor => x.at(`${i}:${i + 1}`) as Tensor;
  test.each(PRODUCTS)('%d x %d x %d', (m, k, n) => {
    const x = laid([7, m, k], dtype, 'dense', 1);
    const each = laid([7, k, n], dtype, 'dense', 2);
    const one = laid([k, n], dtype, 'dense', 3);
    const turned = laid([k, n], dtype, 'transposed', 3);
    for (const y of [each, one, turned]) {
      const all = matmul(x, y as never) as Tensor;
      for (let i = 0; i < 7; i++) {
        const right = y === each ? entry(y, i) : y;
        expect(bits(matmul(entry(x, i), right as never) as Tensor)).toEqual(bits(entry(all, i)));
      }
    }
    const flat = (t: Tensor): Tensor => t.at(0) as Tensor;
    const alone = matmul(flat(entry(x, 0)), one as never) as Tensor;
    expect(bits(alone)).toEqual(bits(entry(matmul(x, one as never) as Tensor, 0)));
  });
});
