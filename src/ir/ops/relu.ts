import { apply1 } from '../apply.ts';
import { elementReference, numericUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { le } from './compare.ts';
import { elementComposite } from './grad-composite.ts';
import { where } from './where.ts';

/** The gradient where the result is above 0 (or NaN), else 0. */
const reluGrad = elementComposite('reluGrad', (y: Value, g: Value) => where(le(y, 0), 0, g));

export const RELU = defineOp({
  name: 'relu',
  onnx: 'Relu',
  ...numericUnary('relu'),
  reference: elementReference(
    (x) => Math.max(x, 0),
    (x) => (x > 0n ? x : 0n),
  ),
  lower: { kind: 'element', expr: (e, [x], _, out) => e.max(x, e.constant(0, out.dtype)) },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, reluGrad(ctx.output(0), g));
  },
});

/**
 * Element by element `max(x, 0)`. Dtypes: the operand's. Numerics: NaN stays NaN; the gradient at
 * 0 is 0. Throws DtypeError for bool.
 *
 * Source: Nair & Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.
 *
 * @example
 * tensor([-1, 2]).relu().toArray(); // [0, 2]
 */
export const relu = (x: Value): Value => apply1(RELU, x);
