import type { DType } from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';

interface CastAttrs extends Attrs {
  readonly dtype: DType;
}

export const CAST = defineOp<CastAttrs>({
  name: 'cast',
  onnx: 'Cast',
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  // The conversion of the operand is all there is to do.
  operands: (_, [out]) => [out.dtype],
  reference: ([x]) => x,
  lower: { kind: 'element', expr: (_, [x]) => x },
  gradient(ctx, g) {
    const to = ctx.inputType(0).dtype;
    if (g.dtype === to) ctx.alias(0, g);
    else ctx.give(0, cast(g, to));
  },
});

/**
 * `x` with its elements converted to `dtype`; `x` itself if it has that dtype.
 *
 * Numerics: float to integer truncates and saturates, NaN becomes 0; int64 to int32 wraps; to bool
 * is `!= 0`; to a narrower float rounds half to even.
 *
 * @example
 * tensor([1.9, -1.9]).to('int32').toArray(); // [1, -1]
 */
export const cast = (x: Value, dtype: DType): Value =>
  x.dtype === dtype ? x : apply1(CAST, x, attrs({ dtype }));
