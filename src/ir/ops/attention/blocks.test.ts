import { expect, test } from 'vitest';
import type { Type } from '../../../base/index.ts';
import { blockSize, blocksOf } from './blocks.ts';

const matrix = (rows: number): Type => ({ shape: [rows, 1], dtype: 'float32' });
const SHAPES = [
  [0, 0],
  [1, 1],
  [7, 3],
  [5, 9],
  [12, 12],
];

test.each(SHAPES)('blocks hold each score of %i by %i once', (queries, keys) => {
  for (const size of [
    { queries: 2, keys: 3 },
    { queries: 4, keys: 1 },
    { queries, keys },
  ]) {
    for (const isCausal of [false, true]) {
      const seen = new Map<string, number>();
      const blocks = blocksOf(matrix(queries), matrix(keys), size, isCausal).flat();
      for (const { queries: q, keys: k } of blocks) {
        // Someone may attend to something there, or it is the first of its row.
        if (isCausal && k.from > 0) expect(k.from).toBeLessThan(q.from + q.size);
        for (let i = q.from; i < q.from + q.size; i++) {
          for (let j = k.from; j < k.from + k.size; j++) {
            seen.set(`${i} ${j}`, (seen.get(`${i} ${j}`) ?? 0) + 1);
          }
        }
      }
      for (let i = 0; i < queries; i++) {
        for (let j = 0; j < keys; j++) {
          if (!isCausal || j <= i) expect(seen.get(`${i} ${j}`)).toBe(1);
          else expect(seen.get(`${i} ${j}`) ?? 1).toBe(1);
        }
      }
      expect(new Set(blocks.map((b) => b.number)).size).toBe(blocks.length);
    }
  }
});

test('causal attention leaves out nearly half', () => {
  const size = { queries: 128, keys: 128 };
  expect(blocksOf(matrix(2048), matrix(2048), size, true).flat()).toHaveLength((16 * 17) / 2);
});

test('small scores are one block, and long ones have few and small blocks', () => {
  const of = (shape: number[], isCausal = false) =>
    blockSize({ shape, dtype: 'float32' }, isCausal);
  expect(of([8, 128, 128])).toEqual({ queries: 128, keys: 128 });
  expect(of([8, 128, 128], true)).toEqual({ queries: 128, keys: 128 });
  expect(of([64, 1, 8192], true)).toEqual({ queries: 1, keys: 8192 });
  for (const n of [2048, 4096, 10_000, 100_000]) {
    for (const isCausal of [false, true]) {
      const { queries, keys } = of([8, n, n], isCausal);
      expect(Math.ceil(n / queries) * Math.ceil(n / keys)).toBeLessThanOrEqual(256);
      expect(queries * keys).toBeLessThanOrEqual((n * n) / 32);
    }
  }
});
