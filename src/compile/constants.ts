/**
 * Constant folding: what a program computes from captured tensors alone (normalisation by running
 * statistics, say) is computed once, by the same kernels, and again when one of those was assigned.
 */
import { numelOf } from '../base/index.ts';
import type { Graph, GraphNode, GraphValue } from '../ir/index.ts';
import { keep, rebuild } from './rebuild.ts';

export interface Folded {
  /** Its inputs are those of the whole graph; its outputs further inputs of `main`. */
  readonly constants: Graph;
  readonly main: Graph;
}

/** Kinds of op that are worth it by themselves; elementwise ones are if there are several. */
const DEAR = new Set(['reduce', 'gemm', 'conv', 'gather', 'maxWindow', undefined]);

/** Cuts a graph in two; null if nothing is worth it. `isConstant` tells of each input. */
export function foldConstants(graph: Graph, isConstant: (input: number) => boolean): Folded | null {
  const constant = new Set<GraphValue>(graph.inputs.filter((_, i) => isConstant(i)));
  if (constant.size === 0) return null;
  const inputs = new Set(constant);
  for (const node of graph.nodes) {
    if (node.regions.length > 0) continue;
    if (node.inputs.every((x) => typeof x === 'number' || constant.has(x))) {
      for (const v of node.outputs) constant.add(v);
    }
  }
  const used = new Set<GraphValue>();
  for (const node of graph.nodes) {
    if (constant.has(node.outputs[0])) continue;
    for (const x of node.inputs) if (typeof x !== 'number' && constant.has(x)) used.add(x);
  }
  const folded = [...used].filter((v) => isWorthIt(v, inputs));
  if (folded.length === 0) return null;
  const constants = rebuild(
    {
      ...graph,
      name: `${graph.name}.constants`,
      nodes: needed(graph, folded, inputs),
      outputs: folded,
    },
    keep,
  );
  const nodes = needed(graph, graph.outputs, new Set([...graph.inputs, ...folded]));
  const main = rebuild({ ...graph, inputs: [...graph.inputs, ...folded], nodes }, keep);
  return { constants, main };
}

/** Computed from captured tensors by more than one cheap op, and no larger than these. */
function isWorthIt(value: GraphValue, inputs: ReadonlySet<GraphValue>): boolean {
  let cost = 0;
  let largest = 0;
  const seen = new Set<GraphValue>();
  const stack = [value];
  for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
    if (seen.has(v)) continue;
    seen.add(v);
    if (inputs.has(v)) largest = Math.max(largest, numelOf(v.shape));
    if (v.node === null) continue;
    const kind = v.node.def.lower?.kind;
    if (DEAR.has(kind)) cost += 2;
    else if (kind === 'element') cost++;
    for (const x of v.node.inputs) if (typeof x !== 'number') stack.push(x);
  }
  return cost >= 2 && numelOf(value.shape) <= largest;
}

/** The nodes that some values need, in order, where others are there. */
function needed(
  graph: Graph,
  wanted: readonly GraphValue[],
  there: ReadonlySet<GraphValue>,
): GraphNode[] {
  const live = new Set<GraphNode>();
  const stack = [...wanted];
  for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
    if (there.has(v) || v.node === null || live.has(v.node)) continue;
    live.add(v.node);
    for (const x of v.node.inputs) if (typeof x !== 'number') stack.push(x);
  }
  return graph.nodes.filter((n) => live.has(n));
}
