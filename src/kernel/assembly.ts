/** The steps of a fused graph as launches: expressions, buffers, order. */
import {
  bytesOf,
  contiguousStrides,
  type DType,
  numelOf,
  type Shape,
  type Spec,
  specOf,
} from '../base/index.ts';
import { type Graph, type GraphNode, GraphValue, typeOf } from '../ir/graph.ts';
import type { Lowering } from '../ir/lowering.ts';
import { chainOf, type Fusion, fuse, isScalar, operandTypes, reductionOf, type Step } from './fuse.ts';
import type { TargetInfo } from './ir.ts';
import type { BufferRef, Launch, LaunchPlan } from './launch.ts';
import { emitKernel, argsOfPlan, keyOf } from './schedule/emit.ts';
import { type Expr, ExprPool, positionStrides, type Root, tracer } from './schedule/expr.ts';
import { exprsOf, type FusedKernel, offenders, planLoops, type Store } from './schedule/plan.ts';

/** Where elements lie: in the memory of `root`, strided. */
export interface Place {
  readonly root: Root;
  readonly dtype: DType;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

type Of<K extends Lowering<any>['kind']> = Extract<Lowering<any>, { kind: K }>;

export class Assembly {
  private readonly graph: Graph;
  private readonly inputs: readonly Spec[];
  private readonly info: TargetInfo;
  private readonly fusion: Fusion;
  private readonly launches: Launch[] = [];
  private readonly temps: number[] = [];
  private readonly buffers = new Map<Root, BufferRef>();
  private readonly inputIndex = new Map<GraphValue, number>();
  /** Values that other steps or the caller read from memory. */
  private readonly stored = new Set<GraphValue>();

  constructor(graph: Graph, inputs: readonly Spec[], info: TargetInfo) {
    this.graph = graph;
    this.inputs = inputs;
    this.info = info;
    this.fusion = fuse(graph);
    graph.inputs.forEach((v, index) => {
      this.inputIndex.set(v, index);
      if (v.weak === undefined) this.buffers.set(v, { kind: 'input', index });
    });
  }

  plan(): LaunchPlan {
    this.findStored();
    const copies = this.placeOutputs();
    for (const step of this.order()) this.build(step);
    for (const [index, value] of copies) this.copyOutput(index, value);
    return { launches: this.launches, temps: this.temps };
  }

  // ---- what goes through memory, and where

  private findStored(): void {
    for (const step of this.fusion.steps) {
      for (const node of step.nodes) {
        node.inputs.forEach((x, i) => {
          const { base } = chainOf(x);
          if (typeof base === 'number') return;
          const gathered = node.def.lower?.kind === 'gather' && i === 0;
          if (gathered || this.fusion.stepOf.get(base) !== step) this.stored.add(base);
        });
        if (step.space === null) for (const out of node.outputs) this.stored.add(out);
      }
    }
    for (const out of this.graph.outputs) {
      const { base } = chainOf(out);
      if (typeof base !== 'number') this.stored.add(base);
    }
  }

  /** Gives computed outputs their buffers; returns those that must be copied at the end. */
  private placeOutputs(): [number, GraphValue][] {
    const copies: [number, GraphValue][] = [];
    this.graph.outputs.forEach((value, index) => {
      if (this.fusion.stepOf.has(value) && !this.buffers.has(value)) {
        this.buffers.set(value, { kind: 'output', index });
      } else copies.push([index, value]);
    });
    return copies;
  }

  private bufferOf(root: Root): BufferRef {
    let ref = this.buffers.get(root);
    if (ref === undefined) {
      if (!(root instanceof GraphValue)) throw new Error('a buffer without a place');
      ref = this.temp(numelOf(root.shape) * bytesOf(root.dtype));
      this.buffers.set(root, ref);
    }
    return ref;
  }

  private temp(bytes: number): BufferRef {
    return { kind: 'temp', index: this.temps.push(bytes) - 1 };
  }

  /** A fresh dense buffer. */
  private fresh(dtype: DType, shape: Shape): Place {
    const root = {};
    this.buffers.set(root, this.temp(numelOf(shape) * bytesOf(dtype)));
    return { root, dtype, offset: 0, shape, strides: contiguousStrides(shape) };
  }

  /** Steps after all that they depend on, else in the order of the graph. */
  private order(): Step[] {
    const out = new Set<Step>();
    const position = new Map(this.graph.nodes.map((n, i) => [n, i]));
    const at = (s: Step): number => Math.min(...s.nodes.map((n) => position.get(n) as number));
    const sorted = (steps: Iterable<Step>): Step[] => [...steps].sort((a, b) => at(a) - at(b));
    const visit = (s: Step): void => {
      if (out.has(s)) return;
      for (const d of sorted(s.deps)) visit(d);
      out.add(s);
    };
    for (const s of sorted(this.fusion.steps)) {
      s.nodes.sort((a, b) => (position.get(a) as number) - (position.get(b) as number));
      visit(s);
    }
    return [...out];
  }

  /** Where an operand lies, its views folded into strides; what cannot be folded is copied. */
  placeOf(x: GraphValue): Place {
    const { base, views } = chainOf(x);
    const value = base as GraphValue;
    const index = this.inputIndex.get(value);
    let place: Place = {
      root: value,
      dtype: value.dtype,
      offset: 0,
      shape: value.shape,
      strides: index === undefined ? contiguousStrides(value.shape) : this.inputs[index].strides,
    };
    for (const node of views) {
      const { view } = node.def.lower as Of<'view'>;
      const see = (p: Place) => view(specOf(p.dtype, p.shape, p.strides), node.attrs);
      let seen = see(place);
      if (seen === null) {
        place = this.copied(place);
        seen = see(place);
      }
      if (seen === null) throw new Error(`${node.def.name} cannot view a dense operand`);
      place = {
        ...place,
        offset: place.offset + seen.offset,
        shape: seen.shape,
        strides: seen.strides,
      };
    }
    return place;
  }

  // ---- kernels

  private launch(kernel: FusedKernel): void {
    const { info } = this;
    const empty = kernel.stores.every((s) =>
      s.place === 'inner'
        ? kernel.space.includes(0)
        : s.place === 'row' && kernel.space.some((n, d) => n === 0 && !kernel.inner[d]),
    );
    if (empty) return;
    this.densify(kernel);
    const plan = planLoops(kernel, info);
    this.launches.push({
      key: keyOf(plan, info.isa),
      build: () => emitKernel(plan),
      args: argsOfPlan(plan, (root) => this.bufferOf(root)),
      ...(kernel.faults === undefined ? {} : { faults: kernel.faults }),
    });
  }

  /** Copies operands whose strides would change the order of a float sum. */
  private densify(kernel: FusedKernel): void {
    const { space, inner } = kernel;
    for (const stream of offenders(kernel)) {
      if (stream.memory === null) continue;
      const dims = space.map((_, d) => inner[d] || stream.strides[d] !== 0);
      const shape = space.filter((_, d) => dims[d]);
      const { root, offset, dtype } = stream.memory;
      const strides = stream.strides.filter((_, d) => dims[d]);
      const copy = this.copied({ root, dtype, offset, shape, strides });
      let next = 0;
      const dense = dims.map((is) => (is ? copy.strides[next++] : 0));
      Object.assign(stream, { strides: dense, memory: { root: copy.root, offset: 0, dtype } });
    }
  }

  /** An elementwise kernel over `shape` that stores one value. */
  private elementwise(
    name: string,
    shape: Shape,
    to: Place,
    value: (pool: ExprPool, at: (p: Place) => Expr) => Expr,
  ): void {
    const pool = new ExprPool();
    const space = shape.filter((n) => n !== 1);
    const map = spread(shape);
    const stream = (p: Place) =>
      pool.stream(
        { root: p.root, offset: p.offset, dtype: p.dtype },
        stridesIn(space.length, map, p, shape),
      );
    const e = value(pool, (p) => pool.load(stream(p)));
    const place = space.length === 0 ? 'row' : 'inner';
    this.launch({
      name,
      space,
      inner: space.map(() => true),
      stores: [{ value: e, stream: stream(to), place }],
    });
  }

  /** The elements as a dense copy, converted to `dtype`. */
  private copied(from: Place, dtype = from.dtype): Place {
    const to = this.fresh(dtype, from.shape);
    this.elementwise('copy', from.shape, to, (pool, load) => pool.cast(load(from), dtype));
    return to;
  }

  /** A number or run-time scalar in every element of `to`. */
  private fill(to: Place, x: GraphValue | number): void {
    this.elementwise('fill', to.shape, to, (pool) => this.scalar(pool, x, to.dtype));
  }

  /** An operand of a contraction or assembly as memory of its dtype. */
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

  private copyOutput(index: number, value: GraphValue): void {
    const root = {};
    this.buffers.set(root, { kind: 'output', index });
    const { dtype, shape } = value;
    const to: Place = { root, dtype, offset: 0, shape, strides: contiguousStrides(shape) };
    const { base } = chainOf(value);
    if (isScalar(base)) return this.fill(to, base);
    const from = this.placeOf(value);
    this.elementwise('copy', shape, to, (_, load) => load(from));
  }

  private scalar(pool: ExprPool, x: GraphValue | number, dtype: DType): Expr {
    if (typeof x === 'number') return pool.constant(x, dtype);
    const index = this.inputIndex.get(x) as number;
    if (dtype !== 'bool') return pool.scalar(index, dtype);
    return pool.cast(pool.scalar(index, x.weak === 'float' ? 'float32' : 'int32'), 'bool');
  }

  // ---- steps

  private build(step: Step): void {
    if (step.space !== null) return this.group(step);
    throw new Error(`cannot lower ${step.nodes[0].def.name} yet`);
  }

  private group(step: Step): void {
    const kernel = new GroupBuilder(this, step).kernel();
    if (kernel.stores.length > 0) this.launch(kernel);
  }

  /** Whether the value is wanted in memory. */
  isStored(v: GraphValue): boolean {
    return this.stored.has(v);
  }

  scalarOf(pool: ExprPool, x: GraphValue | number, dtype: DType): Expr {
    return this.scalar(pool, x, dtype);
  }
}

/** The expressions of one group. */
class GroupBuilder {
  private readonly assembly: Assembly;
  private readonly step: Step;
  private readonly pool = new ExprPool();
  private readonly values = new Map<GraphValue, Expr>();
  private readonly space: readonly number[];
  private readonly inner: readonly boolean[];
  private faults: string | undefined;

  constructor(assembly: Assembly, step: Step) {
    this.assembly = assembly;
    this.step = step;
    this.space = step.space as number[];
    this.inner = step.inner ?? this.space.map(() => true);
  }

  kernel(): FusedKernel {
    const { step, space, inner } = this;
    for (const node of step.nodes) this.node(node);
    const stores: Store[] = [];
    for (const [value, map] of step.maps) {
      if (!this.assembly.isStored(value)) continue;
      const e = this.values.get(value) as Expr;
      const n = map.filter((d) => d >= 0).length;
      // A value that spans everything is a row value where nothing is reduced.
      const isInner = n === space.length && inner.includes(true);
      const once = n === 0 && e.level === 0 && space.length > 0;
      const place = isInner ? 'inner' : once ? 'once' : 'row';
      const strides = positionStrides(value.shape, map, space.length);
      const memory = { root: value, offset: 0, dtype: value.dtype };
      stores.push({ value: e, stream: this.pool.stream(memory, strides), place });
    }
    const order = new Map([...step.nodes].map((n, i) => [n, i]));
    const rank = (s: Store): number =>
      order.get((s.stream.memory?.root as GraphValue).node as GraphNode) as number;
    stores.sort((a, b) => rank(a) - rank(b));
    const name = [...new Set(step.nodes.map((n) => n.def.name))].slice(0, 6).join('_');
    return {
      name,
      space,
      inner,
      stores,
      ...(this.faults === undefined ? {} : { faults: this.faults }),
    };
  }

  private node(node: GraphNode): void {
    const [out] = node.outputs;
    const lower = node.def.lower as Lowering<any>;
    const types = operandTypes(node);
    switch (lower.kind) {
      case 'element': {
        const map = this.step.maps.get(out) as readonly number[];
        const operands = node.inputs.map((x, i) => this.operand(x, types[i], out.shape, map));
        const at = () =>
          this.pool.position(positionStrides(out.shape, map, this.space.length));
        const e = lower.expr(tracer(this.pool, at), operands, node.attrs, out) as Expr;
        this.values.set(out, this.pool.cast(e, out.dtype));
        return;
      }
      case 'reduce':
        this.values.set(out, this.reduction(node, lower, types[0]));
        return;
      default:
        throw new Error(`cannot lower ${node.def.name} yet`);
    }
  }

  private reduction(node: GraphNode, lower: Of<'reduce'>, type: DType): Expr {
    const [x] = node.inputs;
    const [out] = node.outputs;
    const { dims, shape } = reductionOf(node);
    const { base } = chainOf(x);
    // A reduction's operand spans the space, so its map is known.
    const map = shape.length === 0 ? [] : this.step.maps.get(base as GraphValue) === undefined || dims.length > 0 ? spread(shape) : [];
    const operand = this.operand(x, type, shape, map.length > 0 ? map : spread(shape));
    const isArg = lower.combine === 'argmax' || lower.combine === 'argmin';
    if (dims.length === 0) return isArg ? this.pool.constant(0, 'int32') : this.pool.cast(operand, out.dtype);
    let position: Expr | null = null;
    if (isArg) {
      const reduced = shape.map((n, d) => (dims.includes(d) ? n : 1));
      position = this.pool.position(positionStrides(reduced, map, this.space.length));
    }
    return this.pool.reduced(lower.combine, operand, position, out.dtype);
  }

  /** An operand of an op whose output, of shape `out`, is laid by `map`. */
  private operand(
    x: GraphValue | number,
    dtype: DType,
    out: Shape,
    map: readonly number[],
  ): Expr {
    const { base } = chainOf(x);
    if (isScalar(base)) return this.assembly.scalarOf(this.pool, base, dtype);
    const own = this.values.get(base);
    if (own !== undefined) return this.pool.cast(own, dtype);
    const place = this.assembly.placeOf(x as GraphValue);
    const strides = stridesIn(this.space.length, map, place, out);
    const memory = { root: place.root, offset: place.offset, dtype: place.dtype };
    return this.pool.cast(this.pool.load(this.pool.stream(memory, strides)), dtype);
  }
}

/** The map of a value that spans a space of its own sizes. */
function spread(shape: Shape): number[] {
  let next = 0;
  return shape.map((n) => (n === 1 ? -1 : next++));
}

/** Strides along the space of an operand that broadcasts to `out`, which `map` lays there. */
function stridesIn(rank: number, map: readonly number[], p: Place, out: Shape): number[] {
  const strides = new Array<number>(rank).fill(0);
  const lead = out.length - p.shape.length;
  p.shape.forEach((n, d) => {
    const to = map[lead + d];
    if (to < 0 || (n === 1 && out[lead + d] !== 1)) return;
    // An empty dimension varies, lest its first element be loaded outside the loop.
    strides[to] = n === 0 && p.strides[d] === 0 ? 1 : p.strides[d];
  });
  return strides;
}

export { exprsOf };
