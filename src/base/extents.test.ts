import { expect, test } from 'vitest';
import { Extents } from './extents.ts';

test('takes the best fit and merges what is given back', () => {
  const e = new Extents();
  e.give(0, 100);
  e.give(200, 50);
  expect(e.take(40)).toBe(200);
  expect(e.take(100)).toBe(0);
  expect(e.take(20)).toBe(-1);
  e.give(200, 40);
  expect(e.largest()).toBe(50);
});

test('tells how much is free before an address', () => {
  const e = new Extents();
  e.give(0, 100);
  e.give(200, 50);
  expect([100, 250, 300].map((end) => e.before(end))).toEqual([100, 50, 0]);
});

test('any order of giving back restores one extent', () => {
  const e = new Extents();
  e.give(64, 6400);
  const parts = Array.from({ length: 100 }, () => e.take(64));
  expect(new Set(parts).size).toBe(100);
  expect(e.take(64)).toBe(-1);
  // A fixed permutation: 37 is coprime to 100.
  for (let i = 0; i < 100; i++) e.give(parts[(i * 37) % 100], 64);
  expect(e.largest()).toBe(6400);
  expect(e.total()).toBe(6400);
});
