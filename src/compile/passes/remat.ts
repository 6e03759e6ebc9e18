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

export function remat(graph: Graph): Graph {
  const uses = new Uses(graph);
  let stage = 0;
  /** What has been computed again in this stage. */
  let again = new Map<GraphValue, GraphValue>();
  return rebuild(graph, (node, inputs, recorder, of) => {
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

/** Who reads what, and when. */
class Uses {
  private readonly stages = new Map<GraphNode, number>();
  /** Who reads each value, through views too. */
  private readonly readers = new Map<GraphValue, GraphNode[]>();
  private readonly outputs = new Set<Mapped>();
  private readonly recipes = new Map<string, ReadonlySet<GraphNode> | null>();

  constructor(graph: Graph) {
    let walls = 0;
    for (const node of graph.nodes) {
      if (node.def.lower?.kind === 'view') continue;
      this.stages.set(node, isWall(node) ? walls++ : walls);
      for (const base of new Set(node.inputs.map((x) => chainOf(x).base))) {
        if (typeof base === 'number') continue;
        const list = this.readers.get(base);
        if (list === undefined) this.readers.set(base, [node]);
        else list.push(node);
      }
    }
    for (const v of graph.outputs) this.outputs.add(chainOf(v).base);
  }

  /** How many walls come before a node. */
  stageOf(node: GraphNode): number {
    return this.stages.get(node) ?? 0;
  }

  /** The nodes that compute a value again in a stage; null if it is better kept. */
  recipe(v: Mapped, stage: number): ReadonlySet<GraphNode> | null {
    if (typeof v === 'number' || !this.isWorthIt(v, stage)) return null;
    const key = `${v.id} ${stage}`;
    let found = this.recipes.get(key);
    if (found === undefined) {
      const nodes = new Set<GraphNode>();
      const reads = new Set<GraphValue>();
      const most = this.isStored(v, stage) ? 1 : MOST_READS;
      found = this.collect(v, stage, nodes, reads) && reads.size <= most ? nodes : null;
      this.recipes.set(key, found);
    }
    return found;
  }

  /** Whether it is large, was computed in an earlier stage, and no wall of a later one needs it. */
  private isWorthIt(v: GraphValue, stage: number): boolean {
    if (v.node === null || numelOf(v.shape) < LEAST) return false;
    if (this.outputs.has(v) || isScalar(v)) return false;
    const from = this.stageOf(v.node);
    return from < stage && !this.readersOf(v).some((r) => isWall(r) && this.stageOf(r) > from);
  }

  private readersOf(v: GraphValue): readonly GraphNode[] {
    return this.readers.get(v) ?? [];
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
    if (v.node === null || this.outputs.has(v)) return true;
    return this.readersOf(v).some((r) => this.stageOf(r) >= stage && this.stays(r));
  }

  /** Whether a node is surely computed where it stands: none of its readers may do so in its stead. */
  private stays(node: GraphNode): boolean {
    if (isWall(node) || !isCheap(node)) return true;
    const [out] = node.outputs;
    return this.outputs.has(out) || this.readersOf(out).some(isWall);
  }

  /** Whether something else reads it through memory, before a stage or in a wall. */
  private isStored(v: GraphValue, stage: number): boolean {
    const from = v.node === null ? 0 : this.stageOf(v.node);
    return this.readersOf(v).some((r) => {
      const at = this.stageOf(r);
      return isWall(r) || (at > from && at < stage);
    });
  }
}

const isCheap = (node: GraphNode): boolean =>
  node.def.lower?.kind === 'element' && costOfNode(node) <= 1 && !isPositional(node);
