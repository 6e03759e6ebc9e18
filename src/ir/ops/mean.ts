import { normalizeDims, numelOf, reducedShape } from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { floatOf } from '../element.ts';
import { attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { div } from './div.ts';
import { mul } from './mul.ts';
import { type Dims, expandDims, type ReduceAttrs, sum } from './sum.ts';

const countOf = (shape: readonly number[], dims: readonly number[]): number =>
  numelOf(dims.map((d) => shape[d]));

export const MEAN = defineOp<ReduceAttrs>({
  name: 'mean',
  onnx: 'ReduceMean',
  infer: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: floatOf(x.dtype),
  }),
  decompose([x], { dims, keepdim }) {
    const { shape, dtype } = x as Value;
    return div(sum(cast(x as Value, floatOf(dtype)), dims, keepdim), countOf(shape, dims));
  },
  gradient(ctx, g) {
    const { dims, keepdim } = ctx.attrs;
    const { shape } = ctx.inputType(0);
    ctx.alias(0, expandDims(mul(g, 1 / countOf(shape, dims)), shape, dims, keepdim));
  },
});

/**
 * Mean of the elements along `dim` (of all if left out).
 *
 * Shapes: the dimensions vanish, or stay with size 1 if `keepdim`. Dtypes: a float stays, integers
 * and bools give float32. Numerics: the mean of no elements is NaN.
 * Throws IndexError for a dimension out of range.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).mean(0).toArray(); // [2, 3]
 */
export function mean(x: Value, dim?: Dims, keepdim = false): Value {
  return apply1(MEAN, x, attrs({ dims: normalizeDims(dim, x.shape.length, 'mean'), keepdim }));
}
