import { apply1 } from '../apply.ts';
import { elementReference, floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { div } from './div.ts';

export const LOG1P = defineOp({
  name: 'log1p',
  ...floatUnary,
  reference: elementReference(Math.log1p),
  lower: { kind: 'element', expr: (e, [x]) => e.log1p(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, div(g, add(ctx.input(0), 1)));
  },
});

/**
 * Element by element `log(1 + x)`, exact also near 0.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 0.9 ULP;
 * -Infinity at -1, NaN below.
 *
 * @example
 * tensor([0, 1]).log1p().toArray(); // [0, 0.6931471824645996]
 */
export const log1p = (x: Value): Value => apply1(LOG1P, x);
