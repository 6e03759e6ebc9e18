/** The expressions of one fused group: its nodes, traced over the group's space. */
import { type DType, IndexError, numelOf, type Shape, specOf } from '../../base/index.ts';
import { type GraphNode, type GraphValue, typeOf } from '../../ir/index.ts';
import type { Step } from '../fuse/step.ts';
import { type Expr, ExprPool, positionStrides, tracer } from './expr.ts';
import {
  type AnyLowering,
  chainOf,
  isScalar,
  type LoweringOf,
  operandTypes,
  reductionOf,
} from './operand.ts';
import { ownMap, type Place, stridesIn } from './place.ts';
import type { FusedKernel, Store } from './plan.ts';

/** What a group must know of the plan around it. */
export interface Surroundings {
  /** Where an operand lies in memory. */
  placeOf(x: GraphValue): Place;
  /** Where a value that is no view is stored. */
  placeOfBase(x: GraphValue): Place;
  /** An operand in memory, scalars included. */
  operand(x: GraphValue | number, dtype: DType): Place;
  isStored(v: GraphValue): boolean;
  /** Number of a graph input. */
  inputIndex(v: GraphValue): number;
}

/** The value of a scalar (see {@link isScalar}), converted to `dtype`. */
export function scalarExpr(
  pool: ExprPool,
  x: GraphValue | number,
  dtype: DType,
  around: Surroundings,
): Expr {
  if (typeof x === 'number') return pool.constant(x, dtype);
  if (x.node === null) {
    const index = around.inputIndex(x);
    if (dtype !== 'bool') return pool.scalar(index, dtype);
    return pool.cast(pool.scalar(index, x.weak === 'float' ? 'float32' : 'int32'), 'bool');
  }
  const { node } = x;
  const types = operandTypes(node);
  const operands = node.inputs.map((y, i) => scalarExpr(pool, chainOf(y).base, types[i], around));
  const build = tracer(pool, () => pool.position([]));
  const e = (node.def.lower as LoweringOf<'element'>).expr(build, operands, node.attrs, x) as Expr;
  return pool.cast(pool.cast(e, x.dtype), dtype);
}

export class GroupBuilder {
  readonly pool = new ExprPool();
  private readonly around: Surroundings;
  private readonly step: Step;
  private readonly values = new Map<GraphValue, Expr>();
  private readonly space: readonly number[];
  private readonly inner: readonly boolean[];
  private faults: GraphNode | undefined;

  constructor(around: Surroundings, step: Step) {
    this.around = around;
    this.step = step;
    this.space = step.space as number[];
    this.inner = step.inner ?? this.space.map(() => true);
  }

  kernel(): FusedKernel {
    const { step, space, inner } = this;
    for (const node of step.nodes) this.values.set(node.outputs[0], this.node(node));
    const stores: Store[] = [];
    for (const node of step.nodes) {
      const [value] = node.outputs;
      if (!this.around.isStored(value)) continue;
      const map = step.maps.get(value) as readonly number[];
      const e = this.values.get(value) as Expr;
      const n = map.filter((d) => d >= 0).length;
      const isInner = n === space.length && inner.includes(true);
      const isOnce = n === 0 && e.level === 0 && space.length > 0;
      const { root, offset, dtype, ...place } = this.around.placeOfBase(value);
      const strides = stridesIn(space.length, map, { root, offset, dtype, ...place }, value.shape);
      const memory = { root, offset, dtype };
      stores.push({
        value: e,
        stream: this.pool.stream(memory, strides),
        place: isInner ? 'inner' : isOnce ? 'once' : 'row',
      });
    }
    const name = [...new Set(step.nodes.map((n) => n.def.name))].slice(0, 6).join('_');
    return {
      name,
      space,
      inner,
      stores,
      ...(this.faults === undefined ? {} : { faults: this.faults }),
    };
  }

  private mapOf(node: GraphNode): readonly number[] {
    return this.step.maps.get(node.outputs[0]) as readonly number[];
  }

  private node(node: GraphNode): Expr {
    const [out] = node.outputs;
    const lower = node.def.lower as AnyLowering;
    const types = operandTypes(node);
    const map = this.mapOf(node);
    switch (lower.kind) {
      case 'element': {
        const operands = node.inputs.map((x, i) => this.operand(x, types[i], out.shape, map));
        const at = () => this.pool.position(positionStrides(out.shape, map, this.space.length));
        const e = lower.expr(tracer(this.pool, at), operands, node.attrs, out) as Expr;
        return this.pool.cast(e, out.dtype);
      }
      case 'reduce':
        return this.reduction(node, lower, types[0]);
      case 'gather':
        return this.gather(node, lower, map);
      default:
        throw new Error(`${node.def.name} is not elementwise`);
    }
  }

  private reduction(node: GraphNode, lower: LoweringOf<'reduce'>, type: DType): Expr {
    const [out] = node.outputs;
    const { dims, shape } = reductionOf(node);
    const isArg = lower.combine === 'argmax' || lower.combine === 'argmin';
    if (dims.length === 0) {
      // Over dimensions of size 1 only: the operand itself, which may be a row value.
      if (isArg) return this.pool.constant(0, 'int32');
      const laid = this.mapOf(node).filter((d) => d >= 0);
      let next = 0;
      const map = shape.map((n) => (n === 1 ? -1 : laid[next++]));
      return this.pool.cast(this.operand(node.inputs[0], type, shape, map), out.dtype);
    }
    const map = ownMap(shape);
    const operand = this.operand(node.inputs[0], type, shape, map);
    let position: Expr | null = null;
    if (isArg) {
      const reduced = shape.map((n, d) => (dims.includes(d) ? n : 1));
      const over = map.map((to, d) => (dims.includes(d) ? to : -1));
      position = this.pool.position(positionStrides(reduced, over, this.space.length));
    }
    return this.pool.reduced(lower.combine, operand, position, out.dtype);
  }

  private gather(node: GraphNode, lower: LoweringOf<'gather'>, map: readonly number[]): Expr {
    const [x, index] = node.inputs;
    const [out] = node.outputs;
    const dim = lower.dim(node.attrs);
    const rank = this.space.length;
    const from = this.around.operand(x, out.dtype);
    if (from.shape[dim] === 0 && numelOf(out.shape) > 0) {
      throw new IndexError({
        op: node.def.name,
        problem: `dimension ${dim} of the operand is empty, so no index is in range`,
      });
    }
    const i = this.operand(index, typeOf(index).dtype, out.shape, map);
    // Row-major position in the index, along the dimensions in which it really varies.
    const own = chainOf(index).base;
    const place = isScalar(own)
      ? null
      : this.values.has(own as GraphValue)
        ? seenDense(index as GraphValue)
        : this.around.placeOf(index as GraphValue);
    const steps = place === null ? [] : stridesIn(rank, map, place, out.shape);
    const at = positionStrides(out.shape, map, rank).map((n, d) => ((steps[d] ?? 0) === 0 ? 0 : n));
    const position = this.pool.position(at);
    // Along `dim` the index decides; the other dimensions run as the output's do.
    const rest = from.strides.map((n, d) => (d === dim ? 0 : n));
    const strides = new Array<number>(rank).fill(0);
    map.forEach((to, d) => {
      if (to >= 0) strides[to] = rest[d];
    });
    this.faults ??= node;
    const stream = this.pool.stream(
      { root: from.root, offset: from.offset, dtype: from.dtype },
      strides,
    );
    return this.pool.gather(stream, i, from.shape[dim], from.strides[dim], position);
  }

  /** An operand of an op whose output, of shape `out`, is laid by `map`. */
  private operand(x: GraphValue | number, dtype: DType, out: Shape, map: readonly number[]): Expr {
    const { base } = chainOf(x);
    if (isScalar(base)) return scalarExpr(this.pool, base, dtype, this.around);
    const own = this.values.get(base as GraphValue);
    if (own !== undefined) return this.pool.cast(own, dtype);
    const place = this.around.placeOf(x as GraphValue);
    const strides = stridesIn(this.space.length, map, place, out);
    const memory = { root: place.root, offset: place.offset, dtype: place.dtype };
    return this.pool.cast(this.pool.load(this.pool.stream(memory, strides)), dtype);
  }
}

/** Where `x` would lie if what it is a view of were dense: which of its dimensions repeat. */
function seenDense(x: GraphValue): Place {
  const { base, views } = chainOf(x);
  const root = base as GraphValue;
  let spec = specOf(root.dtype, root.shape);
  for (const node of views) {
    const seen = (node.def.lower as LoweringOf<'view'>).view(spec, node.attrs);
    if (seen === null) break;
    spec = specOf(root.dtype, seen.shape, seen.strides);
  }
  // A dimension of size 1 does not vary, whatever its stride.
  const strides = spec.strides.map((n, d) => (spec.shape[d] === 1 ? 0 : n));
  return { root: {}, dtype: root.dtype, offset: 0, shape: spec.shape, strides };
}
