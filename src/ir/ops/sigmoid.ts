import { apply1 } from '../apply.ts';
import { floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { div } from './div.ts';
import { exp } from './exp.ts';
import { elementComposite } from './grad-composite.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';

const sigmoidGrad = elementComposite('sigmoidGrad', (g: Value, y: Value) =>
  mul(g, mul(y, sub(1, y))),
);

export const SIGMOID = defineOp({
  name: 'sigmoid',
  onnx: 'Sigmoid',
  infer: floatUnary.infer,
  decompose: ([x]) => div(1, add(exp(mul(x, -1)), 1)),
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, sigmoidGrad(g, ctx.output(0)));
  },
});

/**
 * Element by element `1 / (1 + e^-x)`.
 *
 * Dtypes: a float stays, integers and bools give float32.
 *
 * @example
 * tensor([0]).sigmoid().toArray(); // [0.5]
 */
export const sigmoid = (x: Value): Value => apply1(SIGMOID, x);
