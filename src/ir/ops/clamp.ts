import { ValueError } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { promotedBinary, unbroadcast } from '../element.ts';
import { type Attrs, attrs, defineOp, type GradContext, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { ge, gt, le, lt } from './compare.ts';
import { logicalNot, logicalOr } from './logical.ts';
import { maximum, minimum } from './maximum.ts';
import { where } from './where.ts';

/** Which bounds there are; they follow x among the operands. */
interface ClampAttrs extends Attrs {
  readonly low: boolean;
  readonly high: boolean;
}

function bounds(a: ClampAttrs, at: (i: number) => Operand): [Operand | null, Operand | null] {
  return [a.low ? at(1) : null, a.high ? at(a.low ? 2 : 1) : null];
}

export const CLAMP = defineOp<ClampAttrs>({
  name: 'clamp',
  onnx: 'Clip',
  infer: promotedBinary('clamp').infer,
  decompose(xs, a) {
    const [low, high] = bounds(a, (i) => xs[i]);
    const raised = low === null ? (xs[0] as Value) : maximum(xs[0], low);
    return high === null ? raised : minimum(raised, high);
  },
  saves: SAVE.in0 | SAVE.in1 | SAVE.in2,
  gradient(ctx, g) {
    const x = ctx.input(0);
    const [low, high] = bounds(ctx.attrs, (i) => ctx.input(i));
    if (ctx.needs(0)) {
      const above = low === null ? null : ge(x, low);
      const below = high === null ? null : le(x, high);
      const inner = above === null ? g : where(above, g, 0);
      unbroadcast(ctx, 0, below === null ? inner : where(below, inner, 0), true);
    }
    giveBounds(ctx, g, x, low, high);
  },
});

/** A bound that is a tensor has a slope of 1 where it is what came out. */
function giveBounds(
  ctx: GradContext<ClampAttrs>,
  g: Value,
  x: Operand,
  low: Operand | null,
  high: Operand | null,
): void {
  const highAt = low === null ? 1 : 2;
  if (low !== null && ctx.needs(1)) {
    const passed = high === null ? lt(x, low) : logicalNot(logicalOr(ge(x, low), ge(low, high)));
    unbroadcast(ctx, 1, where(passed, g, 0), true);
  }
  if (high !== null && ctx.needs(highAt)) {
    const passed = low === null ? gt(x, high) : logicalOr(gt(x, high), gt(low, high));
    unbroadcast(ctx, highAt, where(passed, g, 0), true);
  }
}

/**
 * Element by element `x`, raised to `low` and then lowered to `high`; either may be `null` or left
 * out.
 *
 * Shapes: broadcast together. Dtypes: promoted together. Numerics: NaN stays NaN; the gradient
 * passes at the bounds themselves. Throws ValueError without bounds, ShapeError when the shapes do
 * not broadcast.
 *
 * @example
 * tensor([-5, 0.5, 5]).clamp(0, 1).toArray(); // [0, 0.5, 1]
 */
export function clamp(x: Value, low: Operand | null = null, high: Operand | null = null): Value {
  if (low === null && high === null) {
    throw new ValueError({ op: 'clamp', problem: 'give a lower or an upper bound', operands: [x] });
  }
  const operands = [x, low, high].filter((o) => o !== null);
  return apply(CLAMP, operands, attrs({ low: low !== null, high: high !== null }))[0];
}
