import { expect, test } from 'vitest';
import { IndexError } from '../base/index.ts';
import { graphOf } from './graph.ts';
import { attrs } from './op.ts';
import { ADD, CAST, GATHER, MUL, randint, randomBits, SOFTMAX, sum, uniform } from './ops/index.ts';
import { philox } from './ops/random-bits.ts';
import { convertNd, reference, runGraph } from './reference.ts';
import { evaluate, nd } from './vjp.test-util.ts';

const values = (x: { data: ArrayLike<number | bigint> }) => Array.from(x.data);

test('a composite is evaluated through its decomposition', () => {
  const [y] = reference(SOFTMAX, [nd([2], [0, 0])], attrs({ dim: 0 }));
  expect(values(y)).toEqual([0.5, 0.5]);
});

test('operands are converted before the op computes', () => {
  const [y] = reference(ADD, [nd([2], [1, 2], 'int32'), 0.5]);
  expect(y.dtype).toBe('float32');
  expect(values(y)).toEqual([1.5, 2.5]);
});

test('float32 is rounded on request only', () => {
  const x = nd([1], [1], 'float32');
  expect(values(reference(MUL, [x, 0.1])[0])).toEqual([0.1]);
  expect(values(reference(MUL, [x, 0.1], null, { round: true })[0])).toEqual([Math.fround(0.1)]);
});

test('integers wrap exactly', () => {
  const big = 2 ** 31 - 1;
  expect(values(reference(MUL, [nd([1], [big], 'int32'), nd([1], [big], 'int32')])[0])).toEqual([
    1,
  ]);
  const wide = nd([1], [2 ** 62], 'int64');
  expect(values(reference(ADD, [wide, wide])[0])).toEqual([-(2n ** 63n)]);
});

test('conversions saturate, wrap and test for zero', () => {
  const x = nd([5], [1.9, -1.9, Number.NaN, 1e30, Number.NEGATIVE_INFINITY]);
  const [top, bottom] = [2 ** 31 - 1, -(2 ** 31)];
  expect(values(convertNd(x, 'int32'))).toEqual([1, -1, 0, top, bottom]);
  expect(values(convertNd(x, 'int64'))).toEqual([1n, -1n, 0n, 2n ** 63n - 1n, -(2n ** 63n)]);
  expect(values(convertNd(x, 'bool'))).toEqual([1, 1, 1, 1, 1]);
  expect(values(convertNd(nd([1], [2 ** 32 + 5], 'int64'), 'int32'))).toEqual([5]);
});

test('run-time scalars keep their precision', () => {
  expect(values(reference(CAST, [0.1], attrs({ dtype: 'float64' }))[0])).toEqual([0.1]);
});

test('runGraph runs a graph', () => {
  const x = nd([2], [1, 2]);
  const graph = graphOf(ADD, [x, x], null, 'reference');
  expect(values(runGraph(graph, [x, x])[0])).toEqual([2, 4]);
});

test('an index out of range is an IndexError', () => {
  const index = nd([1], [3], 'int32');
  const run = () => reference(GATHER, [nd([3], [1, 2, 3]), index], attrs({ dim: 0 }));
  expect(run).toThrow(IndexError);
  expect(run).toThrow('gather: index 3 is out of range for a dimension of size 3');
});

test('Philox gives the words of its authors', () => {
  const hex = (words: readonly number[]) =>
    words.map((w) => (w >>> 0).toString(16).padStart(8, '0'));
  expect(hex(philox([0, 0, 0, 0], [0, 0]))).toEqual([
    '6627e8d5',
    'e169c58d',
    'bc57ac4c',
    '9b00dbd8',
  ]);
  expect(hex(philox([-1, -1, -1, -1], [-1, -1]))).toEqual([
    '408f276d',
    '41c83b0e',
    'a20bc7c6',
    '6d5451fd',
  ]);
  const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const;
  expect(hex(philox(pi, [0xa4093822, 0x299f31d0]))).toEqual([
    'd16cfe09',
    '94fdcceb',
    '5001e420',
    '24126ea1',
  ]);
});

test('random numbers keep their promises', () => {
  const state = [42, 0, 7, 0] as const;
  const [bits, u, k] = evaluate(
    () => [randomBits([4], state), uniform([1000], state), randint([1000], -2, 3, state)],
    [],
  );
  expect(values(bits)).toEqual([0, 1, 2, 3].map((i) => philox([i, 0, 7, 0], [42, 0])[0]));
  expect(
    values(u).every(
      (x) => x >= 0 && x < 1 && Number(x) * 2 ** 24 === Math.floor(Number(x) * 2 ** 24),
    ),
  ).toBe(true);
  expect([...new Set(values(k))].sort()).toEqual([-1, -2, 0, 1, 2]);
  expect(Number(evaluate((x) => sum(x), [u])[0].data[0]) / 1000).toBeCloseTo(0.5, 1);
});
