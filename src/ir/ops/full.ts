import { checkDType, checkShape, type DType, type Shape } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { elementReference } from '../element.ts';
import { type Attrs, attrs, defineOp, type GradContext } from '../op.ts';
import type { Operand, Value } from '../value.ts';

interface FullAttrs extends Attrs {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Where it is made; the default device if left out. */
  readonly device?: string;
}

export const FULL = defineOp<FullAttrs>({
  name: 'full',
  onnx: 'ConstantOfShape',
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
  operands: (_, [out]) => [out.dtype],
  reference: elementReference(
    (x) => x,
    (x) => x,
  ),
  // The value is an operand: other values reuse the kernel.
  lower: { kind: 'element', expr: (_, [x]) => x },
});

/**
 * A tensor of the given shape with every element `value`, a number or a 0-d tensor (whose gradient
 * is not followed).
 *
 * Dtypes: float32 unless given. Throws ShapeError for a size that is no whole number from 0,
 * DtypeError for an unknown dtype.
 *
 * @example
 * full([2, 2], 7).toArray(); // [[7, 7], [7, 7]]
 */
export function full(
  shape: Shape,
  value: Operand,
  dtype: DType = 'float32',
  device?: string,
): Value {
  checkShape(shape, 'full');
  return apply(FULL, [value], attrs({ shape, dtype: checkDType(dtype, 'full'), device }))[0];
}

/** The gradient of a step function of `count` operands: zero wherever it exists. */
export const flat =
  (count: number) =>
  (ctx: GradContext<unknown>, g: Value): void => {
    for (let i = 0; i < count; i++) {
      if (!ctx.needs(i)) continue;
      const { shape, dtype } = ctx.inputType(i);
      ctx.give(i, full(shape, 0, dtype, g.device));
    }
  };
