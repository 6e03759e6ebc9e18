import {
  broadcastShapes,
  DtypeError,
  formatShape,
  ShapeError,
  sameShape,
} from '../../base/index.ts';
import { requireTensor } from '../element.ts';
import type { Operand, Value } from '../value.ts';
import { where } from './where.ts';

/**
 * `x` with `value`, a number or a 0-d tensor, wherever the bool `mask` holds.
 *
 * Shapes: the mask broadcasts to x's shape. Dtypes: those of {@link where}. Numerics: what is
 * filled leaves no trace, and its gradient is 0. Throws DtypeError for a mask that is not bool,
 * ShapeError for one that does not fit.
 *
 * @example
 * const x = tensor([1, -2]);
 * x.maskedFill(x.lt(0), 0).toArray(); // [1, 0]
 */
export function maskedFill(x: Value, mask: Value, value: Operand): Value {
  requireTensor('maskedFill', 'mask', mask);
  if (mask.dtype !== 'bool') {
    throw new DtypeError({
      op: 'maskedFill',
      problem: `the mask is ${mask.dtype}, not bool`,
      operands: [x, mask],
      remedy: "convert it, mask.to('bool'), or compare, x.lt(0)",
    });
  }
  if (!sameShape(broadcastShapes(x.shape, mask.shape) ?? [-1], x.shape)) {
    throw new ShapeError({
      op: 'maskedFill',
      problem: `a mask of shape ${formatShape(mask.shape)} does not broadcast to ${formatShape(x.shape)}`,
      operands: [x, mask],
    });
  }
  return where(mask, value, x);
}
