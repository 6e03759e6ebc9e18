/** The six comparisons. */
import type { DType, Type } from '../../base/index.ts';
import { apply2 } from '../apply.ts';
import { broadcastTypes, elementReference, promoteTypes } from '../element.ts';
import { defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';

type Name = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

function comparison(
  name: Name,
  onnx: string | undefined,
  f: (x: number | bigint, y: number | bigint) => boolean,
) {
  return defineOp({
    name,
    onnx,
    infer: (xs) => ({ shape: broadcastTypes(name, xs), dtype: 'bool' }),
    operands(xs: readonly Type[]): DType[] {
      const meet = promoteTypes(xs);
      const dtype = meet === 'bool' ? 'int32' : meet;
      return [dtype, dtype];
    },
    reference: elementReference((x, y) => Number(f(x, y)), f),
    lower: { kind: 'element', expr: (e, [x, y]) => e[name](x, y) },
  });
}

export const EQ = comparison('eq', 'Equal', (x, y) => x === y);
export const NE = comparison('ne', undefined, (x, y) => x !== y);
export const LT = comparison('lt', 'Less', (x, y) => x < y);
export const LE = comparison('le', 'LessOrEqual', (x, y) => x <= y);
export const GT = comparison('gt', 'Greater', (x, y) => x > y);
export const GE = comparison('ge', 'GreaterOrEqual', (x, y) => x >= y);

/**
 * Element by element `a == b`, as bool. Shapes: broadcast together. Dtypes: compared in the dtype
 * they promote to. Numerics: NaN equals nothing. Throws ShapeError when shapes do not broadcast.
 *
 * @example
 * tensor([1, 2]).eq(2).toArray(); // [false, true]
 */
export const eq = (a: Operand, b: Operand): Value => apply2(EQ, a, b);

/**
 * Element by element `a != b`, as bool; see {@link eq}. True where an operand is NaN.
 *
 * @example
 * tensor([1, 2]).ne(2).toArray(); // [true, false]
 */
export const ne = (a: Operand, b: Operand): Value => apply2(NE, a, b);

/**
 * Element by element `a < b`, as bool; see {@link eq}. False where an operand is NaN.
 *
 * @example
 * tensor([1, 2]).lt(2).toArray(); // [true, false]
 */
export const lt = (a: Operand, b: Operand): Value => apply2(LT, a, b);

/**
 * Element by element `a <= b`, as bool; see {@link eq}. False where an operand is NaN.
 *
 * @example
 * tensor([1, 2]).le(1).toArray(); // [true, false]
 */
export const le = (a: Operand, b: Operand): Value => apply2(LE, a, b);

/**
 * Element by element `a > b`, as bool; see {@link eq}. False where an operand is NaN.
 *
 * @example
 * tensor([1, 2]).gt(1).toArray(); // [false, true]
 */
export const gt = (a: Operand, b: Operand): Value => apply2(GT, a, b);

/**
 * Element by element `a >= b`, as bool; see {@link eq}. False where an operand is NaN.
 *
 * @example
 * tensor([1, 2]).ge(2).toArray(); // [false, true]
 */
export const ge = (a: Operand, b: Operand): Value => apply2(GE, a, b);
