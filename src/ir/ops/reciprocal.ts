import { apply1 } from '../apply.ts';
import { floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { div } from './div.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

export const RECIPROCAL = defineOp({
  name: 'reciprocal',
  onnx: 'Reciprocal',
  infer: floatUnary.infer,
  decompose: ([x]) => div(1, x),
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, neg(mul(g, mul(ctx.output(0), ctx.output(0)))));
  },
});

/**
 * Element by element `1 / x`.
 *
 * Dtypes: a float stays, integers and bools give float32.
 *
 * @example
 * tensor([2, 4]).reciprocal().toArray(); // [0.5, 0.25]
 */
export const reciprocal = (x: Value): Value => apply1(RECIPROCAL, x);
