import { apply1 } from '../apply.ts';
import { floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { elementComposite } from './grad-composite.ts';
import { mul } from './mul.ts';
import { sigmoid } from './sigmoid.ts';
import { sub } from './sub.ts';

const siluGrad = elementComposite('siluGrad', (g: Value, x: Value) => {
  const s = sigmoid(x);
  return mul(g, mul(s, add(mul(x, sub(1, s)), 1)));
});

export const SILU = defineOp({
  name: 'silu',
  infer: floatUnary.infer,
  decompose: ([x]) => mul(x, sigmoid(x as Value)),
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, siluGrad(g, ctx.input(0) as Value));
  },
});

/**
 * Element by element `x * sigmoid(x)`, also called swish.
 *
 * Dtypes: a float stays, integers and bools give float32.
 *
 * Source: Hendrycks & Gimpel, Gaussian Error Linear Units, 2016, section 2.
 *
 * @example
 * tensor([0, 1]).silu().toArray(); // [0, 0.7310585975646973]
 */
export const silu = (x: Value): Value => apply1(SILU, x);
