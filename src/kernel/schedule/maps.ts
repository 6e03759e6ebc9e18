/**
 * How values lie in a group's space: `map[d]` is the dimension of the space along which dimension
 * `d` of the value runs, -1 where its size is 1.
 */
import { numelOf, type Shape, specOf } from '../../base/index.ts';
import type { GraphNode, GraphValue } from '../../ir/index.ts';
import type { LoweringOf } from './operand.ts';

/** A dimension that a view has stretched: the value is constant along it. */
export const STRETCHED = -2;

/** Dimensions of the space that a value runs along. */
export const imageSize = (map: readonly number[]): number => map.filter((d) => d >= 0).length;

/** Whether a value spans the whole space, or the kept dimensions, or nothing. */
export function fits(
  map: readonly number[],
  {
    space,
    inner,
  }: { readonly space: readonly number[] | null; readonly inner: readonly boolean[] | null },
): boolean {
  const n = imageSize(map);
  if (n === 0 || n === space?.length) return true;
  return (
    inner !== null && n === inner.filter((is) => !is).length && map.every((d) => d < 0 || !inner[d])
  );
}

/** Lays an output over the space so that it agrees with its operands; null if it cannot. */
export function layOut(
  out: Shape,
  operands: readonly (readonly number[])[],
  space: readonly number[],
): number[] | null {
  const map = out.map(() => -1);
  for (const operand of operands) {
    const lead = out.length - operand.length;
    for (let d = 0; d < operand.length; d++) {
      if (operand[d] < 0) continue;
      const before = map[lead + d];
      if (before >= 0 && before !== operand[d]) return null;
      map[lead + d] = operand[d];
    }
  }
  let last = -1;
  for (let d = 0; d < out.length; d++) {
    if (out[d] === 1) continue;
    if (map[d] < 0) {
      // Along here all operands are constant or lie in memory: the next dimension of this size.
      let next = last + 1;
      while (next < space.length && (space[next] !== out[d] || map.indexOf(next, d) >= 0)) next++;
      if (next === space.length) return null;
      map[d] = next;
    }
    if (map[d] <= last || space[map[d]] !== out[d]) return null;
    last = map[d];
  }
  return map;
}

/** The map of a view of a value; null unless it only adds, drops or stretches dimensions. */
export function mapThrough(map: readonly number[], node: GraphNode): readonly number[] | null {
  const [x] = node.inputs as [GraphValue];
  if (numelOf(x.shape) === 0) return null;
  const lower = node.def.lower as LoweringOf<'view'>;
  const dense = specOf(x.dtype, x.shape);
  const view = lower.view(dense, node.attrs);
  if (view === null || view.offset !== 0) return null;
  const out: number[] = [];
  let next = 0;
  for (let d = 0; d < view.shape.length; d++) {
    if (view.shape[d] === 1) {
      out.push(-1);
    } else if (view.strides[d] === 0) {
      out.push(STRETCHED);
    } else {
      while (
        next < x.shape.length &&
        (x.shape[next] === 1 || dense.strides[next] !== view.strides[d])
      ) {
        // A dimension of more than one element may not be passed over.
        if (x.shape[next] !== 1) return null;
        next++;
      }
      if (next === x.shape.length || x.shape[next] !== view.shape[d]) return null;
      out.push(map[next++]);
    }
  }
  while (next < x.shape.length) if (x.shape[next++] !== 1) return null;
  return out;
}
