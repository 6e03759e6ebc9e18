/**
 * The backward pass of results that are differentiated outside the compiled function: a graph of its
 * own, whose inputs are gradients of results and values that the forward pass leaves.
 */
import type { Graph, GraphNode, GraphValue } from '../ir/index.ts';
import type { BackwardPart, Owner, Recorded } from './bindings.ts';
import { cut } from './rebuild.ts';

interface Wanted {
  readonly seeds: readonly GraphValue[];
  /** Places of the results that the seeds are gradients of. */
  readonly results: readonly number[];
  readonly gradients: readonly { readonly owner: Owner; readonly value: GraphValue }[];
}

/**
 * Cuts what was recorded after the forward graph off as a graph of its own. Values that it needs of
 * the forward graph become outputs of that.
 */
export function separate(
  whole: Recorded,
  inputs: readonly GraphValue[],
  nodes: readonly GraphNode[],
  { seeds, results, gradients }: Wanted,
): Recorded {
  const { graph } = whole;
  const outputs = gradients.map((g) => g.value);
  const needed = outside(nodes, outputs);
  const place = new Map<GraphValue, number>(inputs.map((v, i) => [v, i]));
  const kept = new Map<GraphValue, number>();
  const bound: BackwardPart['inputs'][number][] = needed.map((v) => {
    const seed = seeds.indexOf(v);
    if (seed >= 0) return { kind: 'seed', result: results[seed] };
    const input = place.get(v);
    if (input !== undefined) return { kind: 'source', input };
    const output = kept.get(v) ?? graph.outputs.length + kept.size;
    kept.set(v, output);
    return { kind: 'residual', output };
  });
  const backward: Graph = cut(`${graph.name}.backward`, needed, nodes, outputs);
  return {
    ...whole,
    // What the backward pass alone captured comes in here too: it must be what it was at the call.
    graph: { ...graph, inputs, outputs: [...graph.outputs, ...kept.keys()] },
    targets: [...whole.targets, ...[...kept].map(() => ({ kind: 'residual' }) as const)],
    backward: { graph: backward, inputs: bound, to: gradients.map((g) => g.owner), results },
  };
}

/** Values that nodes and outputs use and that no node among them makes. */
function outside(nodes: readonly GraphNode[], outputs: readonly GraphValue[]): GraphValue[] {
  const made = new Set(nodes.flatMap((n) => n.outputs));
  const found = new Set<GraphValue>();
  const use = (x: GraphValue | number): void => {
    if (typeof x !== 'number' && !made.has(x)) found.add(x);
  };
  for (const n of nodes) n.inputs.forEach(use);
  outputs.forEach(use);
  return [...found];
}
