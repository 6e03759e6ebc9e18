/**
 * In which order of dimensions elementwise work runs. Between transposes (an image turned from channels
 * first to channels last and back, heads of attention) a stretch of elementwise ops can compute in the
 * order before them or in the one after; every place where the orders differ is a pass over memory. Each
 * stretch takes the order that most of its bytes come and go in. Transposes that meet become one, and
 * none where they undo each other.
 *
 * Elements are computed as before, only elsewhere: the bits are the same. (Images within convolutions,
 * panels within products: their layouts are the schedules' own, in kernel/contraction/.)
 */
import { bytesOf, numelOf, sameShape } from '../../base/index.ts';
import {
  attrs,
  type Graph,
  type GraphNode,
  type GraphValue,
  PERMUTE,
  RESHAPE,
  type Recorder,
} from '../../ir/index.ts';
import { chainOf, isPositional, isScalar } from '../../kernel/index.ts';
import { keep, type Mapped, rebuild } from '../rebuild.ts';

type Dims = readonly number[];

/** Elementwise nodes of one shape that read each other. */
interface Stretch {
  readonly nodes: Set<GraphNode>;
  /** Its values are these dimensions of what it computes; null: as they stand. */
  order: Dims | null;
}

export function layout(graph: Graph): Graph {
  const stretchOf = stretches(graph);
  const readers = readersOf(graph);
  for (const stretch of new Set(stretchOf.values())) {
    const order = preferred(stretch, graph, readers);
    // What asks for an element's position must find it where it was.
    if (order !== null && ![...stretch.nodes].some(isPositional)) stretch.order = order;
  }
  /** What a stretch in another order computes for a value. */
  const inner = new Map<GraphValue, GraphValue>();
  return rebuild(graph, (node, inputs, recorder) => {
    const order = stretchOf.get(node)?.order ?? null;
    if (order === null) {
      if (node.def !== PERMUTE) return keep(node, inputs, recorder);
      return [turned(inputs[0] as GraphValue, dimsOf(node), recorder)];
    }
    const rank = order.length;
    const operands = node.inputs.map((x, i) => {
      const own = typeof x === 'number' ? undefined : inner.get(x);
      return stretchOf.get(node) === ownerOf(x, stretchOf) && own !== undefined
        ? own
        : operandIn(inputs[i], inverse(order), rank, recorder);
    });
    const [value] = keep(node, operands, recorder);
    inner.set(node.outputs[0], value);
    return [turned(value, order, recorder)];
  });
}

const ownerOf = (x: Mapped, stretchOf: ReadonlyMap<GraphNode, Stretch>): Stretch | undefined =>
  typeof x === 'number' || x.node === null ? undefined : stretchOf.get(x.node);

/** Dimension `d` of a permuted value is this one of its operand. */
const dimsOf = (node: GraphNode): Dims => (node.attrs as { dims: Dims } | null)?.dims ?? [];

const inverse = (dims: Dims): number[] => dims.map((_, d) => dims.indexOf(d));

const isIdentity = (dims: Dims): boolean => dims.every((n, d) => n === d);

// ---- what belongs together

function stretches(graph: Graph): Map<GraphNode, Stretch> {
  const found = new Map<GraphNode, Stretch>();
  for (const node of graph.nodes) {
    if (!isMovable(node)) continue;
    let own: Stretch = { nodes: new Set([node]), order: null };
    for (const x of node.inputs) {
      const other = ownerOf(x, found);
      if (other === undefined || other === own) continue;
      if (!sameShape((x as GraphValue).shape, node.outputs[0].shape)) continue;
      const [small, large] = own.nodes.size < other.nodes.size ? [own, other] : [other, own];
      for (const n of small.nodes) {
        large.nodes.add(n);
        if (n !== node) found.set(n, large);
      }
      own = large;
    }
    found.set(node, own);
  }
  return found;
}

/** Whether an op computes each element from those of its operands. */
function isMovable(node: GraphNode): boolean {
  const [out] = node.outputs;
  if (node.def.lower?.kind !== 'element' || out.shape.length < 2 || isScalar(out)) return false;
  return node.inputs.some((x) => isWhole(x, out));
}

/** Whether an operand has an element for each of the result's, rather than being spread. */
const isWhole = (x: Mapped, out: GraphValue): x is GraphValue =>
  typeof x !== 'number' && sameShape(x.shape, out.shape);

// ---- which order

function readersOf(graph: Graph): Map<GraphValue, GraphNode[]> {
  const readers = new Map<GraphValue, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const x of new Set(node.inputs)) {
      if (typeof x === 'number') continue;
      const list = readers.get(x);
      if (list === undefined) readers.set(x, [node]);
      else list.push(node);
    }
  }
  return readers;
}

/** The order in which most bytes reach a stretch and leave it; null for the one in which it stands. */
function preferred(
  { nodes }: Stretch,
  graph: Graph,
  readers: ReadonlyMap<GraphValue, readonly GraphNode[]>,
): Dims | null {
  const votes = new Map<string, { dims: Dims | null; bytes: number }>();
  const vote = (dims: Dims | null, v: GraphValue): void => {
    const key = dims === null || isIdentity(dims) ? '' : dims.join(' ');
    const one = votes.get(key) ?? { dims: key === '' ? null : dims, bytes: 0 };
    one.bytes += numelOf(v.shape) * bytesOf(v.dtype);
    votes.set(key, one);
  };
  const outputs = new Set(graph.outputs);
  const asked = new Set<GraphValue>();
  for (const node of nodes) {
    const [out] = node.outputs;
    for (const x of node.inputs) {
      if (!isWhole(x, out) || asked.has(x) || (x.node !== null && nodes.has(x.node))) continue;
      asked.add(x);
      const { base } = chainOf(x);
      // What is spread from less, or the same everywhere, lies in no order.
      if (isScalar(base) || numelOf((base as GraphValue).shape) < numelOf(x.shape)) continue;
      vote(x.node?.def === PERMUTE ? dimsOf(x.node) : null, x);
    }
    const outside = readers.get(out)?.filter((r) => !nodes.has(r)) ?? [];
    if (outputs.has(out) || outside.some((r) => r.def !== PERMUTE)) vote(null, out);
    const turns = new Set(outside.flatMap((r) => (r.def === PERMUTE ? [dimsOf(r).join()] : [])));
    for (const dims of turns) vote(inverse(dims.split(',').map(Number)), out);
  }
  let best = { dims: null as Dims | null, bytes: votes.get('')?.bytes ?? 0 };
  for (const one of votes.values()) if (one.bytes > best.bytes) best = one;
  return best.dims;
}

// ---- turning values

/** A value's dimensions in another order; through a transposition that it is already, if any. */
function turned(x: GraphValue, dims: Dims, recorder: Recorder): GraphValue {
  const before = x.node?.def === PERMUTE ? x.node : null;
  const all = before === null ? dims : dims.map((d) => dimsOf(before)[d]);
  const base = before === null ? x : (before.inputs[0] as GraphValue);
  if (isIdentity(all)) return base;
  return recorder.apply(PERMUTE, [base], attrs({ dims: all }))[0];
}

/** An operand of a stretch whose values are turned by `dims`; one of fewer dimensions is spread as before. */
function operandIn(x: Mapped, dims: Dims, rank: number, recorder: Recorder): Mapped {
  if (typeof x === 'number' || x.shape.length === 0) return x;
  const missing = new Array<number>(rank - x.shape.length).fill(1);
  if (missing.length === 0) return turned(x, dims, recorder);
  const [whole] = recorder.apply(RESHAPE, [x], attrs({ shape: [...missing, ...x.shape] }));
  return turned(whole, dims, recorder);
}
