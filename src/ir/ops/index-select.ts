/** Forms of gather. */
import { broadcastShapes, formatShape, normalizeDim, ShapeError } from '../../base/index.ts';
import { requireTensor } from '../element.ts';
import type { Value } from '../value.ts';
import { gather } from './gather.ts';
import { flatten, reshape } from './reshape.ts';
import { expand } from './sum.ts';

/**
 * The slices of `x` along `dim` that `index`, a 1-d tensor, lists.
 *
 * Shapes: dimension `dim` takes the index's size. Dtypes: the index int32 or int64; the result x's.
 * Numerics: negative indices count from the end. Throws ShapeError unless the index is 1-d,
 * IndexError for an index out of range.
 *
 * @example
 * const index = tensor([1, 1], { dtype: 'int32' });
 * tensor([[1, 2], [3, 4]]).indexSelect(0, index).toArray(); // [[3, 4], [3, 4]]
 */
export function indexSelect(x: Value, dim: number, index: Value): Value {
  const d = normalizeDim(dim, x.shape.length, 'indexSelect');
  requireTensor('indexSelect', 'index', index);
  if (index.shape.length !== 1) {
    throw new ShapeError({
      op: 'indexSelect',
      problem: `the index ${formatShape(index.shape)} is not 1-d`,
      operands: [x, index],
      remedy: 'flatten it, or use gather',
    });
  }
  const column = reshape(
    index,
    x.shape.map((_, i) => (i === d ? index.shape[0] : 1)),
  );
  return gather(x, d, expand(column, x.shape.with(d, index.shape[0])));
}

/**
 * {@link gather} with an index that broadcasts against `x` beside dimension `dim`: picks with what
 * `argmax(dim, true)` gives. Without `dim`, both are flattened: index positions in row-major order.
 *
 * Throws ShapeError when they do not broadcast, IndexError for an index out of range.
 *
 * @example
 * const x = tensor([[1, 5], [7, 3]]);
 * x.takeAlongDim(x.argmax(1, true), 1).toArray(); // [[5], [7]]
 */
export function takeAlongDim(x: Value, index: Value, dim?: number): Value {
  requireTensor('takeAlongDim', 'index', index, 'write x.takeAlongDim(index, dim)');
  if (dim === undefined) return gather(flatten(x), 0, flatten(index));
  const d = normalizeDim(dim, x.shape.length, 'takeAlongDim');
  const both =
    index.shape.length === x.shape.length
      ? broadcastShapes(x.shape.with(d, 1), index.shape.with(d, 1))
      : null;
  if (both === null) {
    throw new ShapeError({
      op: 'takeAlongDim',
      problem: `${formatShape(index.shape)} does not broadcast against ${formatShape(x.shape)}`,
      operands: [x, index],
      remedy: 'ranks must agree: keep the dimension where the index was made, argmax(dim, true)',
    });
  }
  return gather(
    expand(x, both.with(d, x.shape[d])),
    d,
    expand(index, both.with(d, index.shape[d])),
  );
}
