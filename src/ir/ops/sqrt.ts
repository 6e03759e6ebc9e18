import { apply1 } from '../apply.ts';
import { elementReference, floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { div } from './div.ts';
import { mul } from './mul.ts';

export const SQRT = defineOp({
  name: 'sqrt',
  onnx: 'Sqrt',
  ...floatUnary,
  reference: elementReference(Math.sqrt),
  lower: { kind: 'element', expr: (e, [x]) => e.sqrt(x) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, div(g, mul(ctx.output(0), 2)));
  },
});

/**
 * Element by element the square root of `x`.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: correctly
 * rounded; NaN below 0.
 *
 * @example
 * tensor([4, 9]).sqrt().toArray(); // [2, 3]
 */
export const sqrt = (x: Value): Value => apply1(SQRT, x);
