import { apply1 } from '../apply.ts';
import { floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { div } from './div.ts';
import { elementComposite } from './grad-composite.ts';
import { mul } from './mul.ts';
import { sqrt } from './sqrt.ts';

const rsqrtGrad = elementComposite('rsqrtGrad', (g: Value, y: Value) =>
  mul(g, mul(mul(y, -0.5), mul(y, y))),
);

export const RSQRT = defineOp({
  name: 'rsqrt',
  infer: floatUnary.infer,
  decompose: ([x]) => div(1, sqrt(x as Value)),
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, rsqrtGrad(g, ctx.output(0)));
  },
});

/**
 * Element by element `1 / sqrt(x)`.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: two roundings, no
 * approximation.
 *
 * @example
 * tensor([4, 16]).rsqrt().toArray(); // [0.5, 0.25]
 */
export const rsqrt = (x: Value): Value => apply1(RSQRT, x);
