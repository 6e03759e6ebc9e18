import { normalizeDims, reducedShape } from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { floatOf } from '../element.ts';
import { attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { abs } from './abs.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { eq } from './compare.ts';
import { exp } from './exp.ts';
import { log } from './log.ts';
import { max } from './max.ts';
import { mul } from './mul.ts';
import { reshape } from './reshape.ts';
import { sub } from './sub.ts';
import { type Dims, expandDims, type ReduceAttrs, sum } from './sum.ts';
import { where } from './where.ts';

export const LOGSUMEXP = defineOp<ReduceAttrs>({
  name: 'logsumexp',
  onnx: 'ReduceLogSumExp',
  infer: ([x], { dims, keepdim }) => ({
    shape: reducedShape(x.shape, dims, keepdim),
    dtype: floatOf(x.dtype),
  }),
  decompose([operand], { dims, keepdim }) {
    const x = cast(operand as Value, floatOf((operand as Value).dtype));
    // Of no elements there is no maximum, and the logarithm is that of 0.
    if (dims.some((d) => x.shape[d] === 0)) return log(sum(exp(x), dims, keepdim));
    const top = max(x, dims, true);
    // An infinite maximum would make infinity - infinity.
    const shift = where(eq(abs(top), Number.POSITIVE_INFINITY), 0, top);
    const out = add(log(sum(exp(sub(x, shift)), dims, true)), shift);
    return keepdim ? out : reshape(out, reducedShape(x.shape, dims, false));
  },
  saves: SAVE.in0 | SAVE.out0,
  gradient(ctx, g) {
    const { dims, keepdim } = ctx.attrs;
    const x = ctx.input(0) as Value;
    const wide = (y: Value) => expandDims(y, x.shape, dims, keepdim);
    ctx.give(0, mul(wide(g), exp(sub(x, wide(ctx.output(0))))));
  },
});

/**
 * `log(sum(exp(x)))` along `dim` (of all elements if left out), without overflow.
 *
 * Shapes: the dimensions vanish, or stay with size 1 if `keepdim`. Dtypes: a float stays, integers
 * give float32. Numerics: -Infinity of no elements. Throws IndexError for a dimension out of range.
 *
 * @example
 * tensor([1000, 1000]).logsumexp(0).item(); // 1000.693115234375
 */
export function logsumexp(x: Value, dim?: Dims, keepdim = false): Value {
  const dims = normalizeDims(dim, x.shape.length, 'logsumexp');
  return apply1(LOGSUMEXP, x, attrs({ dims, keepdim }));
}
