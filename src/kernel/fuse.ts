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
import { bytesOf, type DType, numelOf, type Shape } from '../base/index.ts';
import type { Graph, GraphNode, GraphValue } from '../ir/index.ts';
import { typeOf } from '../ir/index.ts';
import { fits, imageSize, layOut, mapThrough, STRETCHED } from './schedule/maps.ts';
import {
  chainOf,
  isScalar,
  type LoweringOf,
  operandTypes,
  orderedWidth,
  reductionOf,
} from './schedule/operand.ts';
import { ownMap } from './schedule/place.ts';
import { costOfNode } from './schedule/plan.ts';
import { isCut } from './schedule/split.ts';
import { Step } from './step.ts';

export interface Fusion {
  readonly steps: readonly Step[];
  /** The step that computes a value; graph inputs and views have none. */
  readonly stepOf: ReadonlyMap<GraphValue, Step>;
}

/** Groups larger than this gain little and cost compile time and registers. */
const MAX_NODES = 120;

export function fuse(graph: Graph): Fusion {
  return new Fuser().run(graph);
}

const spaceOf = (shape: Shape): number[] => shape.filter((n) => n !== 1);

class Fuser {
  private readonly steps = new Set<Step>();
  private begun = 0;
  private readonly stepOf = new Map<GraphValue, Step>();
  /** Who reads each value, through views too. */
  private readonly readers = new Map<GraphValue, GraphNode[]>();
  private readonly outputs = new Set<GraphValue>();
  private readonly placed = new Set<GraphNode>();

  run(graph: Graph): Fusion {
    const live = liveNodes(graph);
    for (const node of live) {
      if (node.def.lower?.kind === 'view') continue;
      for (const base of this.bases(node)) {
        const list = this.readers.get(base);
        if (list === undefined) this.readers.set(base, [node]);
        else list.push(node);
      }
    }
    for (const v of graph.outputs) {
      const { base } = chainOf(v);
      if (typeof base !== 'number') this.outputs.add(base);
    }
    for (const node of graph.nodes) if (live.has(node)) this.place(node);
    return { steps: [...this.steps], stepOf: this.stepOf };
  }

  private place(node: GraphNode): void {
    const kind = node.def.lower?.kind;
    switch (kind) {
      case 'view':
        return;
      case 'element':
        if (isScalar(node.outputs[0])) return;
        if (!this.joinAny(node)) this.start(node, node.outputs[0].shape);
        return;
      case 'reduce':
        if (!this.joinReduction(node)) this.startReduction(node);
        return;
      case 'gather':
        if (!this.joinAny(node)) this.start(node, node.outputs[0].shape);
        return;
      case undefined:
        throw new Error(`${node.def.name} is not a primitive: expand the graph first`);
      default:
        this.add(new Step(this.begun++), node);
    }
  }

  // ---- starting steps

  private add(step: Step, node: GraphNode): void {
    this.steps.add(step);
    this.placed.add(node);
    step.nodes.push(node);
    for (const out of node.outputs) this.stepOf.set(out, step);
    for (const base of this.bases(node)) {
      const s = this.stepOf.get(base);
      if (s !== undefined) step.dependOn(s);
    }
  }

  private start(node: GraphNode, shape: Shape): Step {
    const step = new Step(this.begun++);
    step.space = spaceOf(shape);
    this.enter(step, node, ownMap(shape));
    return step;
  }

  /** Puts an elementwise node into a group, its output laid by `map`. */
  private enter(step: Step, node: GraphNode, map: readonly number[]): void {
    this.add(step, node);
    step.maps.set(node.outputs[0], map);
    const isGather = node.def.lower?.kind === 'gather';
    if (isGather) step.faults = true;
    if (imageSize(map) !== step.space?.length) return;
    for (const w of widthsOf(node)) step.widths.add(w);
    if (isGather) step.gathers = true;
  }

  private startReduction(node: GraphNode): void {
    const { dims, shape } = reductionOf(node);
    const step = new Step(this.begun++);
    step.space = spaceOf(shape);
    const map = ownMap(shape);
    const inner = step.space.map(() => false);
    for (const d of dims) inner[map[d]] = true;
    this.reduce(step, node, map, inner);
  }

  // ---- joining groups

  private bases(node: GraphNode): GraphValue[] {
    return node.inputs.map((x) => chainOf(x).base).filter((b) => typeof b !== 'number');
  }

  /** Groups that compute operands of the node, largest space and latest first. */
  private candidates(node: GraphNode): Step[] {
    const found = new Set<Step>();
    for (const base of this.bases(node)) {
      const s = this.stepOf.get(base);
      if (s?.space != null) found.add(s);
    }
    return [...found].reverse().sort((a, b) => numelOf(b.space ?? []) - numelOf(a.space ?? []));
  }

  private joinAny(node: GraphNode): boolean {
    const all = this.candidates(node);
    for (const group of all) {
      if (!this.join(node, group)) continue;
      for (const other of all) if (other !== group) this.merge(other, group, node);
      return true;
    }
    return false;
  }

  private join(node: GraphNode, group: Step): boolean {
    if (group.nodes.length >= MAX_NODES) return false;
    const out = node.outputs[0].shape;
    const maps = this.operandMaps(node, group);
    if (maps === null || this.wouldCycle(node, group)) return false;
    if (this.wouldWait(node, group) || this.comesLater(node, group)) return false;
    // What a gather picks from must lie in memory.
    const isGather = node.def.lower?.kind === 'gather';
    if (isGather && this.stepOf.get(chainOf(node.inputs[0]).base as GraphValue) === group) {
      return false;
    }
    const space = group.space as number[];
    if (space.length === 0 && group.inner === null && spaceOf(out).length > 0) {
      if (this.isNeeded(group, node)) return false;
      // A group of 0-d values goes with the first larger op that uses them.
      group.space = spaceOf(out);
      group.widths.clear();
      this.enter(group, node, ownMap(out));
      return true;
    }
    const map = layOut(out, maps, space);
    if (map === null || !fits(map, group)) return false;
    const spans = imageSize(map) === space.length;
    if (spans && !widthsFit(group, widthsOf(node))) return false;
    if (isGather && group.ordered !== null && (spans || isCut(space, group.inner))) return false;
    this.enter(group, node, map);
    return true;
  }

  /**
   * How each operand that the group computes lies in its space, aligned with the output's last
   * dimension; null if one cannot be read there.
   */
  private operandMaps(node: GraphNode, group: Step): (readonly number[])[] | null {
    const maps: (readonly number[])[] = [];
    for (const x of node.inputs) {
      const { base } = chainOf(x);
      if (typeof base === 'number' || this.stepOf.get(base) !== group) continue;
      const map = this.mapIn(group, x);
      if (map === null) return null;
      maps.push(map);
    }
    return maps;
  }

  /** How an operand lies in the space of the group that computes it, through its views. */
  private mapIn(group: Step, x: GraphValue | number): readonly number[] | null {
    const { base, views } = chainOf(x);
    let map = group.maps.get(base as GraphValue) ?? null;
    for (const node of views) {
      if (map === null) return null;
      map = mapThrough(map, node);
    }
    return map;
  }

  private wouldCycle(node: GraphNode, group: Step): boolean {
    return this.bases(node).some((base) => {
      const s = this.stepOf.get(base);
      return s !== undefined && s !== group && s.reaches(group);
    });
  }

  /**
   * Whether a group that takes a contraction's result would take another's too, or would have to
   * wait for what begins later and goes through memory anyway.
   */
  private wouldWait(node: GraphNode, group: Step): boolean {
    const own = taken(group);
    if (own.length === 0) return false;
    const read = this.bases(node).map((base) => this.stepOf.get(base));
    return read.some(
      (s) =>
        s !== undefined &&
        s !== group &&
        !group.deps.has(s) &&
        (isContraction(s) || (s.inner !== null && own.some((c) => c.number < s.number))),
    );
  }

  /** Whether others than `node` read what a group computes: it is then computed once, for all. */
  private isNeeded(group: Step, node: GraphNode): boolean {
    return this.isReadBy(group, (r) => r !== node && !group.nodes.includes(r));
  }

  private isNeededBeside(group: Step, other: Step): boolean {
    return this.isReadBy(group, (r) => !other.nodes.includes(r) && !group.nodes.includes(r));
  }

  private isReadBy(group: Step, who: (reader: GraphNode) => boolean): boolean {
    return group.nodes.some((n) =>
      n.outputs.some((v) => this.outputs.has(v) || this.readers.get(v)?.some(who) === true),
    );
  }

  /**
   * Whether a cheap op had better be computed where its result is used: its operands lie in memory
   * anyway, so the result need not be kept until then (the mask of a relu, which the way back asks for,
   * or what `compile/passes/remat.ts` computes again).
   */
  private comesLater(node: GraphNode, group: Step): boolean {
    if (node.def.lower?.kind !== 'element' || this.outputs.has(node.outputs[0])) return false;
    const bases = this.bases(node);
    if (bases.length > 2 || costOfNode(node) > 1) return false;
    return bases.every((base) => this.isInMemory(base, node, group));
  }

  /** Whether a value is in memory for a step that has been placed already, or was never elsewhere. */
  private isInMemory(base: GraphValue, node: GraphNode, group: Step): boolean {
    const step = this.stepOf.get(base);
    if (step === undefined || step.space === null) return true;
    return (
      this.readers
        .get(base)
        ?.some((r) => r !== node && this.placed.has(r) && !group.nodes.includes(r)) === true
    );
  }

  /** Merges group `from` into `into`, which holds `node`, a reader of both. */
  private merge(from: Step, into: Step, node: GraphNode): void {
    if (from.space === null || !this.steps.has(from)) return;
    if (from.nodes.length + into.nodes.length > MAX_NODES) return;
    if (new Set([...taken(from), ...taken(into)]).size > 1) return;
    const scalars = from.space.length === 0 && (into.space as number[]).length > 0;
    if (scalars && from.inner === null && this.isNeededBeside(from, into)) return;
    const translate = this.translation(from, into, node);
    if (translate === null) return;
    if (!this.readsInPlace(into, from, node, translate, 'from')) return;
    if (!this.readsInPlace(from, into, node, translate, 'into')) return;
    for (const d of into.deps) if (d !== from && d.reaches(from)) return;
    for (const d of from.deps) if (d !== into && d.reaches(into)) return;
    const space = into.space as number[];
    let inner = into.inner;
    if (from.inner !== null) {
      const moved = space.map(() => false);
      from.inner.forEach((is, d) => {
        if (is) moved[translate[d]] = true;
      });
      if (inner !== null && moved.some((is, d) => is !== inner?.[d])) return;
      inner = moved;
    }
    const maps = [...from.maps].map(
      ([v, map]) => [v, map.map((d) => (d < 0 ? d : translate[d]))] as const,
    );
    const shape = { space, inner };
    if (![...maps, ...into.maps].every(([, map]) => fits(map, shape))) return;
    const whole = from.space.length === space.length;
    const ordered = into.ordered ?? from.ordered;
    const widths = new Set([...into.widths, ...(whole ? from.widths : [])]);
    const gathers = into.gathers || (whole && from.gathers);
    const faults = into.faults || from.faults;
    if (from.ordered !== null && into.ordered !== null && from.ordered !== into.ordered) return;
    if (ordered !== null && (gathers || !onlyWidth(widths, ordered, inner))) return;
    if (ordered !== null && faults && isCut(space, inner)) return;
    Object.assign(into, { inner, ordered, gathers, faults });
    for (const w of widths) into.widths.add(w);
    for (const [v, map] of maps) into.maps.set(v, map);
    into.nodes.push(...from.nodes);
    into.takeOver(from);
    this.steps.delete(from);
    for (const n of from.nodes) for (const out of n.outputs) this.stepOf.set(out, into);
  }

  /**
   * Whether the nodes of `group` that read values of `other` from memory find each where it is computed,
   * once the two are one: not turned, flipped, or along other dimensions. `node` itself has been asked.
   */
  private readsInPlace(
    group: Step,
    other: Step,
    node: GraphNode,
    translate: readonly number[],
    which: 'from' | 'into',
  ): boolean {
    const moved = (map: readonly number[], side: 'from' | 'into'): readonly number[] =>
      side === 'from' ? map.map((d) => (d < 0 ? d : translate[d])) : map;
    for (const n of group.nodes) {
      if (n === node) continue;
      for (const x of n.inputs) {
        const { base } = chainOf(x);
        if (typeof base === 'number' || this.stepOf.get(base) !== other) continue;
        const own = group.maps.get(n.outputs[0]);
        const map = this.mapIn(other, x);
        if (map === null || own === undefined || n.def.lower?.kind !== 'element') return false;
        const at = moved(map, which);
        const to = moved(own, which === 'from' ? 'into' : 'from');
        const lead = to.length - at.length;
        if (lead < 0 || at.some((d, i) => d >= 0 && d !== to[lead + i])) return false;
      }
    }
    return true;
  }

  /** For each space dimension of `from` the one of `into` that it is; null if they do not meet. */
  private translation(from: Step, into: Step, node: GraphNode): number[] | null {
    const target = into.maps.get(node.outputs[0]) as readonly number[];
    const space = from.space as number[];
    const to = space.map(() => -1);
    for (const x of node.inputs) {
      const { base } = chainOf(x);
      if (typeof base === 'number' || this.stepOf.get(base) !== from) continue;
      const map = this.mapIn(from, x);
      if (map === null) return null;
      const lead = target.length - map.length;
      for (let d = 0; d < map.length; d++) {
        if (map[d] < 0) continue;
        if (to[map[d]] >= 0 && to[map[d]] !== target[lead + d]) return null;
        to[map[d]] = target[lead + d];
      }
    }
    // Rows of spaces that agree in all sizes belong together whole.
    if (to.includes(-1) && sameSizes(space, into.space as number[])) {
      if (to.some((t, d) => t >= 0 && t !== d)) return null;
      return to.map((_, d) => d);
    }
    const rising = to.every((t, d) => t >= 0 && (d === 0 || t > to[d - 1]));
    return rising ? to : null;
  }

  // ---- reductions

  private joinReduction(node: GraphNode): boolean {
    const [x] = node.inputs;
    const { base } = chainOf(x);
    if (typeof base === 'number') return false;
    const group = this.stepOf.get(base);
    if (group?.space != null && this.joinGroup(node, group, this.mapIn(group, x))) return true;
    // What lies in memory is read once by all that reduce it, and what they reduce, alike.
    const { shape, dims } = reductionOf(node);
    if (dims.length === 0) return false;
    for (const reader of [...this.steps].reverse()) {
      const { space, inner } = reader;
      if (space === null || inner === null || !sameSizes(space, spaceOf(shape))) continue;
      if (reader === group || !reader.nodes.some((n) => n.inputs.includes(x))) continue;
      if (this.joinGroup(node, reader, ownMap(shape))) return true;
    }
    return false;
  }

  private joinGroup(node: GraphNode, group: Step, map: readonly number[] | null): boolean {
    if (group.space === null || group.nodes.length >= MAX_NODES) return false;
    if (map === null || map.includes(STRETCHED)) return false;
    const { dims } = reductionOf(node);
    if (dims.length > 0 && imageSize(map) !== group.space.length) return false;
    const inner = group.space.map(() => false);
    for (const d of dims) inner[map[d]] = true;
    const width = orderedWidth(node);
    if (dims.length > 0) {
      if (group.inner !== null && inner.some((is, d) => is !== group.inner?.[d])) return false;
      const shape = { space: group.space, inner };
      if (![...group.maps.values()].every((m) => fits(m, shape))) return false;
      if (width !== null) {
        if (group.ordered !== null && group.ordered !== width) return false;
        if (group.gathers || !onlyWidth(group.widths, width, inner)) return false;
        if (group.faults && isCut(group.space, inner)) return false;
      }
      const [to] = operandTypes(node);
      if (group.ordered !== null && !onlyWidth([bytesOf(to)], group.ordered, inner)) return false;
    }
    this.reduce(group, node, map, inner);
    return true;
  }

  private reduce(group: Step, node: GraphNode, map: readonly number[], inner: boolean[]): void {
    const { dims } = reductionOf(node);
    this.add(group, node);
    if (dims.length > 0) {
      group.inner = inner;
      group.ordered ??= orderedWidth(node);
      const [to] = operandTypes(node);
      if (to !== 'bool') group.widths.add(bytesOf(to));
    }
    const out = node.outputs[0].shape;
    const all = node.def.lower as LoweringOf<'reduce'>;
    const gone = all.dims(node.attrs, typeOf(node.inputs[0]));
    const kept = out.length === map.length;
    group.maps.set(
      node.outputs[0],
      kept
        ? map.map((d, i) => (gone.includes(i) ? -1 : d))
        : map.filter((_, i) => !gone.includes(i)),
    );
  }
}

/**
 * Whether vectors of these widths leave a float sum its lanes. Where the last dimension is kept,
 * lanes are different rows and do not matter.
 */
function onlyWidth(
  widths: Iterable<number>,
  width: number,
  inner: readonly boolean[] | null,
): boolean {
  if (inner !== null && inner.length > 0 && !inner[inner.length - 1]) return true;
  for (const w of widths) if (w !== width) return false;
  return true;
}

const widthsFit = (group: Step, widths: Iterable<number>): boolean =>
  group.ordered === null || onlyWidth(widths, group.ordered, group.inner);

/** Widths of the elements that a node touches; bool has none. */
function widthsOf(node: GraphNode): Set<number> {
  const types = new Set<DType>([...operandTypes(node), node.outputs[0].dtype]);
  node.inputs.forEach((x) => {
    if (!isScalar(chainOf(x).base)) types.add(typeOf(x).dtype);
  });
  types.delete('bool');
  return new Set([...types].map(bytesOf));
}

const isContraction = ({ nodes: [first] }: Step): boolean =>
  first.def.lower?.kind === 'gemm' || first.def.lower?.kind === 'conv';

/** The contractions whose results a group takes. */
const taken = (group: Step): readonly Step[] => [...group.deps].filter(isContraction);

const sameSizes = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, d) => n === b[d]);

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
