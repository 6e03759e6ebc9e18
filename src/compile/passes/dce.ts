import type { Graph, GraphNode } from '../../ir/index.ts';

/** Leaves out nodes that no output depends on. Inputs stay: callers bind them by position. */
export function dce(graph: Graph): Graph {
  const live = new Set<GraphNode>();
  const stack = graph.outputs.flatMap((v) => (v.node === null ? [] : [v.node]));
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (live.has(node)) continue;
    live.add(node);
    for (const x of node.inputs) if (typeof x !== 'number' && x.node !== null) stack.push(x.node);
  }
  return { ...graph, nodes: graph.nodes.filter((n) => live.has(n)) };
}
