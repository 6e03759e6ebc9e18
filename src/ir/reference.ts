/** The slow interpreter: the living definition of every op, in float64 (int64 in BigInt). */
import { type DType, numelOf, type Type } from '../base/index.ts';
import type { Graph, GraphNode, GraphValue } from './graph.ts';
import { graphOf, typeOf } from './graph.ts';
import { type NdArray, ndZeros, setElement } from './nd-array.ts';
import type { Attrs, OpDef } from './op.ts';
import { IndexFault } from './ops/gather.ts';

export interface ReferenceOptions {
  /** Round each float32 result to float32; by default float32 is computed in float64 throughout. */
  readonly round?: boolean;
}

/** What the op gives for these operands. A composite is evaluated through its decomposition. */
export function reference(
  def: OpDef,
  inputs: readonly (NdArray | number)[],
  attrs: Attrs | null = null,
  options: ReferenceOptions = {},
): NdArray[] {
  const types = inputs.map((x) => (typeof x === 'number' ? typeOf(x) : typeOfNd(x)));
  return runGraph(graphOf(def, types, attrs, 'reference'), inputs, options);
}

/** Runs a graph's nodes in order. Numbers among the inputs stand for run-time scalars. */
export function runGraph(
  graph: Graph,
  inputs: readonly (NdArray | number)[],
  options: ReferenceOptions = {},
): NdArray[] {
  const values = new Map<GraphValue, NdArray | number>();
  for (const [i, v] of graph.inputs.entries()) values.set(v, inputs[i]);
  const valueOf = (v: GraphValue | number): NdArray | number => {
    const x = typeof v === 'number' ? v : values.get(v);
    if (x === undefined) throw new Error(`${graph.name}: %${(v as GraphValue).id} is not defined`);
    return x;
  };
  for (const node of graph.nodes) {
    const outputs = located(node, () => runNode(node, node.inputs.map(valueOf), options));
    for (const [i, v] of node.outputs.entries()) values.set(v, outputs[i]);
  }
  return graph.outputs.map((v) => toNd(valueOf(v), v.dtype));
}

/** Tells an index out of range which node it was met in. */
function located<T>(node: GraphNode, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof IndexFault) error.node ??= node;
    throw error;
  }
}

function runNode(
  { def, inputs, attrs, regions, outputs }: GraphNode,
  values: readonly (NdArray | number)[],
  options: ReferenceOptions,
): NdArray[] {
  if (def.reference === undefined) return reference(def, values, attrs, options);
  const types = inputs.map(typeOf);
  const dtypes = def.operands?.(types, outputs, attrs) ?? types.map((t) => t.dtype);
  const operands = values.map((x, i) => toNd(x, dtypes[i]));
  const runs = regions.map((g) => (xs: readonly NdArray[]) => runGraph(g, xs, options));
  const out = def.reference(operands, attrs, outputs, runs);
  const list = Array.isArray(out) ? out : [out];
  return options.round === true ? list.map(rounded) : list;
}

function toNd(x: NdArray | number, dtype: DType): NdArray {
  if (typeof x !== 'number') return convertNd(x, dtype);
  const scalar = ndZeros([], 'float64');
  scalar.data[0] = x;
  return convertNd(scalar, dtype);
}

const rounded = (x: NdArray): NdArray =>
  x.dtype === 'float32' ? { ...x, data: (x.data as Float64Array).map(Math.fround) } : x;

const typeOfNd = ({ shape, dtype }: NdArray): Type => ({ shape, dtype });

/**
 * `x` as another dtype, as `cast` converts: float to integer truncates and saturates and makes NaN
 * 0, int64 to int32 wraps, to bool is `!= 0`. To float32 is not rounded here.
 */
export function convertNd(x: NdArray, dtype: DType): NdArray {
  if (x.dtype === dtype) return x;
  const out = ndZeros(x.shape, dtype);
  const fromFloat = x.dtype === 'float32' || x.dtype === 'float64';
  const limits = fromFloat ? LIMITS[dtype] : undefined;
  for (let i = 0; i < numelOf(x.shape); i++) {
    const v = x.data[i];
    setElement(out, i, limits === undefined ? v : saturate(Number(v), limits));
  }
  return out;
}

const LIMITS: { readonly [D in DType]?: readonly [bigint, bigint] } = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

function saturate(x: number, [low, high]: readonly [bigint, bigint]): bigint {
  if (Number.isNaN(x)) return 0n;
  if (x <= Number(low)) return low;
  if (x >= Number(high)) return high;
  return BigInt(Math.trunc(x));
}
