import { apply2 } from '../apply.ts';
import { elementReference, promotedBinary, unbroadcast } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

export const DIV = defineOp({
  name: 'div',
  onnx: 'Div',
  ...promotedBinary('div', true),
  reference: elementReference((x, y) => x / y),
  lower: { kind: 'element', expr: (e, [x, y]) => e.div(x, y) },
  saves: SAVE.in1 | SAVE.out0,
  gradient(ctx, g) {
    const scaled = div(g, ctx.input(1));
    if (ctx.needs(0)) unbroadcast(ctx, 0, scaled, true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, neg(mul(scaled, ctx.output(0))), true);
  },
});

/**
 * Element by element `a / b`, the true quotient; `floorDivide` gives the whole one.
 *
 * Shapes: broadcast together. Dtypes: promoted together; integers and bools give float32.
 * Numerics: IEEE division: x / 0 is an infinity, 0 / 0 is NaN.
 * Throws ShapeError when the shapes do not broadcast.
 *
 * @example
 * tensor([1, 3]).div(2).toArray(); // [0.5, 1.5]
 */
export const div = (a: Operand, b: Operand): Value => apply2(DIV, a, b);
