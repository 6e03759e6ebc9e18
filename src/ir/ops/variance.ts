/** Variance and standard deviation. */
import {
  checkOptions,
  given,
  normalizeDims,
  numelOf,
  reducedShape,
  type Type,
  ValueError,
} from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { floatOf } from '../element.ts';
import { attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { eq } from './compare.ts';
import { div } from './div.ts';
import { mean } from './mean.ts';
import { mul } from './mul.ts';
import { sqrt } from './sqrt.ts';
import { sub } from './sub.ts';
import { type Dims, expandDims, type ReduceAttrs, sum } from './sum.ts';
import { where } from './where.ts';

interface VarAttrs extends ReduceAttrs {
  readonly correction: number;
}

export interface VarOptions {
  /** What is taken off the number of elements in the divisor; 1 by default, 0 for the population. */
  readonly correction?: number;
  readonly keepdim?: boolean;
}

const infer = ([x]: readonly Type[], { dims, keepdim }: VarAttrs): Type => ({
  shape: reducedShape(x.shape, dims, keepdim),
  dtype: floatOf(x.dtype),
});

const divisor = (shape: readonly number[], a: VarAttrs): number =>
  Math.max(0, numelOf(a.dims.map((d) => shape[d])) - a.correction);

export const VAR = defineOp<VarAttrs>({
  name: 'var',
  infer,
  decompose([operand], a) {
    const x = operand as Value;
    const off = sub(x, mean(x, a.dims, true));
    return div(sum(mul(off, off), a.dims, a.keepdim), divisor(x.shape, a));
  },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const a = ctx.attrs;
    const x = ctx.input(0) as Value;
    const off = sub(x, mean(x, a.dims, true));
    const scale = expandDims(mul(g, 2 / divisor(x.shape, a)), x.shape, a.dims, a.keepdim);
    ctx.give(0, mul(off, scale));
  },
});

export const STD = defineOp<VarAttrs>({
  name: 'std',
  infer,
  decompose: ([x], a) => sqrt(apply1(VAR, x as Value, a)),
  saves: SAVE.in0 | SAVE.out0,
  gradient(ctx, g) {
    const a = ctx.attrs;
    const x = ctx.input(0) as Value;
    const y = ctx.output(0);
    // Equal elements: the slope is taken as 0, not as 0 / 0.
    const slope = where(eq(y, 0), 0, div(g, mul(y, divisor(x.shape, a))));
    ctx.give(0, mul(sub(x, mean(x, a.dims, true)), expandDims(slope, x.shape, a.dims, a.keepdim)));
  },
});

function varAttrs(op: string, x: Value, dim: Dims, options: VarOptions) {
  const dims = normalizeDims(dim, x.shape.length, op);
  checkOptions(op, options, ['correction', 'keepdim']);
  const { correction = 1, keepdim = false } = options;
  if (typeof correction !== 'number' || typeof keepdim !== 'boolean') {
    throw new ValueError({
      op,
      problem:
        'correction is a number and keepdim true or false, ' +
        `not ${given(correction)} and ${given(keepdim)}`,
    });
  }
  return attrs({ dims, keepdim, correction });
}

/**
 * Variance along `dim` (of all elements if left out): `sum((x - mean)^2) / (n - correction)`, with
 * Bessel's correction 1 unless another is given.
 *
 * Shapes: the dimensions vanish, or stay with size 1 if `keepdim`. Dtypes: a float stays, integers
 * and bools give float32. Numerics: two passes; NaN of a single element with correction 1.
 * Throws IndexError for a dimension out of range.
 *
 * @example
 * tensor([1, 2, 3]).var().item(); // 1
 */
export const variance = (x: Value, dim?: Dims, options: VarOptions = {}): Value =>
  apply1(VAR, x, varAttrs('var', x, dim, options));

/**
 * Standard deviation along `dim`: the square root of the {@link variance}. Numerics: the gradient
 * where all elements are equal is 0.
 *
 * @example
 * tensor([1, 2, 3]).std().item(); // 1
 */
export const std = (x: Value, dim?: Dims, options: VarOptions = {}): Value =>
  apply1(STD, x, varAttrs('std', x, dim, options));
