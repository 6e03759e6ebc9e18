/** The steps of a fused graph as launches: what lies in which buffer, copies, and the order. */
import {
  bytesOf,
  contiguousStrides,
  type DType,
  isContiguous,
  numelOf,
  type Shape,
  type Spec,
  specOf,
} from '../../base/index.ts';
import { type Graph, GraphValue, typeOf } from '../../ir/index.ts';
import type { Temp } from '../contraction/index.ts';
import type { Fusion } from '../fuse/index.ts';
import type { Step } from '../fuse/step.ts';
import type { TargetInfo } from '../ir.ts';
import type { BufferRef, Launch, LaunchPlan } from '../launch.ts';
import { placeTemps } from '../temps.ts';
import { batch } from './batch.ts';
import { emitKernel } from './emit.ts';
import { findEpilogues } from './epilogues.ts';
import { type Expr, ExprPool, type Root } from './expr.ts';
import { GroupBuilder, type Surroundings, scalarExpr } from './group.ts';
import { type Pair, pairsInPlace } from './in-place.ts';
import { keepCostly } from './keep.ts';
import { chainOf, isScalar, type LoweringOf } from './operand.ts';
import { findParts } from './parts.ts';
import { ownMap, type Place, stridesIn } from './place.ts';
import { type FusedKernel, offenders, type Plan, planLoops } from './plan.ts';
import { argsOfPlan, keyOf } from './slots.ts';
import { buildSpecial } from './special.ts';
import { isSplit, type Memory, split } from './split.ts';

export class Assembly implements Surroundings {
  readonly info: TargetInfo;
  readonly graph: Graph;
  readonly fusion: Fusion;
  /** Values that other steps or the caller read from memory. */
  readonly stored = new Set<GraphValue>();
  private readonly inputs: readonly Spec[];
  private readonly launches: Launch[] = [];
  /** Bytes of each temporary. */
  private readonly temps: number[] = [];
  /** The plans of elementwise kernels and reductions. */
  private readonly plans = new Map<Launch, Plan>();
  private readonly buffers = new Map<Root, BufferRef>();
  private readonly indices = new Map<GraphValue, number>();
  private readonly places = new Map<GraphValue, Place>();
  /** Contractions, each with the group that finishes it. */
  epilogues: ReadonlyMap<Step, Step> = new Map();
  /** Values that lie within another's memory. */
  private parts: ReadonlyMap<GraphValue, Place> = new Map();

  private readonly cells: readonly Pair[] | undefined;
  /** Outputs that are written after all that can fault. */
  private readonly last: ReadonlySet<number>;
  private readonly constants: ReadonlySet<Root>;
  private readonly kept: number[] = [];

  constructor(
    graph: Graph,
    inputs: readonly Spec[],
    info: TargetInfo,
    fusion: Fusion,
    cells?: readonly Pair[],
    constants: readonly number[] = [],
  ) {
    this.cells = cells;
    this.last = new Set(cells?.map(([o]) => o));
    this.constants = new Set(constants.map((i) => graph.inputs[i]));
    this.graph = graph;
    this.inputs = inputs;
    this.info = info;
    this.fusion = fusion;
    graph.inputs.forEach((v, index) => {
      this.indices.set(v, index);
      if (v.weak === undefined) this.buffers.set(v, { kind: 'input', index });
    });
  }

  plan(): LaunchPlan {
    this.findStored();
    this.epilogues = findEpilogues(this);
    this.parts = findParts(this);
    const copies = this.placeOutputs();
    for (const step of this.order()) this.build(step);
    for (const [index, value] of copies) this.copyOutput(index, value);
    const { plans, info, cells, last, graph, inputs, buffers } = this;
    const { launches, parts } = batch(
      [...this.launches.filter((l) => l.kept), ...this.launches.filter((l) => !l.kept)],
      plans,
      info,
      cells ?? [],
    );
    const ordered = { graph, inputs, launches, parts, plans, buffers };
    const { starts, bytes } = placeTemps(this.temps, launches);
    const memory = { temps: starts, tempSizes: this.temps, tempBytes: bytes };
    return {
      launches,
      ...memory,
      keptSizes: this.kept,
      inPlace: pairsInPlace(ordered, last, cells),
    };
  }

  // ---- what goes through memory, and in which order

  private findStored(): void {
    for (const step of this.fusion.steps) {
      for (const node of step.nodes) {
        node.inputs.forEach((x, i) => {
          const { base } = chainOf(x);
          if (typeof base === 'number') return;
          const picked = node.def.lower?.kind === 'gather' && i === 0;
          if (picked || this.fusion.stepOf.get(base) !== step) this.stored.add(base);
        });
        if (step.space === null) for (const out of node.outputs) this.stored.add(out);
      }
    }
    for (const out of this.graph.outputs) {
      const { base } = chainOf(out);
      if (typeof base !== 'number') this.stored.add(base);
    }
  }

  isStored(v: GraphValue): boolean {
    return this.stored.has(v);
  }

  /** Whether a step or the caller reads a value. */
  isRead(v: GraphValue): boolean {
    const isBase = (x: GraphValue | number): boolean => chainOf(x).base === v;
    return (
      this.graph.outputs.some(isBase) ||
      this.fusion.steps.some((s) => s.nodes.some((n) => n.inputs.some(isBase)))
    );
  }

  inputIndex(v: GraphValue): number {
    return this.indices.get(v) as number;
  }

  /** Gives computed outputs their buffers; returns those that must be copied at the end. */
  private placeOutputs(): [number, GraphValue][] {
    const copies: [number, GraphValue][] = [];
    this.graph.outputs.forEach((value, index) => {
      const base = chainOf(value).base as GraphValue;
      const computed = this.fusion.stepOf.has(base) && !this.buffers.has(base);
      if (computed && this.isWhole(value, base)) this.buffers.set(base, { kind: 'output', index });
      else copies.push([index, value]);
    });
    return copies;
  }

  /** Whether a view shows all of its computed base in order: then they are the same memory. */
  isWhole(value: GraphValue, base: GraphValue): boolean {
    const place = value === base ? null : this.placeWithoutCopy(value);
    if (place === null) return value === base;
    const { shape, strides, offset } = place;
    return offset === 0 && numelOf(shape) === numelOf(base.shape) && isContiguous(shape, strides);
  }

  /** Steps after all that they depend on, else in the order of the graph. */
  private order(): Step[] {
    const out = new Set<Step>();
    const position = new Map(this.graph.nodes.map((n, i) => [n, i]));
    const at = (s: Step): number => Math.min(...s.nodes.map((n) => position.get(n) as number));
    const sorted = (steps: Iterable<Step>): Step[] => [...steps].sort((a, b) => at(a) - at(b));
    const absorbed = new Map([...this.epilogues].map(([c, group]) => [group, c]));
    const visit = (given: Step): void => {
      const s = absorbed.get(given) ?? given;
      if (out.has(s)) return;
      const deps = [...s.deps, ...(this.epilogues.get(s)?.deps ?? [])];
      for (const d of sorted(deps)) if ((absorbed.get(d) ?? d) !== s) visit(d);
      out.add(s);
    };
    for (const s of this.fusion.steps) {
      s.nodes.sort((a, b) => (position.get(a) as number) - (position.get(b) as number));
    }
    const late = this.lateSteps(absorbed);
    for (const s of sorted(this.fusion.steps)) if (!late.has(s)) visit(s);
    for (const s of sorted(late)) visit(s);
    return [...out];
  }

  /** Steps that compute outputs to be written last, and that nothing else waits for. */
  private lateSteps(absorbed: ReadonlyMap<Step, Step>): Set<Step> {
    const late = new Set<Step>();
    for (const o of this.last) {
      const step = this.fusion.stepOf.get(chainOf(this.graph.outputs[o]).base as GraphValue);
      if (step === undefined || step.faults || absorbed.has(step)) continue;
      if (step.space !== null && step.users.size === 0) late.add(step);
    }
    return late;
  }

  private build(step: Step): void {
    if (step.space === null) {
      buildSpecial(this, step, this.epilogues.get(step) ?? null);
      return;
    }
    const group = new GroupBuilder(this, step);
    const kernel = group.kernel();
    if (kernel.stores.length === 0) return;
    this.densify(kernel);
    if (!isSplit(kernel)) return this.launch(keepCostly(kernel, group.pool));
    const temp = (dtype: DType, shape: Shape): Memory => this.fresh(dtype, shape);
    for (const part of split(kernel, group.pool, temp)) this.launch(part);
  }

  // ---- buffers

  bufferOf(root: Root): BufferRef {
    let ref = this.buffers.get(root);
    if (ref === undefined) {
      if (!(root instanceof GraphValue)) throw new Error('a buffer without a place');
      ref = this.temp(numelOf(root.shape) * bytesOf(root.dtype));
      this.buffers.set(root, ref);
    }
    return ref;
  }

  temp(bytes: number): BufferRef {
    return { kind: 'temp', index: this.temps.push(bytes) - 1 };
  }

  /** Memory for what is made of an operand: kept from run to run if the operand is constant. */
  tempFor(root: Root): { readonly temp: Temp; readonly kept: boolean } {
    if (!this.constants.has(root)) return { temp: (bytes) => this.temp(bytes), kept: false };
    return {
      temp: (bytes) => ({ kind: 'kept', index: this.kept.push(bytes) - 1 }),
      kept: true,
    };
  }

  /** A fresh dense buffer. */
  private fresh(dtype: DType, shape: Shape): Place {
    const root = {};
    this.buffers.set(root, this.temp(numelOf(shape) * bytesOf(dtype)));
    return dense(root, dtype, shape);
  }

  // ---- operands

  placeOf(x: GraphValue): Place {
    let place = this.places.get(x);
    if (place === undefined) {
      place = this.follow(x, (p) => this.copied(p)) as Place;
      this.places.set(x, place);
    }
    return place;
  }

  /** Where an operand lies; null if it has to be copied first. */
  placeWithoutCopy(x: GraphValue): Place | null {
    return this.follow(x, () => null);
  }

  /** Where a value that is no view is stored: within another, or by itself. */
  placeOfBase(value: GraphValue): Place {
    return this.parts.get(value) ?? dense(value, value.dtype, value.shape);
  }

  /** Whether a value is stored where it will be part of another. */
  liesAt(value: GraphValue, { root, offset }: Place): boolean {
    const part = this.parts.get(value);
    return part !== undefined && part.root === root && part.offset === offset;
  }

  /** Folds an operand's views into strides; a view that strides cannot express is of a copy. */
  private follow(x: GraphValue, copy: (p: Place) => Place | null): Place | null {
    const { base, views } = chainOf(x);
    const value = base as GraphValue;
    const index = this.indices.get(value);
    let place = this.placeOfBase(value);
    if (index !== undefined) place = { ...place, strides: this.inputs[index].strides };
    for (const node of views) {
      const { view } = node.def.lower as LoweringOf<'view'>;
      const see = (p: Place) => view(specOf(p.dtype, p.shape, p.strides), node.attrs);
      let seen = see(place);
      if (seen === null) {
        const copied = copy(place);
        if (copied === null) return null;
        place = copied;
        seen = see(place);
      }
      if (seen === null) throw new Error(`${node.def.name} cannot view a dense operand`);
      const { shape, strides } = seen;
      place = { ...place, offset: place.offset + seen.offset, shape, strides };
    }
    return place;
  }

  /** An operand in memory, with elements of `dtype`. */
  operand(x: GraphValue | number, dtype: DType): Place {
    const { base } = chainOf(x);
    if (isScalar(base)) {
      const place = this.fresh(dtype, typeOf(x).shape);
      this.fill(place, base);
      return place;
    }
    const place = this.placeOf(x as GraphValue);
    return place.dtype === dtype ? place : this.copied(place, dtype);
  }

  /** An operand in memory, row by row without gaps. */
  denseOperand(x: GraphValue | number, dtype: DType): Place {
    const place = this.operand(x, dtype);
    return isContiguous(place.shape, place.strides) ? place : this.copied(place);
  }

  // ---- kernels

  push(launches: readonly Launch[]): void {
    this.launches.push(...launches);
  }

  launch(kernel: FusedKernel): void {
    const { info } = this;
    const { space, inner } = kernel;
    const empty = kernel.stores.every(({ place }) =>
      space.some((n, d) => n === 0 && (place === 'inner' || (place === 'row' && !inner[d]))),
    );
    if (empty) return;
    this.densify(kernel);
    const plan = planLoops(kernel, info);
    const launch: Launch = {
      key: keyOf(plan, info.isa),
      build: () => emitKernel(plan),
      args: argsOfPlan(plan, (root) => this.bufferOf(root)),
      ...(plan.tiles === null ? {} : { tiles: plan.tiles.count }),
      ...(kernel.faults === undefined ? {} : { faults: kernel.faults }),
    };
    this.launches.push(launch);
    this.plans.set(launch, plan);
  }

  /** Copies operands whose strides would change the order of a float sum. */
  private densify({ space, inner, stores, ...rest }: FusedKernel): void {
    for (const stream of offenders({ space, inner, stores, ...rest })) {
      if (stream.memory === null || stores.some((s) => s.stream === stream)) continue;
      const dims = space.map((_, d) => inner[d] || stream.strides[d] !== 0);
      const copy = this.copied({
        ...stream.memory,
        shape: space.filter((_, d) => dims[d]),
        strides: stream.strides.filter((_, d) => dims[d]),
      });
      let next = 0;
      const strides = dims.map((is) => (is ? copy.strides[next++] : 0));
      Object.assign(stream, { strides, memory: { ...stream.memory, root: copy.root, offset: 0 } });
    }
  }

  /** An elementwise kernel over `to` that stores one value. */
  private elementwise(
    name: string,
    to: Place,
    value: (pool: ExprPool, load: (p: Place) => Expr) => Expr,
  ): void {
    const pool = new ExprPool();
    const space = to.shape.filter((n) => n !== 1);
    const map = ownMap(to.shape);
    const stream = ({ root, offset, dtype, ...p }: Place) =>
      pool.stream(
        { root, offset, dtype },
        stridesIn(space.length, map, { root, offset, dtype, ...p }, to.shape),
      );
    const e = value(pool, (p) => pool.load(stream(p)));
    const place = space.length === 0 ? 'row' : 'inner';
    const stores = [{ value: e, stream: stream(to), place } as const];
    this.launch({ name, space, inner: space.map(() => true), stores });
  }

  /** `to` = the elements at `from`, converted. */
  copy(from: Place, to: Place): void {
    this.elementwise('copy', to, (pool, load) => pool.cast(load(from), to.dtype));
  }

  /** A scalar in every element of `to`. */
  fill(to: Place, x: GraphValue | number): void {
    this.elementwise('fill', to, (pool) => scalarExpr(pool, x, to.dtype, this));
  }

  /** The elements as a dense copy, converted to `dtype`. */
  copied(from: Place, dtype = from.dtype): Place {
    const to = this.fresh(dtype, from.shape);
    this.copy(from, to);
    return to;
  }

  private copyOutput(index: number, value: GraphValue): void {
    const root = {};
    this.buffers.set(root, { kind: 'output', index });
    const to = dense(root, value.dtype, value.shape);
    const { base } = chainOf(value);
    if (isScalar(base)) this.fill(to, base);
    else this.copy(this.placeOf(value), to);
  }
}

const dense = (root: Root, dtype: DType, shape: Shape): Place => ({
  root,
  dtype,
  offset: 0,
  shape,
  strides: contiguousStrides(shape),
});
