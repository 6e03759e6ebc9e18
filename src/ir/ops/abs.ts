import { apply1 } from '../apply.ts';
import { elementReference, numericUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { mul } from './mul.ts';
import { sign } from './sign.ts';

export const ABS = defineOp({
  name: 'abs',
  onnx: 'Abs',
  ...numericUnary('abs'),
  reference: elementReference(Math.abs, (x) => (x < 0n ? -x : x)),
  lower: { kind: 'element', expr: (e, [x]) => e.abs(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, sign(ctx.input(0) as Value)));
  },
});

/**
 * Element by element `|x|`. Dtypes: the operand's; the least integer wraps to itself. Numerics:
 * the gradient at 0 is 0. Throws DtypeError for bool.
 *
 * @example
 * tensor([-3, 2]).abs().toArray(); // [3, 2]
 */
export const abs = (x: Value): Value => apply1(ABS, x);
