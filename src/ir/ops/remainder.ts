import { isFloat, type Type } from '../../base/index.ts';
import { apply2 } from '../apply.ts';
import { elementReference, promotedBinary, refuseBool, unbroadcast } from '../element.ts';
import type { Elem, ElementBuilder } from '../lowering.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { flat } from './full.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

const rule = (op: string) => {
  const binary = promotedBinary(op);
  return {
    ...binary,
    infer(xs: readonly Type[]): Type {
      refuseBool(op, xs);
      return binary.infer(xs);
    },
  };
};

const floorBig = (x: bigint, y: bigint): bigint => {
  if (y === 0n) return 0n;
  const q = x / y;
  return x % y !== 0n && x < 0n !== y < 0n ? q - 1n : q;
};

/** Whether the quotient rounded toward zero lies above the true one. */
function tooHigh(e: ElementBuilder, x: Elem, y: Elem, zero: Elem): Elem {
  return e.and(e.ne(e.rem(x, y), zero), e.ne(e.lt(x, zero), e.lt(y, zero)));
}

export const FLOOR_DIVIDE = defineOp({
  name: 'floorDivide',
  ...rule('floorDivide'),
  reference: elementReference((x, y) => Math.floor(x / y), floorBig),
  lower: {
    kind: 'element',
    expr(e, [x, y], _, { dtype }) {
      const q = e.div(x, y);
      if (isFloat(dtype)) return e.floor(q);
      const high = tooHigh(e, x, y, e.constant(0, dtype));
      return e.select(high, e.sub(q, e.constant(1, dtype)), q);
    },
  },
  // A step function: its gradient is zero wherever it exists.
  gradient: flat(2),
});

/**
 * Element by element `floor(a / b)`, Python's `//`.
 *
 * Shapes: broadcast together. Dtypes: promoted together. Numerics: an integer divided by zero
 * gives 0; a float an infinity or NaN. Throws ShapeError when the shapes do not broadcast,
 * DtypeError for two bools.
 *
 * @example
 * tensor([7, -7]).floorDivide(2).toArray(); // [3, -4]
 */
export const floorDivide = (a: Operand, b: Operand): Value => apply2(FLOOR_DIVIDE, a, b);

function remainderFloat(x: number, y: number): number {
  const q = Math.floor(x / y);
  if (q === 0) return x;
  // As the kernel: no digit of such a remainder can be known.
  if (Math.abs(q) === Infinity && Number.isFinite(x) && y !== 0) return 0;
  return x - q * y;
}

export const REMAINDER = defineOp({
  name: 'remainder',
  ...rule('remainder'),
  reference: elementReference(remainderFloat, (x, y) => (y === 0n ? 0n : x - floorBig(x, y) * y)),
  lower: {
    kind: 'element',
    expr(e, [x, y], _, { dtype }) {
      const zero = e.constant(0, dtype);
      if (isFloat(dtype)) {
        // For q = 0 the product may be 0 * infinity.
        const q = e.floor(e.div(x, y));
        const r = e.select(e.eq(q, zero), x, e.sub(x, e.mul(q, y)));
        // A quotient beyond the largest float: no digit of the remainder can be known.
        const inf = e.constant(Number.POSITIVE_INFINITY, dtype);
        const finite = e.and(e.lt(e.abs(x), inf), e.ne(y, zero));
        return e.select(e.and(e.eq(e.abs(q), inf), finite), zero, r);
      }
      const r = e.rem(x, y);
      return e.select(tooHigh(e, x, y, zero), e.add(r, y), r);
    },
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) unbroadcast(ctx, 0, g);
    if (!ctx.needs(1)) return;
    unbroadcast(ctx, 1, neg(mul(g, floorDivide(ctx.input(0), ctx.input(1)))), true);
  },
});

/**
 * Element by element `a - floor(a / b) * b`, Python's `%`: the result has the sign of `b`.
 *
 * Shapes: broadcast together. Dtypes: promoted together. Numerics: an integer modulo zero gives 0,
 * a float NaN; where |a / b| is large, a float result is only as exact as the product.
 * Throws ShapeError when the shapes do not broadcast, DtypeError for two bools.
 *
 * @example
 * tensor([7, -7]).remainder(3).toArray(); // [1, 2]
 */
export const remainder = (a: Operand, b: Operand): Value => apply2(REMAINDER, a, b);
