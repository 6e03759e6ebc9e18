import {
  checkList,
  given,
  givenList,
  normalizeDim,
  ShapeError,
  ValueError,
} from '../../base/index.ts';
import type { Value } from '../value.ts';
import { squeeze } from './reshape.ts';
import { narrow } from './slice.ts';

/**
 * `x` cut along `dim` into parts of `size` (the last may be smaller), or of the sizes listed;
 * views.
 *
 * Throws ShapeError when listed sizes do not add up to that of `dim`.
 *
 * @example
 * tensor([1, 2, 3]).split(2).map((t) => t.toArray()); // [[1, 2], [3]]
 */
export function split(x: Value, size: number | readonly number[], dim = 0): Value[] {
  const d = normalizeDim(dim, x.shape.length, 'split');
  const n = x.shape[d];
  if (typeof size !== 'number') checkList(size, 'several sizes', 'split', 'x.split([2, 3], dim)');
  const sizes = typeof size === 'number' ? evenSizes(n, size) : size;
  if (
    !(
      sizes.every((s) => Number.isInteger(s) && s >= 0) &&
      sizes.reduce((sum, s) => sum + s, 0) === n
    )
  ) {
    throw new ShapeError({
      op: 'split',
      problem: `parts of ${typeof size === 'number' ? size : givenList(size)} do not make up ${n}`,
      operands: [x],
    });
  }
  let start = 0;
  return sizes.map((s) => {
    const part = narrow(x, d, start, s);
    start += s;
    return part;
  });
}

function evenSizes(n: number, size: number): number[] {
  if (!(Number.isInteger(size) && size > 0)) return [-1];
  const parts = Math.ceil(n / size);
  return Array.from({ length: parts }, (_, i) => Math.min(size, n - i * size));
}

/**
 * `x` cut along `dim` into at most `parts` parts of equal size (the last may be smaller); views.
 *
 * @example
 * tensor([1, 2, 3, 4]).chunk(2).map((t) => t.toArray()); // [[1, 2], [3, 4]]
 */
export function chunk(x: Value, parts: number, dim = 0): Value[] {
  const d = normalizeDim(dim, x.shape.length, 'chunk');
  if (!(Number.isInteger(parts) && parts > 0)) {
    throw new ValueError({
      op: 'chunk',
      problem: `the number of parts must be a whole number from 1, not ${given(parts)}`,
      operands: [x],
    });
  }
  return split(x, Math.max(1, Math.ceil(x.shape[d] / parts)), d);
}

/**
 * The slices of `x` along `dim`, without that dimension; views.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).unbind().map((t) => t.toArray()); // [[1, 2], [3, 4]]
 */
export function unbind(x: Value, dim = 0): Value[] {
  const d = normalizeDim(dim, x.shape.length, 'unbind');
  return split(x, 1, d).map((part) => squeeze(part, d));
}
