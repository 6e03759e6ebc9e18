/** Graphs made anew from others: what every pass does. */
import { type Graph, type GraphNode, type GraphValue, Recorder } from '../ir/index.ts';

export type Mapped = GraphValue | number;

/**
 * Goes through the nodes in order. `visit` gives what takes the place of a node's outputs (a number
 * for one that is a constant), having added nodes to `recorder`; its inputs are those of the new
 * graph, and `of` gives what has taken the place of any earlier value. Where each node was asked for is
 * kept.
 */
export function rebuild(
  graph: Graph,
  visit: (
    node: GraphNode,
    inputs: readonly Mapped[],
    recorder: Recorder,
    of: (x: Mapped) => Mapped,
  ) => readonly Mapped[],
): Graph {
  const recorder = new Recorder(deviceOf(graph));
  const now = new Map<GraphValue, Mapped>();
  const inputs = graph.inputs.map((v) => {
    const made = recorder.input(v);
    now.set(v, made);
    return made;
  });
  const of = (x: Mapped): Mapped => (typeof x === 'number' ? x : (now.get(x) as Mapped));
  for (const node of graph.nodes) {
    recorder.origin = node.origin;
    const outs = visit(node, node.inputs.map(of), recorder, of);
    node.outputs.forEach((v, i) => {
      now.set(v, outs[i]);
    });
  }
  const outputs = graph.outputs.map((v) => {
    const out = of(v);
    if (typeof out === 'number') throw new Error(`${graph.name}: a number is no output`);
    return out;
  });
  return { name: graph.name, inputs, nodes: recorder.nodes, outputs };
}

const deviceOf = (graph: Graph): string =>
  graph.inputs.find((v) => v.weak === undefined)?.device ??
  graph.nodes[0]?.outputs[0]?.device ??
  'cpu';

/** The nodes that some values need, in order, where the values in `there` are known already. */
export function needed(
  graph: Graph,
  wanted: readonly GraphValue[],
  there: ReadonlySet<GraphValue> = new Set(),
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

/** A node as it is. */
export const keep = (
  { def, attrs, regions }: GraphNode,
  inputs: readonly Mapped[],
  recorder: Recorder,
): readonly GraphValue[] => recorder.apply(def, inputs, attrs, regions);

/** Some nodes as a graph of its own, whose inputs are the values `from`. */
export function cut(
  name: string,
  from: readonly GraphValue[],
  nodes: readonly GraphNode[],
  outputs: readonly GraphValue[],
): Graph {
  return rebuild({ name, inputs: from, nodes, outputs }, keep);
}
