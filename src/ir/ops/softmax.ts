/** Softmax and its logarithm. */
import { normalizeDim, numelOf } from '../../base/index.ts';
import { apply, apply1 } from '../apply.ts';
import { floatOf, floatUnary } from '../element.ts';
import { type Attrs, attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { div } from './div.ts';
import { exp } from './exp.ts';
import { log } from './log.ts';
import { max } from './max.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';
import { sum } from './sum.ts';

export interface DimAttrs extends Attrs {
  readonly dim: number;
}

const toFloat = (x: Value): Value => cast(x, floatOf(x.dtype));

/** Operands (g, y): y * (g - sum(g * y)). */
const SOFTMAX_GRAD = defineOp<DimAttrs>({
  name: 'softmaxGrad',
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  decompose([g, y], { dim }) {
    const dot = sum(mul(g, y), dim, true);
    return mul(y, sub(g, dot));
  },
});

export const SOFTMAX = defineOp<DimAttrs>({
  name: 'softmax',
  onnx: 'Softmax',
  infer: floatUnary.infer,
  decompose([operand], { dim }) {
    const x = toFloat(operand as Value);
    if (numelOf(x.shape) === 0) return exp(x); // there is nothing to divide, nor a maximum
    const e = exp(sub(x, max(x, dim, true)));
    return div(e, sum(e, dim, true));
  },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, apply(SOFTMAX_GRAD, [g, ctx.output(0)], ctx.attrs)[0]);
  },
});

/**
 * `exp(x) / sum(exp(x))` along `dim`, without overflow.
 *
 * Dtypes: a float stays, integers give float32. Throws IndexError for a dimension out of
 * range.
 *
 * @example
 * tensor([1, 1]).softmax(0).toArray(); // [0.5, 0.5]
 */
export const softmax = (x: Value, dim: number): Value =>
  apply1(SOFTMAX, x, attrs({ dim: normalizeDim(dim, x.shape.length, 'softmax') }));

/** Operands (g, y): g - exp(y) * sum(g). */
const LOG_SOFTMAX_GRAD = defineOp<DimAttrs>({
  name: 'logSoftmaxGrad',
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  decompose: ([g, y], { dim }) => sub(g, mul(exp(y as Value), sum(g as Value, dim, true))),
});

export const LOG_SOFTMAX = defineOp<DimAttrs>({
  name: 'logSoftmax',
  onnx: 'LogSoftmax',
  infer: floatUnary.infer,
  decompose([operand], { dim }) {
    const x = toFloat(operand as Value);
    if (numelOf(x.shape) === 0) return exp(x);
    const shifted = sub(x, max(x, dim, true));
    return sub(shifted, log(sum(exp(shifted), dim, true)));
  },
  saves: SAVE.out0,
  gradient(ctx, g) {
    ctx.give(0, apply(LOG_SOFTMAX_GRAD, [g, ctx.output(0)], ctx.attrs)[0]);
  },
});

/**
 * `x - log(sum(exp(x)))` along `dim`: the logarithm of the softmax, without overflow or underflow.
 *
 * Dtypes: a float stays, integers give float32. Throws IndexError for a dimension out of
 * range.
 *
 * @example
 * tensor([0, 0]).logSoftmax(0).toArray(); // [-0.6931471824645996, -0.6931471824645996]
 */
export const logSoftmax = (x: Value, dim: number): Value =>
  apply1(LOG_SOFTMAX, x, attrs({ dim: normalizeDim(dim, x.shape.length, 'logSoftmax') }));
