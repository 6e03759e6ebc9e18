import { apply2 } from '../apply.ts';
import { elementReference, promotedBinary, unbroadcast } from '../element.ts';
import { defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';

export const ADD = defineOp({
  name: 'add',
  onnx: 'Add',
  ...promotedBinary('add'),
  reference: elementReference(
    (x, y) => x + y,
    (x, y) => x + y,
  ),
  lower: {
    kind: 'element',
    expr: (e, [x, y], _, out) => (out.dtype === 'bool' ? e.or(x, y) : e.add(x, y)),
  },
  gradient(ctx, g) {
    if (ctx.needs(0)) unbroadcast(ctx, 0, g);
    if (ctx.needs(1)) unbroadcast(ctx, 1, g);
  },
});

/**
 * Element by element `a + b`.
 *
 * Shapes: broadcast together. Dtypes: promoted together; `bool + bool` is logical or.
 * Throws ShapeError when the shapes do not broadcast.
 *
 * @example
 * tensor([1, 2]).add(10).toArray(); // [11, 12]
 */
export const add = (a: Operand, b: Operand): Value => apply2(ADD, a, b);
