/** The greatest and the least element. */
import {
  DtypeError,
  normalizeDims,
  reducedShape,
  ShapeError,
  type Type,
} from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { attrs, defineOp, type GradContext, SAVE } from '../op.ts';
import { reduceReference } from '../reduce.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { eq } from './compare.ts';
import { div } from './div.ts';
import { mul } from './mul.ts';
import { type Dims, expandDims, type ReduceAttrs, sum } from './sum.ts';

/** Refuses what has no greatest element: bools, and reductions of nothing. */
export function requireElements(op: string, x: Type, dims: readonly number[]): void {
  if (x.dtype === 'bool') {
    throw new DtypeError({
      op,
      problem: 'not defined for bool',
      operands: [x],
      remedy: "use any or all, or convert first: x.to('int32')",
    });
  }
  const empty = dims.find((d) => x.shape[d] === 0);
  if (empty === undefined) return;
  throw new ShapeError({
    op,
    problem: `dimension ${empty} is empty, so no element can be chosen`,
    operands: [x],
  });
}

/** Equal winners share the gradient equally. */
function share(ctx: GradContext<ReduceAttrs>, g: Value): void {
  const { dims, keepdim } = ctx.attrs;
  const x = ctx.input(0) as Value;
  const wide = (y: Value) => expandDims(y, x.shape, dims, keepdim);
  const won = cast(eq(x, wide(ctx.output(0))), x.dtype);
  ctx.give(0, mul(won, wide(div(g, sum(won, dims, keepdim)))));
}

const extreme = (
  name: 'max' | 'min',
  onnx: string,
  step: (a: number, b: number) => number,
  big: (a: bigint, b: bigint) => bigint,
) =>
  defineOp<ReduceAttrs>({
    name,
    onnx,
    infer([x], { dims, keepdim }) {
      requireElements(name, x, dims);
      return { shape: reducedShape(x.shape, dims, keepdim), dtype: x.dtype };
    },
    reference: reduceReference({ start: null, step, big }),
    lower: { kind: 'reduce', combine: name, dims: (a) => a.dims },
    saves: SAVE.in0 | SAVE.out0,
    gradient: share,
  });

export const MAX = extreme('max', 'ReduceMax', Math.max, (a, b) => (a > b ? a : b));
export const MIN = extreme('min', 'ReduceMin', Math.min, (a, b) => (a < b ? a : b));

/**
 * The greatest element along `dim` (of all if left out).
 *
 * Shapes: the dimensions vanish, or stay with size 1 if `keepdim`. Dtypes: the operand's.
 * Numerics: NaN if there is one; equal winners share the gradient equally.
 * Throws ShapeError for an empty dimension, DtypeError for bool.
 *
 * @example
 * tensor([[1, 5], [7, 3]]).max(1).toArray(); // [5, 7]
 */
export const max = (x: Value, dim?: Dims, keepdim = false): Value =>
  apply1(MAX, x, attrs({ dims: normalizeDims(dim, x.shape.length, 'max'), keepdim }));

/**
 * The least element along `dim` (of all if left out); see {@link max}.
 *
 * @example
 * tensor([[1, 5], [7, 3]]).min(1).toArray(); // [1, 3]
 */
export const min = (x: Value, dim?: Dims, keepdim = false): Value =>
  apply1(MIN, x, attrs({ dims: normalizeDims(dim, x.shape.length, 'min'), keepdim }));
