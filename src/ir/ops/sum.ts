/** Sum and broadcasting, which are each other's gradients. */
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  formatShape,
  normalizeDims,
  reducedShape,
  type Shape,
  ShapeError,
  sameShape,
} from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { moveElements } from '../nd-array.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import { reduceReference } from '../reduce.ts';
import type { Value } from '../value.ts';
import { reshape } from './reshape.ts';

export interface ReduceAttrs extends Attrs {
  /** Normalized: sorted, distinct, from the front. */
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

/** Dimensions of a reduction as the user gives them: all of them if left out. */
export type Dims = number | readonly number[] | undefined;

export const SUM = defineOp<ReduceAttrs>({
  name: 'sum',
  onnx: 'ReduceSum',
  infer: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: x.dtype === 'bool' ? 'int32' : x.dtype,
  }),
  operands: (_, [out]) => [out.dtype],
  reference: reduceReference({ start: 0, step: (acc, x) => acc + x, big: (acc, x) => acc + x }),
  lower: { kind: 'reduce', combine: 'sum', dims: (a) => a.dims },
  gradient(ctx, g) {
    ctx.alias(0, expandDims(g, ctx.inputType(0).shape, ctx.attrs.dims, ctx.attrs.keepdim));
  },
});

/**
 * Sum of the elements along `dim` (all dimensions if left out).
 *
 * Shapes: the dimensions vanish, or stay with size 1 if `keepdim`. Dtypes: the operand's; bool
 * counts as int32. Numerics: added in a fixed tree; the sum of no elements is 0.
 * Throws IndexError for a dimension out of range.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).sum(0).toArray(); // [4, 6]
 */
export function sum(x: Value, dim?: Dims, keepdim = false): Value {
  return apply1(SUM, x, attrs({ dims: normalizeDims(dim, x.shape.length, 'sum'), keepdim }));
}

interface ExpandAttrs extends Attrs {
  readonly shape: Shape;
}

export const EXPAND = defineOp<ExpandAttrs>({
  name: 'expand',
  onnx: 'Expand',
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  reference: ([x], { shape }) => {
    const lead = shape.length - x.shape.length;
    return moveElements(x, shape, (at) => x.shape.map((n, d) => (n === 1 ? 0 : at[d + lead])));
  },
  lower: {
    kind: 'view',
    view: (x, { shape }) => ({
      offset: 0,
      shape,
      strides: broadcastStrides(x.shape, x.strides, shape),
    }),
  },
  gradient(ctx, g) {
    ctx.give(0, sumTo(g, ctx.inputType(0).shape));
  },
});

/**
 * `x` broadcast to `shape` without copying; -1 keeps a size.
 *
 * Throws ShapeError when `x` does not broadcast to `shape`.
 *
 * @example
 * tensor([[1], [2]]).expand([2, 3]).toArray(); // [[1, 1, 1], [2, 2, 2]]
 */
export function expand(x: Value, shape: Shape): Value {
  if (!Array.isArray(shape)) checkShape(shape, 'expand');
  const lead = shape.length - x.shape.length;
  const full = checkShape(
    shape.map((n, d) => (n === -1 && d >= lead ? x.shape[d - lead] : n)),
    'expand',
  );
  if (sameShape(full, x.shape)) return x;
  const both = broadcastShapes(x.shape, full);
  if (both === null || !sameShape(both, full)) {
    throw new ShapeError({
      op: 'expand',
      problem: `${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`,
      operands: [x],
      remedy: 'only sizes of 1 stretch, aligned from the last dimension',
    });
  }
  return apply1(EXPAND, x, attrs({ shape: full }));
}

/** Broadcasts `g`, reduced over `dims`, back to `shape`: the gradient of a sum. */
export function expandDims(
  g: Value,
  shape: Shape,
  dims: readonly number[],
  keepdim: boolean,
): Value {
  return expand(keepdim ? g : reshape(g, reducedShape(shape, dims, true)), shape);
}

/** Sums `g` over the dimensions that `shape` was broadcast along: the gradient of an expansion. */
export function sumTo(g: Value, shape: Shape): Value {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.shape.length - shape.length;
  const dims = g.shape.flatMap((n, d) =>
    d < lead || (shape[d - lead] === 1 && n !== 1) ? [d] : [],
  );
  return reshape(dims.length > 0 ? sum(g, dims, true) : g, shape);
}
