/** The larger and the smaller of two operands. */
import { apply2 } from '../apply.ts';
import { elementReference, promotedBinary, unbroadcast } from '../element.ts';
import { type Attrs, defineOp, type GradContext, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { eq, gt, lt } from './compare.ts';
import { mul } from './mul.ts';
import { where } from './where.ts';

/** The gradient goes to the operand that won; equal ones take half each. */
function share(
  ctx: GradContext<Attrs | null>,
  g: Value,
  lost: (own: Operand, other: Operand) => Value,
): void {
  for (const i of [0, 1]) {
    if (!ctx.needs(i)) continue;
    const [own, other] = [ctx.input(i), ctx.input(1 - i)];
    const part = where(eq(own, other), mul(g, 0.5), g);
    unbroadcast(ctx, i, where(lost(own, other), 0, part), true);
  }
}

export const MAXIMUM = defineOp({
  name: 'maximum',
  onnx: 'Max',
  ...promotedBinary('maximum'),
  reference: elementReference(Math.max, (x, y) => (x > y ? x : y)),
  lower: {
    kind: 'element',
    expr: (e, [x, y], _, out) => (out.dtype === 'bool' ? e.or(x, y) : e.max(x, y)),
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient: (ctx, g) => share(ctx, g, lt),
});

export const MINIMUM = defineOp({
  name: 'minimum',
  onnx: 'Min',
  ...promotedBinary('minimum'),
  reference: elementReference(Math.min, (x, y) => (x < y ? x : y)),
  lower: {
    kind: 'element',
    expr: (e, [x, y], _, out) => (out.dtype === 'bool' ? e.and(x, y) : e.min(x, y)),
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient: (ctx, g) => share(ctx, g, gt),
});

/**
 * Element by element the larger of `a` and `b`.
 *
 * Shapes: broadcast together. Dtypes: promoted together. Numerics: NaN if either is; the gradient
 * of equal elements is halved between them. Throws ShapeError when the shapes do not broadcast.
 *
 * @example
 * tensor([1, 5]).maximum(3).toArray(); // [3, 5]
 */
export const maximum = (a: Operand, b: Operand): Value => apply2(MAXIMUM, a, b);

/**
 * Element by element the smaller of `a` and `b`; see {@link maximum}.
 *
 * @example
 * tensor([1, 5]).minimum(3).toArray(); // [1, 3]
 */
export const minimum = (a: Operand, b: Operand): Value => apply2(MINIMUM, a, b);
