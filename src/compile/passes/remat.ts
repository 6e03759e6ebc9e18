/**
 * Rematerialisation: a cheap elementwise value that is used again much later (on the way back, say) is
 * computed again there from what lies in memory anyway, rather than written and kept until then.
 *
 * A kernel ends where a contraction, a window or a scatter is needed. These *walls* part the graph into
 * stages; what is read in a later stage has to go through memory. It is computed again instead if a few
 * cheap ops do it, on graph inputs or on values that memory holds until then for others: so there is one
 * value less to write and to keep, and not a byte more to read. Dear ops, reductions and random numbers are
 * kept. `comesLater` in kernel/fuse/join.ts sees to it that what is computed late stays late.
 */
import { numelOf } from '../../base/index.ts';
import type { Graph, GraphNode, GraphValue, Recorder } from '../../ir/index.ts';
import { chainOf, costOfNode, isPositional, isScalar, isWall } from '../../kernel/index.ts';
import { keep, type Mapped, rebuild } from '../rebuild.ts';

/** Elements from which on a value in memory is worth a thought. */
const LEAST = 1024;
/** Ops to do again for one value. */
const MOST_OPS = 4;
/** Large values to read for it: two are as many bytes as to write it and to read it. */
const MOST_READS = 2;
/** Stages in which one value is computed again. */
const MOST_TIMES = 4;

/** Inputs in `written` are cells that outputs replace: read late, they could not be written in place. */
export function remat(graph: Graph, written: ReadonlySet<GraphValue> = new Set()): Graph {
  const uses = new Uses(graph, written);
  let stage = 0;
  /** What has been computed again in this stage. */
  let again = new Map<GraphValue, GraphValue>();
  return rebuild(graph, (node, inputs, recorder, of) => {
    // A view is made again by who reads what it shows.
    if (isView(node)) return keep(node, inputs, recorder);
    const here = uses.stageOf(node);
    if (here !== stage) again = new Map();
    stage = here;
    // What a wall reads lies in memory, whoever computes it.
    if (isWall(node)) return keep(node, inputs, recorder);
    const late = inputs.map((x, i) => {
      const recipe = uses.recipe(chainOf(node.inputs[i]).base, here);
      return recipe === null ? x : remade(node.inputs[i], recipe, again, recorder, of);
    });
    return keep(node, late, recorder);
  });
}

/** Adds what computes `x` again: the nodes of its recipe, and views. */
function remade(
  x: Mapped,
  recipe: ReadonlySet<GraphNode>,
  again: Map<GraphValue, GraphValue>,
  recorder: Recorder,
  of: (x: Mapped) => Mapped,
): Mapped {
  const { base } = chainOf(x);
  if (typeof x === 'number' || typeof base === 'number' || x.node === null) return of(x);
  if (base.node === null || !recipe.has(base.node)) return of(x);
  let made = again.get(x);
  if (made === undefined) {
    const { origin } = recorder;
    const operands = x.node.inputs.map((y) => remade(y, recipe, again, recorder, of));
    recorder.origin = x.node.origin;
    made = keep(x.node, operands, recorder)[x.index];
    recorder.origin = origin;
    again.set(x, made);
  }
  return made;
}

/** Who reads a value, and in which stages. */
interface Readers {
  /** The stage in which it is computed. */
  readonly from: number;
  /** Whether a wall reads it, and the last stage in which one does. */
  wall: boolean;
  lastWall: number;
  /** The first stage after `from` in which it is read. */
  next: number;
  /** The last stage in which a node reads it that surely stays where it is. */
  last: number;
  /** How often it has been computed again. */
  again: number;
}

class Uses {
  private readonly stages = new Map<GraphNode, number>();
  private readonly readers = new Map<Mapped, Readers>();
  private readonly outputs = new Set<Mapped>();
  private readonly written: ReadonlySet<GraphValue>;
  private readonly recipes = new Map<string, ReadonlySet<GraphNode> | null>();

  constructor(graph: Graph, written: ReadonlySet<GraphValue>) {
    this.written = written;
    let walls = 0;
    for (const node of graph.nodes) {
      if (isView(node)) continue;
      const stage = isWall(node) ? walls++ : walls;
      this.stages.set(node, stage);
      for (const base of basesOf(node)) this.note(base, isWall(node), stage);
    }
    for (const v of graph.outputs) this.outputs.add(chainOf(v).base);
    // Who stays is known when it is known who reads whom.
    for (const [node, stage] of this.stages) {
      if (!this.stays(node)) continue;
      for (const base of basesOf(node)) {
        const r = this.readers.get(base) as Readers;
        r.last = Math.max(r.last, stage);
      }
    }
  }

  private note(base: Mapped, wall: boolean, stage: number): void {
    let r = this.readers.get(base);
    if (r === undefined) {
      const node = typeof base === 'number' ? null : base.node;
      const from = node === null ? 0 : this.stageOf(node);
      r = { from, wall: false, lastWall: -1, next: Infinity, last: -1, again: 0 };
      this.readers.set(base, r);
    }
    if (wall) {
      r.wall = true;
      r.lastWall = stage;
    }
    if (stage > r.from && r.next === Infinity) r.next = stage;
  }

  /** How many walls come before a node that is no view. */
  stageOf(node: GraphNode): number {
    return this.stages.get(node) ?? 0;
  }

  /** The nodes that compute a value again in a stage; null if it is better kept. */
  recipe(v: Mapped, stage: number): ReadonlySet<GraphNode> | null {
    const r = this.readers.get(v);
    if (typeof v === 'number' || r === undefined || !this.isWorthIt(v, r, stage)) return null;
    const key = `${v.id} ${stage}`;
    let found = this.recipes.get(key);
    if (found === undefined) {
      const nodes = new Set<GraphNode>();
      const reads = new Set<GraphValue>();
      const most = isStored(r, stage) ? 1 : MOST_READS;
      const isGain =
        r.again < MOST_TIMES && this.collect(v, stage, nodes, reads) && reads.size <= most;
      found = isGain ? nodes : null;
      if (isGain) r.again++;
      this.recipes.set(key, found);
    }
    return found;
  }

  /** Whether it is large, was computed in an earlier stage, and no wall of a later one needs it. */
  private isWorthIt(v: GraphValue, r: Readers, stage: number): boolean {
    if (v.node === null || r.from >= stage || r.lastWall > r.from) return false;
    return numelOf(v.shape) >= LEAST && !this.outputs.has(v) && !isScalar(v);
  }

  /** Adds the nodes that compute `v` and what they read from memory; false if that is no gain. */
  private collect(
    v: GraphValue,
    stage: number,
    nodes: Set<GraphNode>,
    reads: Set<GraphValue>,
  ): boolean {
    const { node } = v;
    if (node === null || nodes.size === MOST_OPS || !isCheap(node)) return false;
    nodes.add(node);
    return node.inputs.every((x) => {
      const { base } = chainOf(x);
      if (isScalar(base) || typeof base === 'number') return true;
      if (base.node !== null && nodes.has(base.node)) return true;
      if (!this.isThere(base, stage)) return this.collect(base, stage, nodes, reads);
      if (numelOf(base.shape) >= LEAST) reads.add(base);
      return true;
    });
  }

  /** Whether memory holds a value until a stage without our doing. */
  private isThere(v: GraphValue, stage: number): boolean {
    if (v.node === null) return !this.written.has(v);
    return this.outputs.has(v) || (this.readers.get(v)?.last ?? -1) >= stage;
  }

  /** Whether a node is surely computed where it stands: none of its readers may do so in its stead. */
  private stays(node: GraphNode): boolean {
    if (isWall(node) || !isCheap(node)) return true;
    const [out] = node.outputs;
    return this.outputs.has(out) || this.readers.get(out)?.wall === true;
  }
}

const isView = (node: GraphNode): boolean => node.def.lower?.kind === 'view';

const basesOf = (node: GraphNode): Set<Mapped> =>
  new Set(node.inputs.map((x) => chainOf(x).base).filter((b) => typeof b !== 'number'));

/** Whether something else reads a value through memory, before a stage or in a wall. */
const isStored = (r: Readers, stage: number): boolean => r.wall || r.next < stage;

const isCheap = (node: GraphNode): boolean =>
  node.def.lower?.kind === 'element' && costOfNode(node) <= 1 && !isPositional(node);
