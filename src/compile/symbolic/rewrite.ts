/** Rules and passes that users add: they change graphs and keep what these take and give. */
import { GradusError, GraphError, given, sameShape, specOf, ValueError } from '../../base/index.ts';
import * as ir from '../../ir/index.ts';
import {
  type Graph,
  type GraphNode,
  type GraphValue,
  printType,
  type Recorder,
  type Value,
  verifyGraph,
  withInterpreter,
} from '../../ir/index.ts';
import { abstractHandle, abstractTensor, setGradMode, Tensor } from '../../tensor/index.ts';
import { dce } from '../passes/dce.ts';
import type { Pass } from '../passes/index.ts';
import { keep, type Mapped, rebuild } from '../rebuild.ts';
import { Tracing, withOrigin } from '../tracing.ts';
import { DETACH } from './detach.ts';
import { type OpNode, Views } from './op-graph.ts';

/** Functions of ops, by name, for rules to build with: those that the root exports do as well. */
export type RuleOps = typeof ir;

/**
 * Replaces nodes by something that gives the same. Bodies of loops and branches are left as they are.
 *
 * @example
 * const expOfLog: Rule = {
 *   name: 'exp(log x) is x',
 *   match: 'exp',
 *   replace(node) {
 *     const [x] = node.inputs as [OpValue];
 *     return x.node?.op === 'log' ? (x.node.inputs[0] as OpValue).tensor : undefined;
 *   },
 * };
 */
export interface Rule {
  readonly name: string;
  /** Which nodes are looked at: those of an op, or those for which it is true. */
  readonly match: string | ((node: OpNode) => boolean);
  /**
   * What takes the place of the node's outputs, built by ops on its inputs; undefined leaves it. An
   * input that is a number comes as a number.
   */
  replace(
    node: OpNode,
    inputs: readonly (Tensor | number)[],
    ops: RuleOps,
  ): Value | readonly Value[] | undefined;
}

/** Rules are tried again on what they make, this often at most. */
const ROUNDS = 16;
/** Nor on a graph that they have made so many times larger. */
const GROWTH = 8;

/** Text about types as users know them: with the names of open sizes. */
type Named = (text: string) => string;

/** Applies rules and passes in order; neighbouring rules together, until none of them fits. */
export function applyPasses(
  graph: Graph,
  list: readonly (Rule | Pass)[],
  named: Named = (text) => text,
): Graph {
  let now = graph;
  for (let i = 0; i < list.length; i++) {
    const first = list[i];
    if ('run' in first) {
      const before = now;
      const made = asGraph(
        first,
        run(first.name, () => first.run(before)),
      );
      now = checked(first.name, before, made, named);
      continue;
    }
    const rules = [first];
    for (let next = list[i + 1]; next !== undefined && 'replace' in next; next = list[i + 1]) {
      rules.push(next);
      i++;
    }
    now = applyRules(now, rules, named);
  }
  return now;
}

/** Throws a GraphError for what is neither a rule nor a pass, ValueError for a rule of no op. */
export function checkPasses(op: string, list: readonly (Rule | Pass)[]): void {
  if (!Array.isArray(list)) {
    throw new GraphError({ op, problem: `rules and passes come as one array, not ${given(list)}` });
  }
  for (const x of list) {
    const rule = typeof x?.replace === 'function' && /string|function/.test(typeof x.match);
    if (typeof x?.name === 'string' && (rule || typeof x.run === 'function')) {
      if (rule) checkMatch(op, x);
      continue;
    }
    throw new GraphError({
      op,
      problem: `${given(x)} is neither a rule nor a pass`,
      remedy: 'a rule is { name, match, replace }, a pass { name, run(graph) }',
    });
  }
}

function checkMatch(op: string, { name, match }: Rule): void {
  if (typeof match !== 'string' || ir.ops.has(match) || match === DETACH.name) return;
  throw new ValueError({
    op,
    problem: `the rule ${name} matches '${match}', and there is no op of that name`,
    remedy: "names are those that print() shows, as 'matmul'; or match by a function of the node",
  });
}

function applyRules(graph: Graph, rules: readonly Rule[], named: Named): Graph {
  let now = graph;
  const most = GROWTH * (graph.nodes.length + 10);
  for (let round = 0; round < ROUNDS && now.nodes.length < most; round++) {
    let used = '';
    const next = rebuild(now, (node, inputs, recorder) => {
      for (const rule of rules) {
        const outs = replaced(rule, node, inputs, recorder, named);
        if (outs === null) continue;
        used = rule.name;
        return outs;
      }
      return keep(node, inputs, recorder);
    });
    if (used === '') return now;
    now = checked(used, now, dce(next), named);
  }
  return now;
}

/** What the rule puts in the place of a node, of the same types; null if it leaves the node. */
function replaced(
  rule: Rule,
  node: GraphNode,
  inputs: readonly Mapped[],
  recorder: Recorder,
  named: Named,
): readonly GraphValue[] | null {
  const { match, name } = rule;
  if (typeof match === 'string' && match !== node.def.name) return null;
  const tracer = new Rewriter(node.outputs[0].device, recorder, name);
  const views = new Views(null, (v) => tracer.tensor(v));
  // Its operands as they are now: rules before it may have changed them.
  const view = views.node({ ...node, inputs });
  if (typeof match === 'function' && !run(name, () => match(view))) return null;
  const xs = inputs.map((x) => (typeof x === 'number' ? x : tracer.tensor(x)));
  const before = setGradMode(false);
  try {
    const made = withOrigin(node.origin, () =>
      withInterpreter(tracer, () => run(name, () => rule.replace(view, xs, ir))),
    );
    if (made === undefined) return null;
    const list = (Array.isArray(made) ? made : [made]) as readonly Tensor[];
    for (const t of list) {
      if (t instanceof Tensor) continue;
      const remedy = 'give a tensor, for a number full([], 2), or undefined to leave the node';
      throw new GraphError({ op: name, problem: `the rule gives ${given(t)}`, remedy });
    }
    if (list.length !== node.outputs.length) {
      throw wrong(
        name,
        `gives ${list.length} values for ${node.outputs.length} of ${node.def.name}`,
      );
    }
    return list.map((t, i) => {
      const out = node.outputs[i];
      const value = tracer.valueOf(t);
      if (value.dtype === out.dtype && sameShape(value.shape, out.shape)) return value;
      const types = `${printType(value)} in the place of ${printType(out)}`;
      throw wrong(name, named(`gives ${types}, for ${node.def.name}`));
    });
  } finally {
    setGradMode(before);
  }
}

/** What a rule or pass does; what it throws names it. */
function run<T>(name: string, f: () => T): T {
  try {
    return f();
  } catch (cause) {
    if (cause instanceof GradusError) throw cause;
    throw new GraphError({ op: name, problem: `it threw ${String(cause)}`, cause });
  }
}

function asGraph({ name }: Pass, made: Graph | undefined): Graph {
  const isGraph = [made?.inputs, made?.nodes, made?.outputs].every(Array.isArray);
  if (made !== undefined && isGraph) return made;
  throw new GraphError({
    op: name,
    problem: `the pass gives ${given(made)}, and no graph`,
    remedy: 'run(graph) returns a graph: the one it was given, or { ...graph, nodes, outputs }',
  });
}

/** The graph, if it is one, and takes and gives what the one before did. */
function checked(name: string, before: Graph, after: Graph, named: Named): Graph {
  try {
    verifyGraph(after);
  } catch (cause) {
    throw new GraphError({
      op: name,
      problem: `the graph it gives is none: ${(cause as Error).message}`,
      cause,
    });
  }
  for (const part of ['inputs', 'outputs'] as const) {
    const [a, b] = [before[part], after[part]];
    const same =
      a.length === b.length &&
      a.every((v, i) => v.dtype === b[i].dtype && sameShape(v.shape, b[i].shape));
    if (same) continue;
    const types = (list: readonly GraphValue[]): string => list.map(printType).join(', ');
    throw wrong(name, named(`changes the ${part} of the graph from ${types(a)} to ${types(b)}`));
  }
  return after;
}

const wrong = (name: string, problem: string): GraphError =>
  new GraphError({ op: name, problem, remedy: 'types have to stay: cast or reshape the result' });

/** Adds what a rule builds to the new graph. */
class Rewriter extends Tracing {
  private readonly rule: string;
  private readonly tensors = new Map<GraphValue, Tensor>();

  constructor(device: string, recorder: Recorder, rule: string) {
    super(device, recorder);
    this.rule = rule;
  }

  tensor(v: GraphValue): Tensor {
    let t = this.tensors.get(v);
    if (t === undefined) {
      t = abstractTensor(v, specOf(v.dtype, v.shape, undefined, this.device), this);
      this.tensors.set(v, t);
    }
    return t;
  }

  valueOf(t: Tensor): GraphValue {
    return (abstractHandle(this.seen(t)) as { value: GraphValue }).value;
  }

  seen(t: Tensor): Tensor {
    if (abstractHandle(t)?.owner === this) return t;
    throw new GraphError({
      op: this.rule,
      problem: 'the rule uses a tensor that is none of the graph it changes',
      operands: [t],
      remedy: 'build with the inputs of the node, numbers, and ops such as full',
    });
  }

  update(): never {
    throw new GraphError({ op: this.rule, problem: 'a rule cannot write a cell' });
  }
}
