/** Logarithms to other bases. */
import type { Value } from '../value.ts';
import { div } from './div.ts';
import { log } from './log.ts';

/**
 * Element by element the logarithm of `x` to base 2: `log(x) / log(2)`.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 2.5 ULP, so a power of
 * two may miss its whole number; -Infinity at 0, NaN below.
 *
 * @example
 * tensor([1, 2]).log2().toArray(); // [0, 1]
 */
export const log2 = (x: Value): Value => div(log(x), Math.LN2);

/**
 * Element by element the logarithm of `x` to base 10; see {@link log2}.
 *
 * @example
 * tensor([1, 10]).log10().toArray(); // [0, 1]
 */
export const log10 = (x: Value): Value => div(log(x), Math.LN10);
