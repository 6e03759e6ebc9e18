/** Rectifiers that let something through below 0: straight or bent. */
import { apply2 } from '../apply.ts';
import { promotedBinary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { gt, le } from './compare.ts';
import { exp } from './exp.ts';
import { expm1 } from './expm1.ts';
import { elementComposite } from './grad-composite.ts';
import { minimum } from './maximum.ts';
import { mul } from './mul.ts';
import { where } from './where.ts';

const leakyReluGrad = elementComposite('leakyReluGrad', (g: Value, x: Value, slope: Operand) =>
  where(gt(x, 0), g, mul(g, slope)),
);

export const LEAKY_RELU = defineOp({
  name: 'leakyRelu',
  onnx: 'LeakyRelu',
  infer: promotedBinary('leakyRelu', true).infer,
  decompose: ([x, slope]) => where(gt(x, 0), x, mul(x, slope)),
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) ctx.give(0, leakyReluGrad(g, ctx.input(0) as Value, ctx.input(1)));
  },
});

/**
 * Element by element `x` where it is above 0, else `slope * x`. Dtypes: a float stays, integers and
 * bools give float32.
 *
 * Source: Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.
 *
 * @example
 * tensor([-1, 2]).leakyRelu(0.5).toArray(); // [-0.5, 2]
 */
export const leakyRelu = (x: Value, slope = 0.01): Value => apply2(LEAKY_RELU, x, slope);

const eluGrad = elementComposite('eluGrad', (g: Value, x: Value, alpha: Operand) =>
  where(le(x, 0), mul(mul(g, alpha), exp(minimum(x, 0))), g),
);

export const ELU_OP = defineOp({
  name: 'elu',
  onnx: 'Elu',
  infer: promotedBinary('elu', true).infer,
  decompose: ([x, alpha]) => where(gt(x, 0), x, mul(expm1(minimum(x, 0)), alpha)),
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) ctx.give(0, eluGrad(g, ctx.input(0) as Value, ctx.input(1)));
  },
});

/**
 * Element by element `x` where it is above 0, else `alpha * (e^x - 1)`. Dtypes: a float stays,
 * integers and bools give float32.
 *
 * Source: Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units, 2015.
 *
 * @example
 * tensor([-Infinity, 2]).elu().toArray(); // [-1, 2]
 */
export const elu = (x: Value, alpha = 1): Value => apply2(ELU_OP, x, alpha);
