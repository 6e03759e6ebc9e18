/** Where the elements of an operand lie, and how they run along a kernel's space. */
import type { DType, Shape } from '../../base/index.ts';
import type { Root } from './expr.ts';

/** Elements in the memory of `root`, strided. */
export interface Place {
  readonly root: Root;
  readonly dtype: DType;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** The map of a value that spans a space of its own sizes. */
export function ownMap(shape: Shape): number[] {
  let next = 0;
  return shape.map((n) => (n === 1 ? -1 : next++));
}

/** Strides along a space of `rank` dimensions of an operand that broadcasts to `out`, laid by `map`. */
export function stridesIn(rank: number, map: readonly number[], p: Place, out: Shape): number[] {
  const strides = new Array<number>(rank).fill(0);
  const lead = out.length - p.shape.length;
  p.shape.forEach((n, d) => {
    const to = map[lead + d];
    if (to < 0 || (n === 1 && out[lead + d] !== 1)) return;
    // An empty dimension varies, lest its first element be loaded outside the loop.
    strides[to] = n === 0 && p.strides[d] === 0 ? 1 : p.strides[d];
  });
  return strides;
}
