/** A graph with choices and loops in it as stretches that kernels compute, and nodes between them. */
import type { Spec } from '../../base/index.ts';
import { attrs, COPY, FULL, type Graph, type GraphNode, type GraphValue } from '../../ir/index.ts';
import { cut, keep, rebuild } from '../rebuild.ts';

/** What runs at once: kernels for a stretch, or a node with regions. Values in, values out. */
export type Work =
  | {
      readonly kind: 'kernels';
      readonly graph: Graph;
      readonly inputs: readonly GraphValue[];
      readonly outputs: readonly GraphValue[];
    }
  | { readonly kind: 'control'; readonly node: GraphNode };

export const isControl = (node: GraphNode): boolean => node.def.lower?.kind === 'regions';

export const hasControl = (graph: Graph): boolean => graph.nodes.some(isControl);

/**
 * The work in order. Stage by stage: what kernels can compute before any further choice or loop, then
 * the choices and loops that this allows.
 */
export function split(graph: Graph): Work[] {
  const stageOf = new Map<GraphValue, number>();
  const stages: { kernels: GraphNode[]; controls: GraphNode[] }[] = [];
  for (const node of graph.nodes) {
    const at = node.inputs.reduce<number>(
      (n, x) => (typeof x === 'number' ? n : Math.max(n, stageOf.get(x) ?? 0)),
      0,
    );
    while (stages.length <= at) stages.push({ kernels: [], controls: [] });
    stages[at][isControl(node) ? 'controls' : 'kernels'].push(node);
    for (const v of node.outputs) stageOf.set(v, isControl(node) ? at + 1 : at);
  }
  const work: Work[] = [];
  stages.forEach(({ kernels, controls }, at) => {
    if (kernels.length > 0) {
      const wanted = new Set(graph.outputs);
      const later = [
        ...controls,
        ...stages.slice(at + 1).flatMap((s) => [...s.kernels, ...s.controls]),
      ];
      for (const n of later) for (const x of n.inputs) if (typeof x !== 'number') wanted.add(x);
      work.push(stretch(graph.name, kernels, wanted));
    }
    for (const node of controls) work.push({ kind: 'control', node });
  });
  return work;
}

function stretch(name: string, nodes: readonly GraphNode[], wanted: ReadonlySet<GraphValue>): Work {
  const made = new Set(nodes.flatMap((n) => n.outputs));
  const inputs = new Set<GraphValue>();
  for (const n of nodes) {
    for (const x of n.inputs) if (typeof x !== 'number' && !made.has(x)) inputs.add(x);
  }
  const outputs = [...made].filter((v) => wanted.has(v));
  return {
    kind: 'kernels',
    graph: cut(name, [...inputs], nodes, outputs),
    inputs: [...inputs],
    outputs,
  };
}

/**
 * The graph with dense tensors as operands of choices and loops: strided inputs are copied, numbers
 * that passes have found become tensors.
 */
export function withDenseOperands(graph: Graph, specs: readonly Spec[]): Graph {
  return rebuild(graph, (node, inputs, recorder) => {
    if (!isControl(node)) return keep(node, inputs, recorder);
    const dense = inputs.map((x, i) => {
      const before = node.inputs[i];
      if (typeof x === 'number') {
        if (typeof before === 'number') return x;
        const { shape, dtype } = before;
        return recorder.apply(FULL, [x], attrs({ shape, dtype }))[0];
      }
      const at = graph.inputs.indexOf(before as GraphValue);
      if (at < 0 || specs[at].weak !== undefined || specs[at].contiguous) return x;
      return recorder.apply(COPY, [x], null)[0];
    });
    return keep(node, dense, recorder);
  });
}
