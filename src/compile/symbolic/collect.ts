/** The part of what was built that leads to some outputs, as a graph of its own. */
import { GraphError } from '../../base/index.ts';
import type { Graph, GraphNode, GraphValue } from '../../ir/index.ts';
import { cut } from '../rebuild.ts';
import { Recogniser } from './recognise.ts';
import { openSizes } from './sizes.ts';
import { drawsRandom, numbersIn } from './special-ops.ts';
import type { Origin, SymbolicTracer } from './tracer.ts';

/** A graph with what each of its inputs is. Its first inputs are those that a call gives. */
export interface Collected {
  readonly graph: Graph;
  readonly origins: readonly Origin[];
  readonly sizes: Recogniser;
}

/** Cuts out what computes `outputs` from `inputs`, which are placeholders. */
export function collect(
  tracer: SymbolicTracer,
  name: string,
  inputs: readonly GraphValue[],
  outputs: readonly GraphValue[],
): Collected {
  const nodes = new Set<GraphNode>();
  const captured = new Set<GraphValue>();
  const stack = [...outputs];
  for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
    const { node } = v;
    if (node === null) {
      if (!inputs.includes(v)) captured.add(v);
      continue;
    }
    if (nodes.has(node)) continue;
    nodes.add(node);
    for (const x of node.inputs) if (typeof x !== 'number') stack.push(x);
  }
  const byId = (a: GraphValue, b: GraphValue): number => a.id - b.id;
  const given = [...inputs, ...[...captured].sort(byId)];
  const origins = given.map((v) => tracer.originOf(v) as Origin);
  for (const v of captured) refuseMissing(name, tracer.originOf(v));
  const sorted = [...nodes].sort((a, b) => byId(a.outputs[0], b.outputs[0]));
  const bound = new Set(origins.flatMap((o) => (o.kind === 'placeholder' ? o.shape : [])));
  refuseUnbound(name, sorted, bound);
  const sizes = new Recogniser(new Map([...openSizes()].filter(([n]) => bound.has(n))));
  refuseRounded(sorted, sizes);
  refuseSuspicious(sorted, sizes);
  return { graph: cut(name, given, sorted, outputs), origins, sizes };
}

function refuseMissing(graph: string, origin: Origin | undefined): void {
  if (origin?.kind !== 'placeholder') return;
  throw new GraphError({
    op: graph,
    problem: `an output depends on the placeholder ${origin.name}, which is not among the inputs`,
    remedy: `list it: graph([..., ${origin.name}], outputs)`,
  });
}

/** Sizes of placeholders that the graph does not take: no call could tell them. */
function refuseUnbound(
  graph: string,
  nodes: readonly GraphNode[],
  bound: ReadonlySet<number | string>,
): void {
  const others = new Recogniser(new Map([...openSizes()].filter(([n]) => !bound.has(n))));
  for (const node of nodes) {
    const n = numbersIn(node.attrs).find((x) => others.isMultiple(x));
    if (n === undefined) continue;
    const { text } = others.recognise(n) as { text: string };
    throw new GraphError({
      op: graph,
      problem: `${node.def.name} uses the open size ${text}, which no input of the graph has`,
      remedy: `list a placeholder that has it${at(node)}`,
    });
  }
}

function refuseRounded(nodes: readonly GraphNode[], sizes: Recogniser): void {
  for (const node of nodes) {
    const n = numbersIn(node.attrs).find((x) => sizes.isRounded(x));
    if (n !== undefined) throw unrecognised(node, `the size ${n} is a rounded part of an open one`);
  }
}

/** Numbers among operands that seem to come from an open size in a way that is not followed. */
function refuseSuspicious(nodes: readonly GraphNode[], sizes: Recogniser): void {
  for (const node of nodes) {
    // The last four are the state of the random numbers.
    const own = drawsRandom(node.def, node.attrs) ? node.inputs.slice(0, -4) : node.inputs;
    const n = own.find((x) => typeof x === 'number' && sizes.isSuspicious(x));
    if (n === undefined) continue;
    throw new GraphError({
      op: node.def.name,
      problem:
        `the number ${n} seems to be computed from an open size in a way that a graph cannot ` +
        `follow${at(node)}`,
      remedy:
        'sizes enter graphs as a * n + b and fractions of these; compile(fn, { dynamic }) records ' +
        'at several sizes',
    });
  }
}

/** The error of a number that was whole while the graph was built, and is not at a call. */
export const notWhole = (node: GraphNode, text: string, value: number): GraphError =>
  new GraphError({
    op: node.def.name,
    problem:
      `the number ${text} is ${value} at this size and was whole while the graph was built: ` +
      `rounded or not, a graph cannot tell${at(node)}`,
    remedy:
      'round by ops, or use compile(), which records each size; sizes enter graphs as a * n + b ' +
      'and fractions of these',
  });

/** The error of a size that does not follow from open sizes as sums and products. */
export function unrecognised(node: GraphNode, why: string): GraphError {
  return new GraphError({
    op: node.def.name,
    problem: `${why}; sizes can be followed as a * size + b${at(node)}`,
    remedy: 'give that placeholder a number as its size, or use compile(), which records each size',
  });
}

const at = ({ origin }: GraphNode): string =>
  origin?.line === undefined ? '' : `, at ${origin.line}`;
