import { apply1 } from '../apply.ts';
import { elementReference, floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { mul } from './mul.ts';

export const EXPM1 = defineOp({
  name: 'expm1',
  ...floatUnary,
  reference: elementReference(Math.expm1),
  lower: { kind: 'element', expr: (e, [x]) => e.expm1(x) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, add(ctx.output(0), 1)));
  },
});

/**
 * Element by element `e^x - 1`, exact also near 0.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 1.5 ULP.
 *
 * @example
 * tensor([0, 1]).expm1().toArray(); // [0, 1.718281865119934]
 */
export const expm1 = (x: Value): Value => apply1(EXPM1, x);
