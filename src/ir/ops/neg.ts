import { apply1 } from '../apply.ts';
import { elementReference, numericUnary } from '../element.ts';
import { defineOp } from '../op.ts';
import type { Value } from '../value.ts';

export const NEG = defineOp({
  name: 'neg',
  onnx: 'Neg',
  ...numericUnary('neg'),
  reference: elementReference(
    (x) => -x,
    (x) => -x,
  ),
  lower: { kind: 'element', expr: (e, [x]) => e.neg(x) },
  gradient(ctx, g) {
    ctx.give(0, neg(g));
  },
});

/**
 * Element by element `-x`. Dtypes: the operand's; the least integer wraps to itself.
 * Throws DtypeError for bool.
 *
 * @example
 * tensor([1, -2]).neg().toArray(); // [-1, 2]
 */
export const neg = (x: Value): Value => apply1(NEG, x);
