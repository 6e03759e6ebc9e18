import { isFloat } from '../../base/index.ts';
import type { Value } from '../value.ts';
import { abs } from './abs.ts';
import { eq, lt, ne } from './compare.ts';

/**
 * Element by element whether `x` is neither infinite nor NaN, as bool; always for integers.
 *
 * @example
 * tensor([1, Infinity, NaN]).isfinite().toArray(); // [true, false, false]
 */
export const isfinite = (x: Value): Value =>
  isFloat(x.dtype) ? lt(abs(x), Number.POSITIVE_INFINITY) : eq(x, x);

/**
 * Element by element whether `x` is infinite, of either sign, as bool; never for integers.
 *
 * @example
 * tensor([1, -Infinity, NaN]).isinf().toArray(); // [false, true, false]
 */
export const isinf = (x: Value): Value =>
  isFloat(x.dtype) ? eq(abs(x), Number.POSITIVE_INFINITY) : ne(x, x);
