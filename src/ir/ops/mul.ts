import { apply2 } from '../apply.ts';
import { elementReference, promotedBinary, unbroadcast } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';

export const MUL = defineOp({
  name: 'mul',
  onnx: 'Mul',
  ...promotedBinary('mul'),
  reference: elementReference(
    (x, y) => x * y,
    (x, y) => x * y,
  ),
  lower: {
    kind: 'element',
    expr: (e, [x, y], _, out) => (out.dtype === 'bool' ? e.and(x, y) : e.mul(x, y)),
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) unbroadcast(ctx, 0, mul(g, ctx.input(1)), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, mul(g, ctx.input(0)), true);
  },
});

/**
 * Element by element `a * b`.
 *
 * Shapes: broadcast together. Dtypes: promoted together; integers wrap, `bool * bool` is logical
 * and. Throws ShapeError when the shapes do not broadcast.
 *
 * @example
 * tensor([1, 2]).mul(10).toArray(); // [10, 20]
 */
export const mul = (a: Operand, b: Operand): Value => apply2(MUL, a, b);
