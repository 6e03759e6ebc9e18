/** Logic on the bits of integers. */
import { DtypeError, given, isFloat, type Type, ValueError } from '../../base/index.ts';
import { apply1, apply2 } from '../apply.ts';
import { elementReference, promotedBinary, refuseBool } from '../element.ts';
import type { Elem, ElementBuilder } from '../lowering.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';

function rule(name: string) {
  const binary = promotedBinary(name);
  return {
    ...binary,
    infer(xs: readonly Type[]): Type {
      const out = binary.infer(xs);
      if (!isFloat(out.dtype)) return out;
      throw new DtypeError({
        op: name,
        problem: `takes integers or bools, not ${out.dtype}`,
        operands: xs,
        remedy: "convert first: x.to('int32')",
      });
    },
  };
}

function bitwise(
  name: string,
  onnx: string,
  f: (x: number, y: number) => number,
  big: (x: bigint, y: bigint) => bigint,
  expr: (e: ElementBuilder, xs: readonly Elem[]) => Elem,
) {
  const reference = elementReference(f, big);
  return defineOp({ name, onnx, ...rule(name), reference, lower: { kind: 'element', expr } });
}

export const BITWISE_AND = bitwise(
  'bitwiseAnd',
  'BitwiseAnd',
  (x, y) => x & y,
  (x, y) => x & y,
  (e, [x, y]) => e.and(x, y),
);
export const BITWISE_OR = bitwise(
  'bitwiseOr',
  'BitwiseOr',
  (x, y) => x | y,
  (x, y) => x | y,
  (e, [x, y]) => e.or(x, y),
);
export const BITWISE_XOR = bitwise(
  'bitwiseXor',
  'BitwiseXor',
  (x, y) => x ^ y,
  (x, y) => x ^ y,
  (e, [x, y]) => e.xor(x, y),
);
export const BITWISE_NOT = bitwise(
  'bitwiseNot',
  'BitwiseNot',
  (x) => 1 - x,
  (x) => ~x,
  (e, [x]) => e.not(x),
);

interface ShiftAttrs extends Attrs {
  readonly bits: number;
}

export const SHIFT_RIGHT = defineOp<ShiftAttrs>({
  name: 'shiftRight',
  infer(xs) {
    refuseBool('shiftRight', xs);
    return rule('shiftRight').infer(xs);
  },
  reference(xs, { bits }, outputs) {
    const width = xs[0].dtype === 'int64' ? 64 : 32;
    const shift = (x: bigint) => BigInt.asUintN(width, x) >> BigInt(bits);
    return elementReference(Number, shift)(xs, null, outputs);
  },
  lower: { kind: 'element', expr: (e, [x], { bits }) => e.shr(x, bits) },
});

/**
 * Element by element `a & b` on the bits of integers; on bools logical and.
 *
 * Shapes: broadcast together. Dtypes: promoted together. Throws DtypeError for floats, ShapeError
 * when the shapes do not broadcast.
 *
 * @example
 * tensor([6, 5], { dtype: 'int32' }).bitwiseAnd(3).toArray(); // [2, 1]
 */
export const bitwiseAnd = (a: Operand, b: Operand): Value => apply2(BITWISE_AND, a, b);

/**
 * Element by element `a | b`; see {@link bitwiseAnd}.
 *
 * @example
 * tensor([6, 5], { dtype: 'int32' }).bitwiseOr(3).toArray(); // [7, 7]
 */
export const bitwiseOr = (a: Operand, b: Operand): Value => apply2(BITWISE_OR, a, b);

/**
 * Element by element `a ^ b`; see {@link bitwiseAnd}.
 *
 * @example
 * tensor([6, 5], { dtype: 'int32' }).bitwiseXor(3).toArray(); // [5, 6]
 */
export const bitwiseXor = (a: Operand, b: Operand): Value => apply2(BITWISE_XOR, a, b);

/**
 * Element by element `~x`; on bools logical not. Throws DtypeError for floats.
 *
 * @example
 * tensor([0, 5], { dtype: 'int32' }).bitwiseNot().toArray(); // [-1, -6]
 */
export const bitwiseNot = (x: Value): Value => apply1(BITWISE_NOT, x);

/**
 * Element by element the bits of integer `x` moved `bits` places down, zeros coming in
 * (JavaScript's `>>>`). Throws DtypeError for floats, ValueError unless `bits` is from 0 to 31 (63
 * for int64).
 *
 * @example
 * tensor([-1], { dtype: 'int32' }).shiftRight(28).toArray(); // [15]
 */
export function shiftRight(x: Value, bits: number): Value {
  const most = x.dtype === 'int64' ? 63 : 31;
  if (!(Number.isInteger(bits) && bits >= 0 && bits <= most)) {
    throw new ValueError({
      op: 'shiftRight',
      problem: `bits is a whole number from 0 to ${most}, not ${given(bits)}`,
      operands: [x],
    });
  }
  return apply1(SHIFT_RIGHT, x, attrs({ bits }));
}
