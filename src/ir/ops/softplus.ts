import { apply1 } from '../apply.ts';
import { floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { abs } from './abs.ts';
import { add } from './add.ts';
import { exp } from './exp.ts';
import { elementComposite } from './grad-composite.ts';
import { log1p } from './log1p.ts';
import { maximum } from './maximum.ts';
import { mul } from './mul.ts';
import { sigmoid } from './sigmoid.ts';

const softplusGrad = elementComposite('softplusGrad', (g: Value, x: Value) => mul(g, sigmoid(x)));

export const SOFTPLUS = defineOp({
  name: 'softplus',
  onnx: 'Softplus',
  infer: floatUnary.infer,
  decompose: ([x]) => add(maximum(x, 0), log1p(exp(mul(abs(x as Value), -1)))),
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, softplusGrad(g, ctx.input(0) as Value));
  },
});

/**
 * Element by element `log(1 + e^x)`, without overflow.
 *
 * Dtypes: a float stays, integers and bools give float32.
 *
 * @example
 * tensor([0, 100]).softplus().toArray(); // [0.6931471824645996, 100]
 */
export const softplus = (x: Value): Value => apply1(SOFTPLUS, x);
