/** Which op, and which pass, makes a compiled graph differ from the same graph run op by op. */
import { inline, type Pass, Program, type Trial } from '../compile/index.ts';
import type { Graph, GraphNode, GraphValue } from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { type Difference, difference, type Measure } from './difference.ts';
import type { Values } from './evaluate.ts';

/** Runs a trial's program, with other outputs if they are given. @internal */
export function runTrial(
  trial: Trial,
  passes: readonly Pass[],
  { keep = true, more = [] }: { readonly keep?: boolean; more?: readonly GraphValue[] } = {},
): readonly Tensor[] {
  const { recorded, args, device } = trial;
  const own = keep ? recorded.graph.outputs : [];
  const targets = [
    ...(keep ? recorded.targets : []),
    ...more.map(() => ({ kind: 'residual' }) as const),
  ];
  const graph = { ...recorded.graph, outputs: [...own, ...more] };
  return new Program({ ...recorded, graph, targets }, device, passes).peek(args);
}

/** An output that differs, and all that is needed to find out why. @internal */
export interface Suspicion {
  readonly trial: Trial;
  readonly values: Values;
  readonly passes: readonly Pass[];
  readonly measure: Measure;
  /** Which output of the graph differs, and where. */
  readonly output: number;
  readonly difference: Difference;
}

/** @internal */
export interface Located {
  /** The value that differs; its node, if it has one, has operands that do not. */
  readonly value: GraphValue;
  readonly difference: Difference;
  /**
   * How it is known: beside the output, or as the only output of what leads to it, whose parts may be
   * at fault once they are fused; or not at all, and it is just what gives the output.
   */
  readonly seen: 'beside' | 'alone' | 'not';
}

/**
 * The first value that differs. A value that is looked at becomes an output, which changes what is
 * fused: so all are looked at in one program, then one at a time, as long as the output goes on to
 * differ; then as the only output of what leads to them. @internal
 */
export function locate(s: Suspicion): Located {
  const { graph } = s.trial.recorded;
  const outputs = graph.outputs.length;
  const result = graph.outputs[s.output];
  const nodes = ancestors(graph, result);
  const lookAt = (keep: boolean, found: readonly GraphNode[]): Located | null => {
    const more = found.flatMap((n) => n.outputs);
    const outs = attempt(() => runTrial(s.trial, s.passes, { keep, more }));
    if (outs === null) return null;
    if (keep && differs(s, result, outs[s.output]) === null) return null;
    for (const [i, value] of more.entries()) {
      const difference = differs(s, value, outs[(keep ? outputs : 0) + i]);
      if (difference !== null) return { value, difference, seen: keep ? 'beside' : 'alone' };
    }
    return null;
  };
  const eachAlone = (keep: boolean): Located | null => {
    for (const node of nodes) {
      const found = lookAt(keep, [node]);
      if (found !== null) return found;
    }
    return null;
  };
  return (
    lookAt(true, nodes) ??
    eachAlone(true) ??
    eachAlone(false) ?? { value: result, difference: s.difference, seen: 'not' }
  );
}

/**
 * The pass after which the output differs: with the passes before it alone it does not. Composites
 * that are left become primitives, without which there are no kernels. Undefined if the kernels of
 * the graph as it was recorded differ already. @internal
 */
export function blame(s: Suspicion): string | undefined {
  const { passes, trial } = s;
  const result = trial.recorded.graph.outputs[s.output];
  let equalBefore = false;
  for (let n = 0; n <= passes.length; n++) {
    const some = [...passes.slice(0, n), { name: 'inline', run: inline }];
    const outs = attempt(() => runTrial(trial, some));
    const equal = outs !== null && differs(s, result, outs[s.output]) === null;
    if (outs !== null && !equal) return equalBefore ? passes[n - 1].name : undefined;
    equalBefore = equal;
  }
  return undefined;
}

function differs(s: Suspicion, value: GraphValue, got: Tensor): Difference | null {
  return difference(s.values.get(value) as Tensor, got, s.measure);
}

/** Other programs than the one that differs may not compile at all: then they tell nothing. */
function attempt<T>(f: () => T): T | null {
  try {
    return f();
  } catch {
    return null;
  }
}

/** The nodes that a value depends on, its own among them, in the graph's order. */
function ancestors(graph: Graph, value: GraphValue): GraphNode[] {
  const found = new Set<GraphNode>();
  const stack = [value.node];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node === null || found.has(node)) continue;
    found.add(node);
    for (const x of node.inputs) if (typeof x !== 'number') stack.push(x.node);
  }
  return graph.nodes.filter((n) => found.has(n));
}
