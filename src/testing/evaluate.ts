/** A recorded graph, op by op: what its lines give eagerly. */
import { operandsAsGiven, runControl, type Trial } from '../compile/index.ts';
import {
  apply,
  apply1,
  apply2,
  type Graph,
  type GraphNode,
  type GraphValue,
  isValue,
} from '../ir/index.ts';
import { noGrad, Tensor } from '../tensor/index.ts';

/** Every value of the graph. @internal */
export type Values = ReadonlyMap<GraphValue, Tensor | number>;

/** Runs each node by the eager interpreter, off the tape. @internal */
export function evaluate(trial: Trial): Values {
  const { graph } = trial.recorded;
  const given = operandsAsGiven(trial);
  // A view marks what it looks at as shared, and would cost its cell a copy at the next update.
  const storages = new Set(given.flatMap((t) => (t instanceof Tensor ? [t.storage] : [])));
  const own = [...storages].filter((s) => !s.shared);
  try {
    return noGrad(() => evaluateGraph(graph, given, trial.device));
  } finally {
    for (const s of own) s.shared = false;
  }
}

function evaluateGraph(graph: Graph, given: readonly (Tensor | number)[], device: string): Values {
  const values = new Map<GraphValue, Tensor | number>(graph.inputs.map((v, i) => [v, given[i]]));
  for (const node of graph.nodes) {
    const xs = node.inputs.map((x) =>
      typeof x === 'number' ? x : (values.get(x) as Tensor | number),
    );
    const outs = runNode(node, xs, device);
    node.outputs.forEach((v, i) => {
      values.set(v, outs[i]);
    });
  }
  return values;
}

/** As the op's own function asks for it: numbers are typed by what they meet in the first two forms. */
function runNode(
  node: GraphNode,
  xs: readonly (Tensor | number)[],
  device: string,
): readonly Tensor[] {
  const { def, attrs, outputs, regions } = node;
  if (regions.length > 0) {
    return runControl(node, xs, device, (graph, ins) => {
      const values = evaluateGraph(graph, ins, device);
      return graph.outputs.map((v) => values.get(v) as Tensor);
    });
  }
  const [a, b] = xs;
  if (outputs.length === 1) {
    if (xs.length === 1 && isValue(a)) return [apply1(def, a, attrs) as Tensor];
    if (xs.length === 2 && xs.some(isValue)) return [apply2(def, a, b, attrs) as Tensor];
  }
  return apply(def, xs, attrs) as readonly Tensor[];
}
