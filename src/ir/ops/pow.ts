import { isFloat } from '../../base/index.ts';
import { apply2 } from '../apply.ts';
import { elementReference, promotedBinary, refuseBool, unbroadcast } from '../element.ts';
import type { Elem, ElementBuilder } from '../lowering.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { eq, ge } from './compare.ts';
import { log } from './log.ts';
import { logicalAnd } from './logical.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';
import { where } from './where.ts';

const rule = promotedBinary('pow');

/** Exponent bits that are looked at: past 2^31 no integer power is of use. */
const BITS = 31;

function powBig(x: bigint, n: bigint): bigint {
  if (n < 0n) return x === 1n ? 1n : x === -1n ? (n % 2n === 0n ? 1n : -1n) : 0n;
  let result = 1n;
  let square = x;
  for (let bit = 0; bit < BITS; bit++) {
    if ((n >> BigInt(bit)) & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}

/** Square and multiply; a negative exponent leaves something only for 1 and -1. */
function powInt(e: ElementBuilder, x: Elem, n: Elem): Elem {
  const [zero, one] = [e.constant(0, x.dtype), e.constant(1, x.dtype)];
  const odd = e.ne(e.and(n, one), zero);
  let result = one;
  let square = x;
  for (let bit = 0; bit < BITS; bit++) {
    const set = e.ne(e.and(n, e.constant(2 ** bit, x.dtype)), zero);
    result = e.select(set, e.mul(result, square), result);
    square = e.mul(square, square);
  }
  const unit = e.select(e.eq(x, e.constant(-1, x.dtype)), e.select(odd, x, one), zero);
  const negative = e.select(e.eq(x, one), one, unit);
  return e.select(e.lt(n, zero), negative, result);
}

/** `x ** y` as IEEE 754 has it: unlike JavaScript's, 1 to NaN and -1 to infinity are 1. */
function powFloat(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y;
}

export const POW = defineOp({
  name: 'pow',
  onnx: 'Pow',
  ...rule,
  infer(xs) {
    refuseBool('pow', xs);
    return rule.infer(xs);
  },
  reference: elementReference(powFloat, powBig),
  lower: {
    kind: 'element',
    expr: (e, [x, y], _, out) => (isFloat(out.dtype) ? e.pow(x, y) : powInt(e, x, y)),
  },
  saves: SAVE.in0 | SAVE.in1 | SAVE.out0,
  gradient(ctx, g) {
    const [x, y] = [ctx.input(0), ctx.input(1)];
    if (ctx.needs(0)) unbroadcast(ctx, 0, mul(g, slope(x as Value, y)), true);
    if (!ctx.needs(1)) return;
    // 0^y does not change with y >= 0, though log 0 is infinite.
    const base = typeof x === 'number' ? Math.log(x) : log(x);
    const flat = logicalAnd(ge(y, 0), typeof x === 'number' ? Number(x === 0) : eq(x, 0));
    unbroadcast(ctx, 1, where(flat, 0, mul(g, mul(ctx.output(0), base))), true);
  },
});

/** y * x^(y - 1), which is 0 for y = 0 whatever x is. */
function slope(x: Value, y: Operand): Operand {
  if (y === 0) return 0;
  if (y === 1) return 1;
  if (y === 2) return mul(x, 2);
  if (typeof y === 'number') return mul(pow(x, y - 1), y);
  return where(eq(y, 0), 0, mul(y, pow(x, sub(y, 1))));
}

/**
 * Element by element `a` to the power `b`.
 *
 * Shapes: broadcast together. Dtypes: promoted together. Numerics: within 1.3 ULP in
 * float32 and 1.7 in float64; any power 0 is 1; a negative
 * base to a fraction is NaN; integers wrap, and to a negative power give 0 (but for 1 and -1).
 * Throws ShapeError when the shapes do not broadcast, DtypeError for two bools.
 *
 * @example
 * tensor([2, 3]).pow(2).toArray(); // [4, 9]
 */
export const pow = (a: Operand, b: Operand): Value => apply2(POW, a, b);
