import { apply1 } from '../apply.ts';
import { elementReference, floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { elementComposite } from './grad-composite.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';

const tanhGrad = elementComposite('tanhGrad', (g: Value, y: Value) => mul(g, sub(1, mul(y, y))));

export const TANH = defineOp({
  name: 'tanh',
  onnx: 'Tanh',
  ...floatUnary,
  reference: elementReference(Math.tanh),
  lower: { kind: 'element', expr: (e, [x]) => e.tanh(x) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, tanhGrad(g, ctx.output(0)));
  },
});

/**
 * Element by element the hyperbolic tangent of `x`.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 1.4 ULP.
 *
 * @example
 * tensor([0, 1]).tanh().toArray(); // [0, 0.7615941762924194]
 */
export const tanh = (x: Value): Value => apply1(TANH, x);
