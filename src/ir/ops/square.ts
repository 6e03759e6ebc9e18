import { apply1 } from '../apply.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { mul } from './mul.ts';

export const SQUARE = defineOp({
  name: 'square',
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  decompose: ([x]) => mul(x, x),
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, mul(ctx.input(0), 2)));
  },
});

/**
 * Element by element `x * x`.
 *
 * Dtypes: the operand's.
 *
 * @example
 * tensor([2, -3]).square().toArray(); // [4, 9]
 */
export const square = (x: Value): Value => apply1(SQUARE, x);
