import { expect } from 'vitest';
import type { Tensor } from '../../index.ts';

/** The reference computes a composite in float64: there, what a program gives may differ a little. */
const exact = process.env.GRADUS_CPU !== 'reference';

/** Equal bits; nearly equal numbers on the reference. */
export function same(a: Tensor, b: Tensor): void {
  expect(a.shape).toEqual(b.shape);
  expect(a.dtype).toBe(b.dtype);
  const [x, y] = [[...a.data()].map(Number), [...b.data()].map(Number)];
  if (exact) expect(x).toEqual(y);
  else x.forEach((v, i) => expect(Math.abs(v - y[i])).toBeLessThan(1e-4 * (1 + Math.abs(y[i]))));
}
