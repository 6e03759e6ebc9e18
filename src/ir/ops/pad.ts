import { checkList, given, ShapeError } from '../../base/index.ts';
import type { Value } from '../value.ts';
import { place, slice } from './slice.ts';

/**
 * `x` with `value` added around it: `padding` lists [before, after] for each dimension. Negative
 * numbers cut off.
 *
 * Throws ShapeError unless `padding` has a pair of whole numbers for each dimension.
 *
 * @example
 * tensor([1, 2]).pad([[1, 2]]).toArray(); // [0, 1, 2, 0, 0]
 */
export function pad(x: Value, padding: readonly (readonly [number, number])[], value = 0): Value {
  const rank = x.shape.length;
  checkList(padding, 'the sizes', 'pad', 'x.pad([[before, after], ...])');
  const pairs = padding.every(
    (p) => Array.isArray(p) && p.length === 2 && p.every(Number.isInteger),
  );
  const size = x.shape.map((n, d) => n + (padding[d]?.[0] ?? 0) + (padding[d]?.[1] ?? 0));
  if (padding.length !== rank || !pairs || size.some((n) => n < 0)) {
    throw new ShapeError({
      op: 'pad',
      problem: `cannot pad a tensor of rank ${rank} by [${padding.map(given).join(', ')}]`,
      operands: [x],
      remedy: 'give [before, after] for each dimension, and cut off no more than there is',
    });
  }
  const ones = x.shape.map(() => 1);
  const cut = padding.some((p) => p[0] < 0 || p[1] < 0);
  const kept = cut ? crop(x, padding) : x;
  const start = padding.map((p) => Math.max(0, p[0]));
  return size.every((n, d) => n === kept.shape[d]) ? kept : place(kept, start, ones, size, value);
}

/** What is left of `x` when only the negative paddings are applied. */
function crop(x: Value, padding: readonly (readonly [number, number])[]): Value {
  const less = padding.map(([low, high]) => [Math.max(0, -low), Math.max(0, -high)]);
  const size = x.shape.map((n, d) => n - less[d][0] - less[d][1]);
  return slice(
    x,
    less.map(([low]) => low),
    x.shape.map(() => 1),
    size,
  );
}
