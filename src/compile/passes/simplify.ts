/**
 * Small rewrites that give the same bits. What is not exact for every float stays: x * 0 is no 0, x + 0
 * turns -0 into 0.
 */
import { type DType, isFloat, sameShape } from '../../base/index.ts';
import {
  CAST,
  FULL,
  type Graph,
  type GraphNode,
  type GraphValue,
  inferAll,
  typeOf,
} from '../../ir/index.ts';
import { keep, type Mapped, rebuild } from '../rebuild.ts';

/** What takes the place of a node's only output, or null. */
type Rule = (node: GraphNode, inputs: readonly Mapped[]) => Mapped | null;

const isValue = (x: Mapped): x is GraphValue => typeof x !== 'number';

/** The operand itself, where the result has its type. */
const itself = (node: GraphNode, x: Mapped): Mapped | null => {
  const [out] = node.outputs;
  return isValue(x) &&
    x.weak === undefined &&
    x.dtype === out.dtype &&
    sameShape(x.shape, out.shape)
    ? x
    : null;
};

const RULES: Readonly<Record<string, Rule>> = {
  // Values are immutable: a copy is needed only where a program writes its results.
  copy: (node, [x]) => itself(node, x),
  alias: (node, [x]) => itself(node, x),
  cast: (node, [x]) => itself(node, x) ?? castOfCast(node, x),
  reshape: (node, [x]) => itself(node, x),
  broadcastTo: (node, [x]) => itself(node, x),
  mul: (node, [a, b]) => (b === 1 ? itself(node, a) : a === 1 ? itself(node, b) : null),
  div: (node, [a, b]) => (b === 1 ? itself(node, a) : null),
  sub: (node, [a, b]) => (Object.is(b, 0) ? itself(node, a) : null),
  pow: (node, [a, b]) => (b === 1 ? itself(node, a) : null),
  neg: (node, [x]) => {
    const inner = isValue(x) && x.node?.def.name === 'neg' ? x.node.inputs[0] : null;
    return inner === null ? null : itself(node, inner);
  },
};

/** float32 to float64 and back is the same number; so is a wider integer on the way. */
function castOfCast(node: GraphNode, x: Mapped): Mapped | null {
  const first = isValue(x) && x.node?.def === CAST ? x.node.inputs[0] : null;
  if (first === null || !isValue(first) || first.weak !== undefined) return null;
  const exact = WIDER[first.dtype]?.includes((x as GraphValue).dtype) === true;
  return exact ? itself(node, first) : null;
}

const WIDER: { readonly [D in DType]?: readonly DType[] } = {
  float32: ['float64'],
  int32: ['int64', 'float64'],
};

/**
 * A 0-d constant among the operands as the number that it is, so that kernels hold it: if the op then
 * computes in the same dtypes.
 */
function withNumbers(node: GraphNode, inputs: readonly Mapped[]): readonly Mapped[] {
  const { def, attrs, regions } = node;
  if (def.lower?.kind !== 'element' || inputs.length < 2) return inputs;
  let now = inputs;
  inputs.forEach((x, i) => {
    const constant = numberOf(x);
    if (constant === null) return;
    const next = now.with(i, constant);
    if (!next.some((y) => isValue(y) && y.weak === undefined)) return;
    const types = next.map(typeOf);
    const outs = inferAll(def, types, attrs, regions);
    const same = outs.every(
      (t, k) => t.dtype === node.outputs[k].dtype && sameShape(t.shape, node.outputs[k].shape),
    );
    const dtypes = def.operands?.(types, outs, attrs);
    // The number is rounded once more where the op takes another dtype than the tensor had.
    const own = (x as GraphValue).dtype;
    if (same && dtypes !== undefined && (dtypes[i] === own || !isFloat(own))) now = next;
  });
  return now;
}

/** The number in every element of a 0-d constant, or null. */
function numberOf(x: Mapped): number | null {
  if (typeof x === 'number' || x.shape.length > 0 || x.node?.def !== FULL) return null;
  const [value] = x.node.inputs;
  if (typeof value !== 'number') return null;
  if (x.dtype === 'float32') return Math.fround(value);
  if (x.dtype === 'float64') return value;
  return x.dtype === 'int32' && Number.isInteger(value) ? value | 0 : null;
}

export const simplify = (graph: Graph): Graph =>
  rebuild(graph, (node, given, recorder) => {
    const inputs = withNumbers(node, given);
    const simpler = RULES[node.def.name]?.(node, inputs) ?? null;
    return simpler === null ? keep(node, inputs, recorder) : [simpler];
  });
