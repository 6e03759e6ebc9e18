import { apply1 } from '../apply.ts';
import { elementReference, numericUnary } from '../element.ts';
import { defineOp } from '../op.ts';
import type { Value } from '../value.ts';
import { flat } from './full.ts';

export const SIGN = defineOp({
  name: 'sign',
  onnx: 'Sign',
  ...numericUnary('sign'),
  reference: elementReference(Math.sign, (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)),
  lower: {
    kind: 'element',
    expr(e, [x], _, { dtype }) {
      const zero = e.constant(0, dtype);
      const negative = e.select(e.lt(x, zero), e.constant(-1, dtype), x);
      // What is left is zero (of either sign) or NaN: it stays.
      return e.select(e.gt(x, zero), e.constant(1, dtype), negative);
    },
  },
  // A step function: its gradient is zero wherever it exists.
  gradient: flat(1),
});

/**
 * Element by element the sign of `x`: -1, 0 or 1. Dtypes: the operand's. Numerics: NaN stays NaN.
 * Throws DtypeError for bool.
 *
 * @example
 * tensor([-3, 0, 2]).sign().toArray(); // [-1, 0, 1]
 */
export const sign = (x: Value): Value => apply1(SIGN, x);
