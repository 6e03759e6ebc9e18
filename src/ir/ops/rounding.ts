/** The four ways to a whole number. Step functions: their gradient is zero wherever it exists. */
import { isFloat } from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { elementReference, numericUnary } from '../element.ts';
import { defineOp } from '../op.ts';
import type { Value } from '../value.ts';
import { flat } from './full.ts';

type Name = 'floor' | 'ceil' | 'trunc' | 'round';

const rounding = (name: Name, onnx: string | undefined, f: (x: number) => number) =>
  defineOp({
    name,
    onnx,
    ...numericUnary(name),
    reference: elementReference(f, (x) => x),
    lower: {
      kind: 'element',
      expr: (e, [x], _, out) => (isFloat(out.dtype) ? e[name](x) : x),
    },
    gradient: flat(1),
  });

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const past = x - low;
  const up = past > 0.5 || (past === 0.5 && low % 2 !== 0);
  const y = up ? low + 1 : low;
  return y === 0 && x < 0 ? -0 : y;
}

export const FLOOR = rounding('floor', 'Floor', Math.floor);
export const CEIL = rounding('ceil', 'Ceil', Math.ceil);
export const TRUNC = rounding('trunc', undefined, Math.trunc);
export const ROUND = rounding('round', 'Round', roundHalfEven);

/**
 * Element by element the largest whole number up to `x`. Dtypes: the operand's; integers stay.
 * Throws DtypeError for bool.
 *
 * @example
 * tensor([1.5, -1.5]).floor().toArray(); // [1, -2]
 */
export const floor = (x: Value): Value => apply1(FLOOR, x);

/**
 * Element by element the smallest whole number from `x` on. Dtypes: the operand's; integers stay.
 * Throws DtypeError for bool.
 *
 * @example
 * tensor([1.5, -1.5]).ceil().toArray(); // [2, -1]
 */
export const ceil = (x: Value): Value => apply1(CEIL, x);

/**
 * Element by element `x` without its fraction. Dtypes: the operand's; integers stay.
 * Throws DtypeError for bool.
 *
 * @example
 * tensor([1.5, -1.5]).trunc().toArray(); // [1, -1]
 */
export const trunc = (x: Value): Value => apply1(TRUNC, x);

/**
 * Element by element the nearest whole number, halves to the even one. Dtypes: the operand's;
 * integers stay. Throws DtypeError for bool.
 *
 * @example
 * tensor([0.5, 1.5, 2.5]).round().toArray(); // [0, 2, 2]
 */
export const round = (x: Value): Value => apply1(ROUND, x);
