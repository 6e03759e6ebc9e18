import { apply1 } from '../apply.ts';
import { elementReference } from '../element.ts';
import { defineOp } from '../op.ts';
import type { Value } from '../value.ts';

export const ISNAN = defineOp({
  name: 'isnan',
  onnx: 'IsNaN',
  infer: ([x]) => ({ shape: x.shape, dtype: 'bool' }),
  operands: ([x]) => [x.dtype === 'bool' ? 'int32' : x.dtype],
  reference: elementReference(
    (x) => Number(Number.isNaN(x)),
    () => false,
  ),
  lower: { kind: 'element', expr: (e, [x]) => e.ne(x, x) },
});

/**
 * Element by element whether `x` is NaN, as bool; never for integers.
 *
 * @example
 * tensor([1, NaN]).isnan().toArray(); // [false, true]
 */
export const isnan = (x: Value): Value => apply1(ISNAN, x);
