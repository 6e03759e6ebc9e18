/** What to say when a kernel met an index outside its dimension. */
import { IndexError, isInt, numelOf, type Shape, type Spec } from '../../base/index.ts';
import type { Graph, GraphNode } from '../../ir/index.ts';

/**
 * The error for a fault at row-major `position` of the index that op `faulted` of the graph read.
 * `read(i, element)` gives an element of graph input `i`, counted by its strides.
 */
export function faultError(
  graph: Graph,
  inputs: readonly Spec[],
  faulted: string,
  position: number,
  read: (input: number, element: number) => number,
): IndexError {
  const node = graph.nodes.find((n) => n.def.name === faulted);
  const size = node === undefined ? null : pickedSize(node);
  const index = inputs.findIndex(
    (s) => s.weak === undefined && isInt(s.dtype) && numelOf(s.shape) > position,
  );
  let what = 'an index is out of range';
  if (index >= 0) {
    const { shape, strides } = inputs[index];
    const at = unravel(position, shape);
    const value = read(
      index,
      at.reduce((sum, n, d) => sum + n * strides[d], 0),
    );
    what = `operand ${index} holds ${value} at [${at.join(', ')}], which is out of range`;
  }
  // Composites (crossEntropy) take no negative positions; gather itself counts them from the end.
  const least = faulted === graph.name && size !== null ? -size : 0;
  return new IndexError({
    op: graph.name,
    problem: size === null ? what : `${what}: there are ${size}`,
    operands: inputs.filter((s) => s.weak === undefined),
    remedy: size === null ? undefined : `use ${least} to ${size - 1}`,
  });
}

/** Size of the dimension that a gather or scatter picks from. */
function pickedSize(node: GraphNode): number | null {
  const { lower } = node.def;
  const x = node.inputs[0];
  if (typeof x === 'number' || (lower?.kind !== 'gather' && lower?.kind !== 'scatterAdd'))
    return null;
  return x.shape[lower.dim(node.attrs)];
}

function unravel(position: number, shape: Shape): number[] {
  const at: number[] = [];
  for (let d = shape.length - 1, rest = position; d >= 0; d--) {
    at.unshift(rest % shape[d]);
    rest = Math.floor(rest / shape[d]);
  }
  return at;
}
