/** Attention in small blocks, in float64: against its formula, and central differences. */
import { describe, expect, test, vi } from 'vitest';
import type { Shape } from '../../../base/index.ts';
import type { NdArray } from '../../nd-array.ts';
import type { Value } from '../../value.ts';
import { evaluate, gradientError, nd, numbers, pullback } from '../../vjp.test-util.ts';
import * as ops from '../index.ts';
import type * as blocks from './blocks.ts';
import { type BlockSize, blocksOf } from './blocks.ts';

let size: BlockSize = { queries: 2, keys: 3 };
vi.mock('./blocks.ts', async (original) => ({
  ...(await original<typeof blocks>()),
  blockSize: () => size,
}));
const SIZES: readonly BlockSize[] = [
  { queries: 2, keys: 3 },
  { queries: 3, keys: 1 },
  { queries: 1, keys: 2 },
  { queries: 4, keys: 2 },
];

const product = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
const any = (shape: Shape, seed = 1): NdArray => nd(shape, numbers(product(shape), seed));

/** The formula, with all scores at once. */
function formula(
  q: Value,
  k: Value,
  v: Value,
  { mask, isCausal = false }: { mask?: Value; isCausal?: boolean },
): Value {
  const [rows, columns] = [q.shape.at(-2) as number, k.shape.at(-2) as number];
  let s = ops.mul(ops.matmul(q, ops.transpose(k)), 0.7);
  if (mask?.dtype === 'bool') s = ops.where(mask, s, Number.NEGATIVE_INFINITY);
  else if (mask !== undefined) s = ops.add(s, mask);
  const [row, column] = [ops.unsqueeze(ops.iota(rows), 1), ops.iota(columns)];
  if (isCausal) s = ops.where(ops.le(column, row), s, Number.NEGATIVE_INFINITY);
  const e = ops.exp(s);
  return ops.div(ops.matmul(e, v), ops.sum(e, -1, true));
}

interface Case {
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly mask?: NdArray;
  readonly isCausal?: boolean;
}

/** True in the lower left, and true in column 0 so that each row has one. */
const someOf = (shape: Shape): NdArray => {
  const columns = shape.at(-1) as number;
  const values = numbers(product(shape), 9).map((x, i) => (x > 0 || i % columns === 0 ? 1 : 0));
  return nd(shape, values, 'bool');
};
/** No number in the first four columns: whole blocks of a row are masked before one that is not. */
const lateOf = (rows: number, columns: number): NdArray =>
  nd(
    [rows, columns],
    numbers(rows * columns, 8).map((x, i) => (i % columns < 4 ? Number.NEGATIVE_INFINITY : x)),
  );

const square: readonly Shape[] = [
  [5, 2],
  [5, 2],
  [5, 3],
];
const CASES: readonly Case[] = [
  { name: 'plain', shapes: square },
  { name: 'causal', shapes: square, isCausal: true },
  {
    name: 'causal, more keys',
    shapes: [
      [3, 2],
      [7, 2],
      [7, 1],
    ],
    isCausal: true,
  },
  {
    name: 'causal, more queries',
    shapes: [
      [7, 2],
      [4, 2],
      [4, 1],
    ],
    isCausal: true,
  },
  {
    name: 'batches',
    shapes: [
      [2, 1, 5, 2],
      [3, 4, 2],
      [1, 4, 2],
    ],
  },
  {
    name: 'batches of the values alone',
    shapes: [
      [3, 2],
      [4, 2],
      [2, 4, 2],
    ],
  },
  { name: 'bools', shapes: square, mask: someOf([5, 5]) },
  {
    name: 'bools of batches',
    shapes: [
      [2, 5, 2],
      [4, 2],
      [4, 2],
    ],
    mask: someOf([2, 5, 4]),
  },
  { name: 'a row of bools', shapes: square, mask: someOf([5]) },
  { name: 'floats', shapes: square, mask: any([5, 5], 4) },
  {
    name: 'floats of batches',
    shapes: [
      [2, 3, 2],
      [4, 2],
      [4, 2],
    ],
    mask: any([2, 3, 4], 4),
  },
  {
    name: 'a row of floats',
    shapes: [
      [2, 5, 2],
      [5, 2],
      [5, 2],
    ],
    mask: any([5], 4),
  },
  {
    name: 'a column of floats',
    shapes: [
      [2, 5, 2],
      [5, 2],
      [5, 2],
    ],
    mask: any([2, 5, 1], 4),
  },
  { name: 'one float', shapes: square, mask: any([], 4) },
  {
    name: 'late keys',
    shapes: [
      [5, 2],
      [7, 2],
      [7, 2],
    ],
    mask: lateOf(5, 7),
  },
];

const attention =
  ({ isCausal = false }: Case) =>
  (q: Value, k: Value, v: Value, mask?: Value): Value =>
    ops.scaledDotProductAttention(q, k, v, { mask: mask ?? null, isCausal, scale: 0.7 });

const inputsOf = ({ shapes, mask }: Case): NdArray[] => [
  ...shapes.map((shape, i) => any(shape, i + 1)),
  ...(mask === undefined ? [] : [mask]),
];

describe.each(SIZES)('blocks of %o', (chosen) => {
  test.each(CASES)('$name', (c) => {
    size = chosen;
    const inputs = inputsOf(c);
    const [got, want] = evaluate(
      (q, k, v, mask) => [
        attention(c)(q, k, v, mask),
        formula(q, k, v, { mask, isCausal: c.isCausal }),
      ],
      inputs,
    );
    expect(got.shape).toEqual(want.shape);
    got.data.forEach((x, i) => expect(Number(x)).toBeCloseTo(Number(want.data[i]), 13));
    // -Infinity has no neighbours to take differences from.
    const finite = inputs.every((x) => Array.from(x.data, Number).every(Number.isFinite));
    if (finite) expect(gradientError(attention(c), inputs)).toBeLessThan(1e-7);
  });
});

describe('gradients of gradients', () => {
  test.each(CASES.slice(0, 14))('$name', (c) => {
    size = SIZES[0];
    const slope = (...xs: Value[]): Value => {
      const f = (...ys: Value[]) => ops.sum(ops.square(attention(c)(ys[0], ys[1], ys[2], ys[3])));
      const { grads } = pullback(f, xs);
      return ops.concat(
        grads.filter((g) => g.dtype === 'float64').map((g) => ops.reshape(g, [-1])),
      );
    };
    expect(gradientError(slope, inputsOf(c))).toBeLessThan(1e-6);
  });
});

test('dropout: blocks draw apart, and the gradient draws the same again', () => {
  size = { queries: 2, keys: 2 };
  const drop = { p: 0.4, state: [5, 6, 7, 8] as const };
  const f = (q: Value, k: Value, v: Value): Value =>
    ops.scaledDotProductAttention(q, k, v, {}, drop);
  expect(gradientError(f, inputsOf(CASES[0]))).toBeLessThan(1e-7);
  // Equal keys, and values that show which weights were dropped.
  const n = 32;
  const eye = nd(
    [n, n],
    Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
  );
  const [y] = evaluate(f, [
    nd([n, 1], new Array(n).fill(0)),
    nd([n, 1], new Array(n).fill(0)),
    eye,
  ]);
  const at = (i: number, j: number): number => Number(y.data[i * n + j]);
  const patterns = new Set<string>();
  let kept = 0;
  for (const row of blocksOf(
    { shape: [n, 1], dtype: 'float64' },
    { shape: [n, 1], dtype: 'float64' },
    size,
    false,
  )) {
    for (const { queries, keys } of row) {
      const cells = [0, 1].flatMap((i) => [0, 1].map((j) => at(queries.from + i, keys.from + j)));
      patterns.add(cells.map((x) => (x === 0 ? '-' : '+')).join(''));
      for (const x of cells) if (x !== 0) expect(x).toBeCloseTo(1 / n / 0.6, 12);
      kept += cells.filter((x) => x !== 0).length;
    }
  }
  expect(patterns.size).toBe(16);
  expect(Math.abs(kept / n ** 2 - 0.6)).toBeLessThan(0.05);
});

test('a row that may attend to nothing is zeros and passes nothing on', () => {
  size = { queries: 2, keys: 2 };
  const mask = nd([3, 5], [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0], 'bool');
  const inputs = [any([3, 2]), any([5, 2], 2), any([5, 2], 3), mask];
  const run = attention({ name: '', shapes: [] });
  const [y, dq, dk, dv] = evaluate((q, k, v, m) => {
    const { out, grads } = pullback((...xs) => run(xs[0], xs[1], xs[2], m), [q, k, v]);
    return [out, ...grads];
  }, inputs);
  const rowOf = (x: NdArray, i: number): number[] =>
    Array.from(x.data.slice(2 * i, 2 * i + 2), Number);
  for (const i of [0, 2]) {
    expect(rowOf(y, i)).toEqual([0, 0]);
    expect(rowOf(dq, i).map(Math.abs)).toEqual([0, 0]);
  }
  // Nobody attends to keys 2 and 3.
  for (const i of [2, 3])
    expect([...rowOf(dk, i), ...rowOf(dv, i)].map(Math.abs)).toEqual([0, 0, 0, 0]);
  for (const x of [y, dq, dk, dv])
    expect(Array.from(x.data, Number).every(Number.isFinite)).toBe(true);
});

test('NaN and infinite scores do as they do at once', () => {
  const q = nd([3, 1], [1, 1, 0]);
  const k = nd([6, 1], [0, 1, 2, Number.POSITIVE_INFINITY, 3, 4]);
  const v = any([6, 2], 3);
  const results = [{ queries: 3, keys: 6 }, ...SIZES].map((chosen) => {
    size = chosen;
    const [y] = evaluate((a, b, c) => ops.scaledDotProductAttention(a, b, c), [q, k, v]);
    return Array.from(y.data, Number);
  });
  for (const r of results) expect(r.every(Number.isNaN)).toBe(true);
});
