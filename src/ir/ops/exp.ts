import { apply1 } from '../apply.ts';
import { elementReference, floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { mul } from './mul.ts';

export const EXP = defineOp({
  name: 'exp',
  onnx: 'Exp',
  ...floatUnary,
  reference: elementReference(Math.exp),
  lower: { kind: 'element', expr: (e, [x]) => e.exp(x) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, ctx.output(0)));
  },
});

/**
 * Element by element `e^x`.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 1.2 ULP.
 *
 * @example
 * tensor([0, 1]).exp().toArray(); // [1, 2.7182817459106445]
 */
export const exp = (x: Value): Value => apply1(EXP, x);
