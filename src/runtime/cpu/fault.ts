/** What to say when a kernel met an index outside its dimension. */
import {
  contiguousStrides,
  IndexError,
  isInt,
  numelOf,
  type Shape,
  type Spec,
  specOf,
} from '../../base/index.ts';
import type { Graph, GraphNode, GraphValue } from '../../ir/index.ts';

/**
 * The error for a fault at row-major `position` of the index that node `faulted` of the graph read.
 * `read(i, element)` gives an element of graph input `i`, counted by its strides.
 */
export function faultError(
  graph: Graph,
  inputs: readonly Spec[],
  faulted: GraphNode,
  position: number,
  read: (input: number, element: number) => number,
): IndexError {
  const { origin } = faulted;
  const op = origin?.op ?? graph.name;
  const size = pickedSize(faulted);
  const found = sourceOf(faulted.inputs[1], position, graph, inputs);
  let what = 'an index is out of range';
  if (found !== null) {
    const { index, at } = found;
    const element = at.reduce((sum, n, d) => sum + n * inputs[index].strides[d], 0);
    const place = `[${at.join(', ')}]`;
    what = `operand ${index} holds ${read(index, element)} at ${place}, which is out of range`;
  }
  if (size !== null) what += `: there are ${size}`;
  if (origin?.line !== undefined) what += `; recorded at ${origin.line}`;
  // Composites (crossEntropy) take no negative positions; gather itself counts them from the end.
  const least = faulted.def.name === op && size !== null ? -size : 0;
  return new IndexError({
    op,
    problem: what,
    operands: inputs.filter((s, i) => s.weak === undefined && (!origin || i === found?.index)),
    remedy: size === null ? undefined : `use ${least} to ${size - 1}`,
    ...(origin?.module === undefined ? {} : { module: origin.module }),
  });
}

/**
 * The graph input that element `position` of an index comes from, and where in it: through views, and
 * ops that compute element by element.
 */
function sourceOf(
  value: GraphValue | number,
  position: number,
  graph: Graph,
  inputs: readonly Spec[],
): { readonly index: number; readonly at: readonly number[] } | null {
  if (typeof value === 'number' || value.weak !== undefined || position >= numelOf(value.shape)) {
    return null;
  }
  const at = unravel(position, value.shape);
  const { node } = value;
  if (node === null) {
    const index = graph.inputs.indexOf(value);
    return index >= 0 && isInt(inputs[index].dtype) ? { index, at } : null;
  }
  const { lower } = node.def;
  if (lower?.kind === 'view') {
    const [x] = node.inputs as readonly GraphValue[];
    const v = lower.view(specOf(x.dtype, x.shape), node.attrs);
    // A reshape that copies keeps the order of elements.
    const from = v === null ? position : at.reduce((n, i, d) => n + i * v.strides[d], v.offset);
    return sourceOf(x, from, graph, inputs);
  }
  if (lower?.kind !== 'element') return null;
  for (const x of node.inputs) {
    if (typeof x === 'number') continue;
    const lead = at.length - x.shape.length;
    const own = x.shape.map((n, d) => (n === 1 ? 0 : at[lead + d]));
    const strides = contiguousStrides(x.shape);
    const from = own.reduce((n, i, d) => n + i * strides[d], 0);
    const found = sourceOf(x, from, graph, inputs);
    if (found !== null) return found;
  }
  return null;
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
