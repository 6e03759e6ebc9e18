import {
  checkOptions,
  formatShape,
  given,
  type Shape,
  ShapeError,
  sameShape,
  type Type,
  ValueError,
} from '../../base/index.ts';
import { apply } from '../apply.ts';
import { floatOf, promoteTypes, requireTensor, unbroadcast } from '../element.ts';
import { type Attrs, attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { mean as meanOf } from './mean.ts';
import { mul } from './mul.ts';
import { rsqrt } from './rsqrt.ts';
import { sub } from './sub.ts';
import { sumTo } from './sum.ts';

interface LayerNormAttrs extends Attrs {
  /** How many dimensions, from the last one, are normalised together. */
  readonly rank: number;
  readonly eps: number;
  readonly weight: boolean;
  readonly bias: boolean;
}

/** The gradient reads mean and variance, outputs 1 and 2. */
const SAVE_STATISTICS = SAVE.out1 | (SAVE.out1 << 1);

const lastDims = (shape: Shape, rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => shape.length - rank + i);

/** Throws a ValueError unless `eps` is a number from 0: the variance is divided by its root. */
export function checkEps(op: string, eps: unknown): number {
  if (typeof eps === 'number' && Number.isFinite(eps) && eps >= 0) return eps;
  throw new ValueError({ op, problem: `eps must be a number from 0, not ${given(eps)}` });
}

/**
 * Operands (g, x, mean, variance, gradients of mean and of variance[, weight]). With
 * `h = g * weight`, `o = x - mean`, `r = 1 / sqrt(variance + eps)` and means over each row:
 * `r (h - mean(h) - o r^2 mean(h o))`, and what flows through the statistics themselves.
 */
const LAYER_NORM_GRAD = defineOp<LayerNormAttrs>({
  name: 'layerNormGrad',
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  decompose(operands, { rank, eps, weight }) {
    const [g, operand, mean, variance, gMean, gVariance, w] = operands as readonly Value[];
    const dims = lastDims(g.shape, rank);
    const count = dims.reduce((n, d) => n * g.shape[d], 1);
    const h = weight ? mul(g, w) : g;
    const off = sub(cast(operand, g.dtype), mean);
    const r = rsqrt(add(variance, eps));
    const level = sub(mul(r, meanOf(h, dims, true)), mul(gMean, 1 / count));
    const along = mul(mul(mul(r, r), r), meanOf(mul(h, off), dims, true));
    const slope = sub(along, mul(gVariance, 2 / count));
    return sub(sub(mul(h, r), level), mul(off, slope));
  },
});

/**
 * Operands (g, x, mean, variance, weight), the gradients of weight and bias:
 * `sum(g * (x - mean) / sqrt(variance + eps))` and `sum(g)`, which read g once.
 */
const LAYER_NORM_WEIGHT_GRAD = defineOp<LayerNormAttrs>({
  name: 'layerNormWeightGrad',
  infer([g, , , , w]) {
    const type = { shape: w.shape, dtype: g.dtype };
    return [type, type];
  },
  decompose(operands, { eps }) {
    const [g, x, mean, variance, w] = operands as readonly Value[];
    const off = sub(cast(x, g.dtype), mean);
    const along = mul(g, mul(off, rsqrt(add(variance, eps))));
    return [sumTo(along, w.shape), sumTo(g, w.shape)];
  },
});

/** Operands (x[, weight][, bias]); gives (y, mean, variance), the latter two of size 1 in each row. */
export const LAYER_NORM = defineOp<LayerNormAttrs>({
  name: 'layerNorm',
  onnx: 'LayerNormalization',
  infer(xs, a) {
    const [x] = xs;
    const rows = x.shape.length - a.rank;
    const normalized = x.shape.slice(Math.max(0, rows));
    const misfit = xs.slice(1).find((p) => !sameShape(p.shape, normalized));
    if (rows < 0 || misfit !== undefined) {
      throw new ShapeError({
        op: 'layerNorm',
        problem:
          misfit === undefined
            ? `${formatShape(x.shape)} has fewer than ${a.rank} dimensions`
            : `${formatShape(misfit.shape)} does not fit the normalised ${formatShape(normalized)}`,
        operands: xs,
        remedy: 'weight and bias have the shape of the dimensions that are normalised',
      });
    }
    const dtype = floatOf(promoteTypes(xs));
    const statistic: Type = { shape: x.shape.map((n, d) => (d < rows ? n : 1)), dtype };
    return [{ shape: x.shape, dtype }, statistic, statistic];
  },
  decompose(operands, { rank, eps, weight, bias }) {
    const values = operands as readonly Value[];
    const x = cast(values[0], floatOf(promoteTypes(values)));
    const dims = lastDims(x.shape, rank);
    const mean = meanOf(x, dims, true);
    const off = sub(x, mean);
    const variance = meanOf(mul(off, off), dims, true);
    let y = mul(off, rsqrt(add(variance, eps)));
    if (weight) y = mul(y, values[1]);
    if (bias) y = add(y, values[values.length - 1]);
    return [y, mean, variance];
  },
  saves: SAVE.in0 | SAVE.in1 | SAVE_STATISTICS,
  gradient(ctx, g, [, gMean, gVariance]) {
    const { weight, bias } = ctx.attrs;
    const [mean, variance] = [ctx.output(1), ctx.output(2)];
    const x = ctx.input(0) as Value;
    const w = weight ? [ctx.input(1) as Value] : [];
    if (ctx.needs(0)) {
      const operands = [g, x, mean, variance, gMean, gVariance, ...w];
      unbroadcast(ctx, 0, apply(LAYER_NORM_GRAD, operands, ctx.attrs)[0], true);
    }
    const last = weight ? 2 : 1;
    const needsBias = bias && ctx.needs(last);
    if (weight && ctx.needs(1)) {
      const operands = [g, x, mean, variance, ...w];
      const [along, all] = apply(LAYER_NORM_WEIGHT_GRAD, operands, ctx.attrs);
      unbroadcast(ctx, 1, along, true);
      if (needsBias) unbroadcast(ctx, last, all, true);
    } else if (needsBias) unbroadcast(ctx, last, g);
  },
});

/**
 * Normalises the last dimensions, those of `normalizedShape` (a number is one dimension):
 * `(x - mean) / sqrt(variance + eps) * weight + bias`, mean and variance of each row of `x`, the
 * variance divided by the number of elements.
 *
 * Shapes: x `[..., ...normalizedShape]`, weight and bias `normalizedShape`, either may be null; the
 * result x's. Dtypes: promoted together; integers give float32. Numerics: two passes.
 * `options.eps` is 1e-5 unless given. Throws ShapeError when shapes do not fit, ValueError for an
 * eps that is no number from 0.
 *
 * Source: Ba, Kiros & Hinton, Layer Normalization, 2016, equation 4.
 *
 * @example
 * layerNorm(tensor([[1, 3], [0, 8]]), 2, null, null, { eps: 0 }).toArray(); // [[-1, 1], [-1, 1]]
 */
export function layerNorm(
  x: Value,
  normalizedShape: number | Shape,
  weight: Value | null = null,
  bias: Value | null = null,
  options: { readonly eps?: number } = {},
): Value {
  checkOptions('layerNorm', options, ['eps']);
  requireTensor('layerNorm', 'input', x);
  if (weight !== null) requireTensor('layerNorm', 'weight', weight);
  if (bias !== null) requireTensor('layerNorm', 'bias', bias);
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  const tail = Array.isArray(shape) ? x.shape.slice(x.shape.length - shape.length) : [];
  if (!Array.isArray(shape) || shape.length === 0 || !sameShape(tail, shape)) {
    throw new ShapeError({
      op: 'layerNorm',
      problem: `the last dimensions of ${formatShape(x.shape)} are not ${given(normalizedShape)}`,
      operands: [x],
      remedy: 'normalizedShape lists the sizes of the last dimensions, one at least',
    });
  }
  const a = attrs({
    rank: shape.length,
    eps: checkEps('layerNorm', options.eps ?? 1e-5),
    weight: weight !== null,
    bias: bias !== null,
  });
  return apply(
    LAYER_NORM,
    [x, weight, bias].filter((v) => v !== null),
    a,
  )[0];
}
