import { apply1 } from '../apply.ts';
import { elementReference, floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { div } from './div.ts';

export const LOG = defineOp({
  name: 'log',
  onnx: 'Log',
  ...floatUnary,
  reference: elementReference(Math.log),
  lower: { kind: 'element', expr: (e, [x]) => e.log(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, div(g, ctx.input(0)));
  },
});

/**
 * Element by element the natural logarithm of `x`.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 0.9 ULP;
 * -Infinity at 0, NaN below.
 *
 * @example
 * tensor([1, Math.E]).log().toArray(); // [0, 1]
 */
export const log = (x: Value): Value => apply1(LOG, x);
