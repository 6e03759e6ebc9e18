import type { Value } from '../value.ts';
import { div } from './div.ts';
import { cos, sin } from './sin-cos.ts';

/**
 * Element by element the tangent of `x`, in radians: `sin(x) / cos(x)`.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 4 ULP where those of
 * {@link sin} hold.
 *
 * @example
 * tensor([0]).tan().toArray(); // [0]
 */
export const tan = (x: Value): Value => div(sin(x), cos(x));
