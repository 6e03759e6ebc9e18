/** Widths of elements: a float sum keeps its lanes only where all vectors are as wide as it. */
import { bytesOf, type DType } from '../../base/index.ts';
import { type GraphNode, typeOf } from '../../ir/index.ts';
import { chainOf, isScalar, operandTypes } from '../schedule/operand.ts';
import type { Step } from './step.ts';

/**
 * Whether vectors of these widths leave a float sum its lanes. Where the last dimension is kept,
 * lanes are different rows and do not matter.
 */
export function onlyWidth(
  widths: Iterable<number>,
  width: number,
  inner: readonly boolean[] | null,
): boolean {
  if (inner !== null && inner.length > 0 && !inner[inner.length - 1]) return true;
  for (const w of widths) if (w !== width) return false;
  return true;
}

export const widthsFit = (group: Step, widths: Iterable<number>): boolean =>
  group.ordered === null || onlyWidth(widths, group.ordered, group.inner);

/** Widths of the elements that a node touches; bool has none. */
export function widthsOf(node: GraphNode): Set<number> {
  const types = new Set<DType>([...operandTypes(node), node.outputs[0].dtype]);
  node.inputs.forEach((x) => {
    if (!isScalar(chainOf(x).base)) types.add(typeOf(x).dtype);
  });
  types.delete('bool');
  return new Set([...types].map(bytesOf));
}
