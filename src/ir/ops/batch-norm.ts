/** Batch normalisation: by the statistics of the batch, and by given ones. Channels are dimension 1. */
import { checkOptions, formatShape, numelOf, ShapeError, type Type } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { floatOf, promoteTypes, requireTensor, unbroadcast } from '../element.ts';
import { type Attrs, attrs, defineOp, type GradContext, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { checkEps } from './layer-norm.ts';
import { mean as meanOf } from './mean.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { reshape } from './reshape.ts';
import { rsqrt } from './rsqrt.ts';
import { sub } from './sub.ts';
import { sum } from './sum.ts';

interface BatchNormAttrs extends Attrs {
  readonly eps: number;
  readonly weight: boolean;
  readonly bias: boolean;
}

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

/** The gradient reads mean and variance, outputs 1 and 2. */
const SAVE_STATISTICS = SAVE.out1 | (SAVE.out1 << 1);

/** All dimensions but the channels. */
const dimsOf = (x: Type): number[] => x.shape.flatMap((_, d) => (d === 1 ? [] : [d]));

/** Elements of one channel. */
const countOf = (x: Type): number => numelOf(x.shape.toSpliced(1, 1));

/** One number for each channel, laid along dimension 1 of `x`. */
const across = (channels: Value, x: Type): Value =>
  reshape(
    channels,
    x.shape.map((n, d) => (d === 1 ? n : 1)),
  );

/** The result's type, if all operands after the first hold one number a channel. */
function typeOf(xs: readonly Type[]): Type {
  const [x, ...others] = xs;
  const [, channels] = x.shape;
  const misfit = others.find((p) => p.shape.length !== 1 || p.shape[0] !== channels);
  if (x.shape.length < 2 || misfit !== undefined) {
    throw new ShapeError({
      op: 'batchNorm',
      problem:
        misfit === undefined || x.shape.length < 2
          ? `the input ${formatShape(x.shape)} has no channels`
          : `${formatShape(misfit.shape)} does not fit the ${channels} channels of ${formatShape(x.shape)}`,
      operands: xs,
      remedy: 'channels are dimension 1 of the input; statistics, weight and bias are [channels]',
    });
  }
  return { shape: x.shape, dtype: floatOf(promoteTypes(xs)) };
}

/** `y * weight + bias` with those of the two, in this order, that there are. */
function affine(y: Value, rest: readonly Value[], { weight, bias }: BatchNormAttrs): Value {
  const scaled = weight ? mul(y, across(rest[0], y)) : y;
  return bias ? add(scaled, across(rest[rest.length - 1], y)) : scaled;
}

/**
 * Operands (g, x, mean, variance, gradients of mean and of variance[, weight]); gives the
 * gradients of x, weight and bias. With `o = x - mean` and `r = 1 / sqrt(variance + eps)`:
 * `weight r (g - mean(g) - o r^2 mean(g o))` and what flows through the statistics themselves,
 * `r sum(g o)` and `sum(g)`.
 */
const BATCH_NORM_GRAD = defineOp<BatchNormAttrs>({
  name: 'batchNormGrad',
  infer([g, , mean]) {
    const channels: Type = { shape: mean.shape, dtype: g.dtype };
    return [{ shape: g.shape, dtype: g.dtype }, channels, channels];
  },
  decompose(operands, { eps, weight }) {
    const [g, x, mean, variance, gMean, gVariance, w] = operands as readonly Value[];
    const part = 1 / countOf(g);
    const dims = dimsOf(g);
    const off = sub(cast(x, g.dtype), across(mean, g));
    const r = rsqrt(add(across(variance, g), eps));
    const gSum = sum(g, dims, true);
    const offSum = mul(sum(mul(g, off), dims, true), r);
    const scale = weight ? mul(r, across(w, g)) : r;
    const level = mul(sub(mul(scale, gSum), across(gMean, g)), part);
    const along = mul(mul(scale, r), offSum);
    const slope = mul(sub(along, mul(across(gVariance, g), 2)), part);
    const dx = sub(sub(mul(g, scale), level), mul(off, slope));
    return [dx, reshape(offSum, mean.shape), reshape(gSum, mean.shape)];
  },
});

/** Operands (x[, weight][, bias]); gives (y, mean, variance). */
export const BATCH_NORM_TRAINING = defineOp<BatchNormAttrs>({
  name: 'batchNormTraining',
  onnx: 'BatchNormalization',
  infer(xs) {
    const y = typeOf(xs);
    const channels: Type = { shape: [y.shape[1]], dtype: y.dtype };
    return [y, channels, channels];
  },
  decompose(operands, a) {
    const [operand, ...rest] = operands as readonly Value[];
    const x = cast(operand, floatOf(promoteTypes([operand, ...rest])));
    const dims = dimsOf(x);
    const mean = meanOf(x, dims, true);
    const off = sub(x, mean);
    const variance = meanOf(mul(off, off), dims, true);
    const y = affine(mul(off, rsqrt(add(variance, a.eps))), rest, a);
    const shape = [x.shape[1]];
    return [y, reshape(mean, shape), reshape(variance, shape)];
  },
  saves: SAVE.in0 | SAVE.in1 | SAVE_STATISTICS,
  gradient(ctx, g, [, gMean, gVariance]) {
    const { weight, bias } = ctx.attrs;
    const operands = [g, ctx.input(0), ctx.output(1), ctx.output(2), gMean, gVariance];
    if (weight) operands.push(ctx.input(1));
    const [dx, dw, db] = apply(BATCH_NORM_GRAD, operands, ctx.attrs);
    if (ctx.needs(0)) unbroadcast(ctx, 0, dx, true);
    if (weight && ctx.needs(1)) unbroadcast(ctx, 1, dw, true);
    const last = weight ? 2 : 1;
    if (bias && ctx.needs(last)) unbroadcast(ctx, last, db, true);
  },
});

/** Operands (g, x, mean): `sum(g * (x - mean))` of each channel. */
const CENTRED_SUM_GRAD = defineOp({
  name: 'centredSumGrad',
  infer: ([g, , mean]) => ({ shape: mean.shape, dtype: g.dtype }),
  decompose(operands) {
    const [g, x, mean] = operands as readonly Value[];
    return sum(mul(g, sub(cast(x, g.dtype), across(mean, g))), dimsOf(g));
  },
});

/** Operands (x, mean, variance[, weight][, bias]). */
export const BATCH_NORM = defineOp<BatchNormAttrs>({
  name: 'batchNorm',
  onnx: 'BatchNormalization',
  infer: (xs) => typeOf(xs),
  decompose(operands, a) {
    const values = operands as readonly Value[];
    const [operand, mean, variance, ...rest] = values;
    const x = cast(operand, floatOf(promoteTypes(values)));
    const r = rsqrt(add(cast(variance, x.dtype), a.eps));
    return affine(mul(sub(x, across(mean, x)), across(r, x)), rest, a);
  },
  saves: SAVE.inputs,
  gradient(ctx: GradContext<BatchNormAttrs>, g: Value) {
    const { eps, weight, bias } = ctx.attrs;
    const [x, mean, variance] = [0, 1, 2].map((i) => ctx.input(i) as Value);
    const r = rsqrt(add(cast(variance, g.dtype), eps));
    const scale = weight ? mul(r, ctx.input(3)) : r;
    if (ctx.needs(0)) unbroadcast(ctx, 0, mul(g, across(scale, g)), true);
    const last = weight ? 4 : 3;
    const gSum = (bias && ctx.needs(last)) || ctx.needs(1) ? sum(g, dimsOf(g)) : null;
    if (bias && ctx.needs(last)) unbroadcast(ctx, last, gSum as Value);
    if (ctx.needs(1)) unbroadcast(ctx, 1, neg(mul(gSum as Value, scale)), true);
    if (!ctx.needs(2) && !(weight && ctx.needs(3))) return;
    const centred = mul(apply(CENTRED_SUM_GRAD, [g, x, mean])[0], r);
    if (weight && ctx.needs(3)) unbroadcast(ctx, 3, centred);
    if (ctx.needs(2)) unbroadcast(ctx, 2, mul(mul(centred, -0.5), mul(scale, r)), true);
  },
});

/** Operands (running mean, running variance, mean, variance, momentum, correction). */
export const RUNNING_UPDATE = defineOp({
  name: 'runningUpdate',
  infer: ([mean, variance]) => [
    { shape: mean.shape, dtype: mean.dtype },
    { shape: variance.shape, dtype: variance.dtype },
  ],
  decompose([oldMean, oldVariance, mean, variance, share, correction]) {
    const [m, v] = [oldMean as Value, oldVariance as Value];
    const as = (x: Operand, to: Value): Operand => (typeof x === 'number' ? x : cast(x, to.dtype));
    const blend = (old: Value, now: Value): Value => {
      const s = as(share, old);
      return add(mul(old, typeof s === 'number' ? 1 - s : sub(1, s)), mul(now, s));
    };
    const unbiased = mul(cast(variance as Value, v.dtype), as(correction, v));
    return [blend(m, cast(mean as Value, m.dtype)), blend(v, unbiased)];
  },
});

function batchNormAttrs(
  op: string,
  options: BatchNormOptions,
  weight: Value | null,
  bias: Value | null,
) {
  checkOptions(op, options, ['eps']);
  if (weight !== null) requireTensor(op, 'weight', weight);
  if (bias !== null) requireTensor(op, 'bias', bias);
  const eps = checkEps(op, options.eps ?? 1e-5);
  return attrs({ eps, weight: weight !== null, bias: bias !== null });
}

const present = (...xs: readonly (Value | null)[]): Value[] => xs.filter((x) => x !== null);

/**
 * Normalises each channel by given statistics, as batch normalisation does in evaluation:
 * `(x - mean) / sqrt(variance + eps) * weight + bias`.
 *
 * Shapes: x `[N, C, ...]`, all others `[C]`; weight and bias may be null. Dtypes: promoted together;
 * integers give float32. Throws ShapeError when the sizes do not fit, ValueError for an eps that is
 * no number from 0.
 *
 * Source: Ioffe & Szegedy, Batch Normalization, 2015, algorithm 2.
 *
 * @example
 * batchNorm(tensor([[3]]), tensor([1]), tensor([4]), null, null, { eps: 0 }).toArray(); // [[1]]
 */
export function batchNorm(
  x: Value,
  mean: Value,
  variance: Value,
  weight: Value | null = null,
  bias: Value | null = null,
  options: BatchNormOptions = {},
): Value {
  const a = batchNormAttrs('batchNorm', options, weight, bias);
  requireTensor('batchNorm', 'mean', mean);
  requireTensor('batchNorm', 'variance', variance);
  return apply(BATCH_NORM, present(x, mean, variance, weight, bias), a)[0];
}

/**
 * Normalises each channel by the statistics of the batch: `(x - mean) / sqrt(variance + eps) *
 * weight + bias`. Returns the result, and mean and variance of each channel, the variance divided by
 * the number of elements.
 *
 * Shapes: x `[N, C, ...]`, weight and bias `[C]` or null, the statistics `[C]`. Dtypes: promoted
 * together; integers give float32. Numerics: two passes. Throws ShapeError when the sizes do not
 * fit, ValueError for an eps that is no number from 0.
 *
 * Source: Ioffe & Szegedy, Batch Normalization, 2015, algorithm 1.
 *
 * @example
 * const [y, mean, variance] = batchNormTraining(tensor([[1], [3]]), null, null, { eps: 0 });
 * y.toArray(); // [[-1], [1]]
 */
export function batchNormTraining(
  x: Value,
  weight: Value | null = null,
  bias: Value | null = null,
  options: BatchNormOptions = {},
): readonly [Value, Value, Value] {
  const a = batchNormAttrs('batchNorm', options, weight, bias);
  const [y, mean, variance] = apply(BATCH_NORM_TRAINING, present(x, weight, bias), a);
  return [y, mean, variance];
}

/**
 * Running statistics after one more batch: `(1 - momentum) * old + momentum * new`, the variance of
 * the batch first multiplied by `correction`, n / (n - 1) for an unbiased one. Returns mean and
 * variance, in the dtypes of the old ones.
 *
 * @example
 * const zero = tensor([0]);
 * runningUpdate(zero, zero, tensor([1]), tensor([2]), 0.5, 2); // [0.5] and [2]
 */
export function runningUpdate(
  runningMean: Value,
  runningVariance: Value,
  mean: Value,
  variance: Value,
  momentum: Operand,
  correction: Operand,
): readonly [Value, Value] {
  const operands = [runningMean, runningVariance, mean, variance, momentum, correction];
  const out = apply(RUNNING_UPDATE, operands);
  return [out[0], out[1]];
}
