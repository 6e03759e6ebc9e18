/** What the tables of conformance cases share. */
import type { DType, Shape } from '../../src/base/index.ts';
import type { Operand } from './harness.ts';

export const FLOAT: readonly DType[] = ['float32', 'float64'];

export const positive = (i: number) => ((i * 37) % 101) / 16 + 0.0625;

/** Class numbers from 0 up to `n`. */
export const label = (n: number) => (i: number) => (i * 5) % n;

export const of = (
  shape: Shape,
  dtype: DType = 'float32',
  more: Partial<Operand> = {},
): Operand => ({
  shape,
  dtype,
  ...more,
});
