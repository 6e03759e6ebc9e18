import { apply2 } from '../apply.ts';
import { elementReference, promotedBinary, refuseBool, unbroadcast } from '../element.ts';
import { defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { neg } from './neg.ts';

const rule = promotedBinary('sub');

export const SUB = defineOp({
  name: 'sub',
  onnx: 'Sub',
  ...rule,
  infer(xs) {
    refuseBool('sub', xs, 'use logicalXor, or convert to int32 first');
    return rule.infer(xs);
  },
  reference: elementReference(
    (x, y) => x - y,
    (x, y) => x - y,
  ),
  lower: { kind: 'element', expr: (e, [x, y]) => e.sub(x, y) },
  gradient(ctx, g) {
    if (ctx.needs(0)) unbroadcast(ctx, 0, g);
    if (ctx.needs(1)) unbroadcast(ctx, 1, neg(g), true);
  },
});

/**
 * Element by element `a - b`.
 *
 * Shapes: broadcast together. Dtypes: promoted together.
 * Throws ShapeError when the shapes do not broadcast, DtypeError for two bools.
 *
 * @example
 * tensor([1, 2]).sub(10).toArray(); // [-9, -8]
 */
export const sub = (a: Operand, b: Operand): Value => apply2(SUB, a, b);
