/** Where two results differ. */
import { sameShape } from '../base/index.ts';
import { printType } from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { excessOf, indexOf } from './all-close.ts';
import { toleranceOf } from './tolerance.ts';

export interface Difference {
  /** The first element that differs, as the place of each dimension. */
  readonly index: readonly number[];
  /** How many elements differ. */
  readonly count: number;
  /** The element; where types differ, the type. */
  readonly eager: number | bigint | string;
  readonly compiled: number | bigint | string;
}

/** How results are compared: to the last bit, or by the table of tolerances. */
export interface Measure {
  readonly exact: boolean;
  readonly terms?: number | undefined;
}

/** The first difference, or null. To the last bit NaN equals NaN, and -0 does not equal 0. */
export function difference(eager: Tensor, compiled: Tensor, measure: Measure): Difference | null {
  if (eager.dtype !== compiled.dtype || !sameShape(eager.shape, compiled.shape)) {
    const types = { eager: printType(eager), compiled: printType(compiled) };
    return { index: [], count: eager.numel, ...types };
  }
  const { rtol, atol } = toleranceOf(eager.dtype, measure.terms);
  const [xs, ys] = [eager.data({ copy: false }), compiled.data({ copy: false })];
  let first = -1;
  let count = 0;
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i], ys[i]];
    const same = measure.exact ? Object.is(x, y) : excessOf(y, x, rtol, atol, true) <= 0;
    if (same) continue;
    if (count++ === 0) first = i;
  }
  if (count === 0) return null;
  return { index: indexOf(first, eager.shape), count, eager: xs[first], compiled: ys[first] };
}
