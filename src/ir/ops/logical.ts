/** Logic on truth values; operands of other dtypes count as true where they are not 0. */
import { apply1, apply2 } from '../apply.ts';
import { broadcastTypes, elementReference } from '../element.ts';
import type { Elem, ElementBuilder } from '../lowering.ts';
import { defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';

function logical(
  name: string,
  onnx: string,
  f: (x: number, y: number) => number,
  expr: (e: ElementBuilder, xs: readonly Elem[]) => Elem,
) {
  return defineOp({
    name,
    onnx,
    infer: (xs) => ({ shape: broadcastTypes(name, xs), dtype: 'bool' }),
    operands: (xs) => xs.map(() => 'bool'),
    reference: elementReference(f),
    lower: { kind: 'element', expr },
  });
}

export const LOGICAL_AND = logical(
  'logicalAnd',
  'And',
  (x, y) => x & y,
  (e, [x, y]) => e.and(x, y),
);
export const LOGICAL_OR = logical(
  'logicalOr',
  'Or',
  (x, y) => x | y,
  (e, [x, y]) => e.or(x, y),
);
export const LOGICAL_XOR = logical(
  'logicalXor',
  'Xor',
  (x, y) => x ^ y,
  (e, [x, y]) => e.xor(x, y),
);
export const LOGICAL_NOT = logical(
  'logicalNot',
  'Not',
  (x) => 1 - x,
  (e, [x]) => e.not(x),
);

/**
 * Element by element "a and b", as bool; what is not 0 is true. Shapes: broadcast together.
 * Throws ShapeError when the shapes do not broadcast.
 *
 * @example
 * tensor([true, true]).logicalAnd(tensor([true, false])).toArray(); // [true, false]
 */
export const logicalAnd = (a: Operand, b: Operand): Value => apply2(LOGICAL_AND, a, b);

/**
 * Element by element "a or b", as bool; see {@link logicalAnd}.
 *
 * @example
 * tensor([true, false]).logicalOr(tensor([false, false])).toArray(); // [true, false]
 */
export const logicalOr = (a: Operand, b: Operand): Value => apply2(LOGICAL_OR, a, b);

/**
 * Element by element "either a or b, not both", as bool; see {@link logicalAnd}.
 *
 * @example
 * tensor([true, true]).logicalXor(tensor([true, false])).toArray(); // [false, true]
 */
export const logicalXor = (a: Operand, b: Operand): Value => apply2(LOGICAL_XOR, a, b);

/**
 * Element by element "not x", as bool: true where `x` is 0.
 *
 * @example
 * tensor([0, 2]).logicalNot().toArray(); // [true, false]
 */
export const logicalNot = (x: Value): Value => apply1(LOGICAL_NOT, x);
