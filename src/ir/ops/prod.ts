import { normalizeDims, reducedShape } from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { attrs, defineOp, SAVE } from '../op.ts';
import { reduceReference } from '../reduce.ts';
import type { Value } from '../value.ts';
import { eq, gt } from './compare.ts';
import { div } from './div.ts';
import { mul } from './mul.ts';
import { type Dims, expandDims, type ReduceAttrs, sum } from './sum.ts';
import { where } from './where.ts';

export const PROD = defineOp<ReduceAttrs>({
  name: 'prod',
  onnx: 'ReduceProd',
  infer: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: x.dtype === 'bool' ? 'int32' : x.dtype,
  }),
  operands: (_, [out]) => [out.dtype],
  reference: reduceReference({ start: 1, step: (acc, x) => acc * x, big: (acc, x) => acc * x }),
  lower: { kind: 'reduce', combine: 'prod', dims: (a) => a.dims },
  saves: SAVE.in0 | SAVE.out0,
  gradient(ctx, g) {
    const { dims, keepdim } = ctx.attrs;
    const x = ctx.input(0) as Value;
    const wide = (y: Value) => expandDims(y, x.shape, dims, keepdim);
    // The product of the others: out / x, but beside zeros only the one zero has a slope.
    const zero = eq(x, 0);
    const others = prod(where(zero, 1, x), dims, keepdim);
    const zeros = wide(sum(zero, dims, keepdim));
    const beside = where(eq(zeros, 1), wide(others), 0);
    const plain = div(wide(ctx.output(0)), where(zero, 1, x));
    ctx.give(0, mul(wide(g), where(zero, beside, where(gt(zeros, 0), 0, plain))));
  },
});

/**
 * Product of the elements along `dim` (of all if left out).
 *
 * Shapes: the dimensions vanish, or stay with size 1 if `keepdim`. Dtypes: the operand's, integers
 * wrap; bool counts as int32. Numerics: the product of no elements is 1; second derivatives beside
 * a zero are not followed. Throws IndexError for a dimension out of range.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).prod(0).toArray(); // [3, 8]
 */
export function prod(x: Value, dim?: Dims, keepdim = false): Value {
  return apply1(PROD, x, attrs({ dims: normalizeDims(dim, x.shape.length, 'prod'), keepdim }));
}
