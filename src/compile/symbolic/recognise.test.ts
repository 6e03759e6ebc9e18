import { expect, test } from 'vitest';
import { Recogniser } from './recognise.ts';
import { standIn } from './sizes.ts';

const n = standIn('batch');
const m = standIn('len');
const r = new Recogniser(
  new Map([
    ['batch', n],
    ['len', m],
  ]),
);
const size = (name: string): number => (name === 'batch' ? 7 : 5);
const at = (v: number): number | undefined => r.recognise(v)?.at(size);

test('whole numbers made of open sizes', () => {
  expect(at(n)).toBe(7);
  expect(at(784 * n)).toBe(784 * 7);
  expect(at(n + 1)).toBe(8);
  expect(at(2 * n - 1)).toBe(13);
  expect(at(512 * (n + 2))).toBe(512 * 9);
  expect(at(n * m * 10)).toBe(350);
  expect(at(n * m * m * 8)).toBe(7 * 25 * 8);
  expect(at(n + m)).toBe(12);
  expect(at((n + 1) * m)).toBe(40);
  expect(at(-n)).toBe(-7);
});

test('fractions made of open sizes are those that the size itself gives', () => {
  expect(at(1 / n)).toBe(1 / 7);
  expect(at(2 / (n * 784))).toBe(2 / (7 * 784));
  expect(at(2 / (3 * n - 1))).toBe(2 / 20);
  expect(at(1 / (n * m))).toBe(1 / 35);
  expect(at(1 / Math.sqrt(m))).toBeCloseTo(1 / Math.sqrt(5), 15);
  expect(at(Math.sqrt(n))).toBeCloseTo(Math.sqrt(7), 15);
  expect(at(n / 2)).toBe(3.5);
});

test('constants are left alone', () => {
  const constants = [0, 1, 2, 10, 1e-5, 1e-8, 1e-12, 0.1, 0.9, 0.999, Math.PI, 1e9, -1e9, 2 ** 31];
  const more = [0.01, 0.123, Math.fround(0.1), 2 ** -24, 1 / 784, 1 / Math.sqrt(64), Math.SQRT2];
  for (const v of [...constants, ...more, 65536, 50257, 1e6, 2 ** 24 - 1, 0.7978845608028654]) {
    expect(r.recognise(v)?.text ?? null, `${v}`).toBeNull();
  }
});

test('text names the sizes; halves of whole sizes are noticed', () => {
  expect(r.recognise(10 * n + 1)?.text).toBe('10*batch+1');
  expect(r.recognise(n * m)?.text).toBe('batch*len');
  expect(r.isRounded(Math.floor(n / 2))).toBe(true);
  expect(r.isRounded(60000)).toBe(false);
  expect(r.isMultiple(3 * n)).toBe(true);
  expect(r.isMultiple(3 * n + 1)).toBe(true);
  expect(r.isMultiple(3 * n + 5)).toBe(false);
});
