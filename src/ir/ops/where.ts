import { broadcastStrides, contiguousStrides } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { broadcastTypes, promoteTypes, unbroadcast } from '../element.ts';
import { forEachIndex, ndZeros } from '../nd-array.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';

export const WHERE = defineOp({
  name: 'where',
  onnx: 'Where',
  infer: (xs) => ({ shape: broadcastTypes('where', xs), dtype: promoteTypes(xs.slice(1)) }),
  operands: (_, [out]) => ['bool', out.dtype, out.dtype],
  reference(inputs, _, [{ shape, dtype }]) {
    const out = ndZeros(shape, dtype);
    const strides = inputs.map((x) => broadcastStrides(x.shape, contiguousStrides(x.shape), shape));
    const [cond, a, b] = inputs;
    forEachIndex(shape, strides, (at, [c, i, j]) => {
      out.data[at] = cond.data[c] ? a.data[i] : b.data[j];
    });
    return out;
  },
  lower: { kind: 'element', expr: (e, [cond, a, b]) => e.select(cond, a, b) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const cond = ctx.input(0);
    if (ctx.needs(1)) unbroadcast(ctx, 1, where(cond, g, 0), true);
    if (ctx.needs(2)) unbroadcast(ctx, 2, where(cond, 0, g), true);
  },
});

/**
 * Element by element `a` where `cond` holds (is not 0), else `b`.
 *
 * Shapes: all three broadcast together. Dtypes: `a` and `b` are promoted together. Numerics: what
 * is not chosen leaves no trace, not even NaN; nor does its gradient.
 * Throws ShapeError when the shapes do not broadcast.
 *
 * @example
 * const x = tensor([-1, 2]);
 * where(x.gt(0), x, 0).toArray(); // [0, 2]
 */
export const where = (cond: Operand, a: Operand, b: Operand): Value =>
  apply(WHERE, [cond, a, b])[0];
