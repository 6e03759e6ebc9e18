/** Sine and cosine, each other's gradients. */
import { apply1 } from '../apply.ts';
import { elementReference, floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

export const SIN = defineOp({
  name: 'sin',
  onnx: 'Sin',
  ...floatUnary,
  reference: elementReference(Math.sin),
  lower: { kind: 'element', expr: (e, [x]) => e.sin(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, mul(g, cos(ctx.input(0) as Value)));
  },
});

export const COS = defineOp({
  name: 'cos',
  onnx: 'Cos',
  ...floatUnary,
  reference: elementReference(Math.cos),
  lower: { kind: 'element', expr: (e, [x]) => e.cos(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    ctx.give(0, neg(mul(g, sin(ctx.input(0) as Value))));
  },
});

/**
 * Element by element the sine of `x`, in radians.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 1.6 ULP for |x| up to
 * 1e5 in float32 and 1e6 in float64; beyond, the reduction by pi / 2 loses precision, and results
 * stay within [-1, 1].
 *
 * @example
 * tensor([0, Math.PI / 2]).sin().toArray(); // [0, 1]
 */
export const sin = (x: Value): Value => apply1(SIN, x);

/**
 * Element by element the cosine of `x`, in radians.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 1.6 ULP for |x| up to
 * 1e5 in float32 and 1e6 in float64; beyond, the reduction by pi / 2 loses precision, and results
 * stay within [-1, 1].
 *
 * @example
 * tensor([0, Math.PI]).cos().toArray(); // [1, -1]
 */
export const cos = (x: Value): Value => apply1(COS, x);
