/**
 * How a graph of primitives becomes kernels. Read top to bottom:
 *
 * 1. {@link fuse} walks the nodes in order and puts each into a *step*, one kernel or contraction.
 *    - Views belong to no step: whoever reads one reads its base with other strides.
 *    - Elementwise ops join the group of an operand; groups that meet in an op are merged.
 *    - A reduction joins the group that computes its operand, and makes its dimensions the inner
 *      ones; what follows per row or over the whole space stays in the group (softmax: three
 *      phases of one kernel).
 *    - Everything else (contractions, windows, scatter, assembly) is a step of its own.
 *    - A group that takes a contraction's result takes in no other contraction's later, nor what is
 *      reduced after that began: it ends the contraction at once, while its result is near.
 * 2. A step depends on the steps whose results it reads from memory. Nothing joins a group if a
 *    cycle would follow.
 * 3. `schedule/assembly.ts` then builds each group's expressions, turns groups that only finish a contraction
 *    into its epilogue, and puts the steps in order.
 *
 * Within a group each value is laid over the group's *space*: `map[d]` is the space dimension
 * along which dimension `d` of the value runs, -1 where its size is 1. Maps rise: nothing is
 * permuted inside a kernel. A value spans the whole space, or all kept dimensions (a row value),
 * or nothing (a 0-d value). Where this does not fit, the fuser cuts, and the value goes through
 * memory, where views cost nothing.
 */
import type { Graph, GraphNode, GraphValue } from '../../ir/index.ts';
import { isScalar } from '../schedule/operand.ts';
import { joinAny, start } from './join.ts';
import { joinReduction, startReduction } from './reduce.ts';
import type { Step } from './step.ts';
import { Steps } from './steps.ts';

export interface Fusion {
  readonly steps: readonly Step[];
  /** The step that computes a value; graph inputs and views have none. */
  readonly stepOf: ReadonlyMap<GraphValue, Step>;
}

export function fuse(graph: Graph): Fusion {
  const live = liveNodes(graph);
  const steps = new Steps(graph, live);
  for (const node of graph.nodes) if (live.has(node)) place(steps, node);
  return { steps: [...steps.all], stepOf: steps.stepOf };
}

function place(steps: Steps, node: GraphNode): void {
  const kind = node.def.lower?.kind;
  switch (kind) {
    case 'view':
      return;
    case 'element':
      if (isScalar(node.outputs[0])) return;
      if (!joinAny(steps, node)) start(steps, node, node.outputs[0].shape);
      return;
    case 'reduce':
      if (!joinReduction(steps, node)) startReduction(steps, node);
      return;
    case 'gather':
      if (!joinAny(steps, node)) start(steps, node, node.outputs[0].shape);
      return;
    case undefined:
      throw new Error(`${node.def.name} is not a primitive: expand the graph first`);
    default:
      steps.add(steps.begin(), node);
  }
}

/** Nodes that an output needs. */
function liveNodes(graph: Graph): Set<GraphNode> {
  const live = new Set<GraphNode>();
  const wanted = new Set(graph.outputs);
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((v) => wanted.has(v))) continue;
    live.add(node);
    for (const x of node.inputs) if (typeof x !== 'number') wanted.add(x);
  }
  return live;
}
