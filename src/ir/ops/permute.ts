import { checkList, normalizeDim, ShapeError } from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { moveElements } from '../nd-array.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';

interface PermuteAttrs extends Attrs {
  /** Dimension `d` of the result is dimension `dims[d]` of the operand. */
  readonly dims: readonly number[];
}

export const PERMUTE = defineOp<PermuteAttrs>({
  name: 'permute',
  onnx: 'Transpose',
  infer: ([x], { dims }) => ({ shape: dims.map((d) => x.shape[d]), dtype: x.dtype }),
  reference: ([x], { dims }, [{ shape }]) =>
    moveElements(x, shape, (at) => x.shape.map((_, d) => at[dims.indexOf(d)])),
  lower: {
    kind: 'view',
    view: (x, { dims }) => ({
      offset: 0,
      shape: dims.map((d) => x.shape[d]),
      strides: dims.map((d) => x.strides[d]),
    }),
  },
  gradient(ctx, g) {
    const { dims } = ctx.attrs;
    ctx.alias(
      0,
      permute(
        g,
        dims.map((_, d) => dims.indexOf(d)),
      ),
    );
  },
});

/**
 * The dimensions of `x` in another order; a view.
 *
 * Throws ShapeError unless `dims` lists every dimension once.
 *
 * @example
 * ones([2, 3, 4]).permute([2, 0, 1]).shape; // [4, 2, 3]
 */
export function permute(x: Value, dims: readonly number[]): Value {
  const rank = x.shape.length;
  checkList(dims, 'the dimensions', 'permute', 'x.permute([1, 0])');
  const order = dims.map((d) => normalizeDim(d, rank, 'permute'));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw new ShapeError({
      op: 'permute',
      problem: `[${dims.join(', ')}] does not list each of ${rank} dimensions once`,
      operands: [x],
    });
  }
  return order.every((d, i) => d === i) ? x : apply1(PERMUTE, x, attrs({ dims: order }));
}

/**
 * `x` with two dimensions swapped, the last two if left out; a view.
 *
 * Throws IndexError for a dimension out of range.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).transpose().toArray(); // [[1, 3], [2, 4]]
 */
export function transpose(x: Value, dim0 = -2, dim1 = -1): Value {
  const rank = x.shape.length;
  const a = normalizeDim(dim0, rank, 'transpose');
  const b = normalizeDim(dim1, rank, 'transpose');
  const dims = x.shape.map((_, d) => (d === a ? b : d === b ? a : d));
  return permute(x, dims);
}
