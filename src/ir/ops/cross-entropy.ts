import {
  DtypeError,
  formatShape,
  isInt,
  type Shape,
  ShapeError,
  sameShape,
  type Type,
  ValueError,
} from '../../base/index.ts';
import { apply, apply2 } from '../apply.ts';
import { floatOf } from '../element.ts';
import { type Attrs, attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { eq, lt, ne } from './compare.ts';
import { div } from './div.ts';
import { gather } from './gather.ts';
import { iota } from './iota.ts';
import { logsumexp } from './logsumexp.ts';
import { mean } from './mean.ts';
import { type Reduction, reduceLoss } from './mse.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { reshape, squeeze, unsqueeze } from './reshape.ts';
import { logSoftmax, softmax } from './softmax.ts';
import { sub } from './sub.ts';
import { sum } from './sum.ts';
import { where } from './where.ts';

interface CrossEntropyAttrs extends Attrs {
  readonly reduction: Reduction;
  readonly labelSmoothing: number;
  readonly ignoreIndex: number;
}

export interface CrossEntropyOptions {
  /** What becomes of the examples' losses; 'mean' by default. */
  readonly reduction?: Reduction;
  /** Share of the target that is spread evenly over all classes; 0 by default. */
  readonly labelSmoothing?: number;
  /** Examples with this label count nothing; -100 by default. */
  readonly ignoreIndex?: number;
}

/** Classes are dimension 1; dimension 0 of a single example. */
const classDim = (x: Type): number => (x.shape.length === 1 ? 0 : 1);

function checkLabels(op: string, x: Type, labels: Type): Shape {
  const dim = classDim(x);
  const rest = x.shape.toSpliced(dim, 1);
  if (x.shape.length > 0 && sameShape(rest, labels.shape)) {
    if (isInt(labels.dtype)) return rest;
    throw new DtypeError({
      op,
      problem: `labels must be int32 or int64, not ${labels.dtype}`,
      operands: [x, labels],
      remedy: "convert them: labels.to('int32')",
    });
  }
  throw new ShapeError({
    op,
    problem:
      `labels ${formatShape(labels.shape)} do not fit scores ${formatShape(x.shape)}: ` +
      `expected ${formatShape(rest)}, or probabilities ${formatShape(x.shape)}`,
    operands: [x, labels],
    remedy: `dimension ${dim} of the scores counts the classes`,
  });
}

/** Labels that gather may take: ignored ones become 0, other negative ones a class too many. */
function safeLabels(x: Value, labels: Value, ignoreIndex: number): Value {
  const classes = x.shape[classDim(x)];
  // Indices count from the end in gather, but no label does: it must fault.
  const checked = where(lt(labels, 0), classes, labels);
  return where(eq(labels, ignoreIndex), 0, checked);
}

/** x[label] of each example. */
function pick(x: Value, labels: Value, ignoreIndex: number): Value {
  const dim = classDim(x);
  const index = unsqueeze(safeLabels(x, labels, ignoreIndex), dim);
  return squeeze(gather(x, dim, index), dim);
}

/** 1 for each example that counts, 0 for an ignored one. */
const weights = (x: Value, labels: Value, ignoreIndex: number): Value =>
  cast(ne(labels, ignoreIndex), x.dtype);

/** Operands (g, x, labels): (softmax(x) - target) * weight * g. */
const CROSS_ENTROPY_GRAD = defineOp<CrossEntropyAttrs>({
  name: 'crossEntropyGrad',
  infer: ([, x]) => ({ shape: x.shape, dtype: floatOf(x.dtype) }),
  decompose([g, scores, target], { reduction, labelSmoothing, ignoreIndex }) {
    const x = scores as Value;
    const labels = target as Value;
    const dim = classDim(x);
    const counted = weights(x, labels, ignoreIndex);
    const weighted = mul(counted, g);
    const scale = reduction === 'mean' ? div(weighted, sum(counted)) : weighted;
    const classes = x.shape[dim];
    const numbers = reshape(
      iota(classes, labels.dtype),
      x.shape.map((_, d) => (d === dim ? -1 : 1)),
    );
    const even = labelSmoothing / classes;
    // Not by `where` of two numbers: that is float32, whatever the scores are.
    const hit = cast(eq(numbers, unsqueeze(labels, dim)), floatOf(x.dtype));
    const wanted = add(mul(hit, 1 - labelSmoothing), even);
    return mul(sub(softmax(x, dim), wanted), unsqueeze(scale, dim));
  },
});

export const CROSS_ENTROPY = defineOp<CrossEntropyAttrs>({
  name: 'crossEntropy',
  onnx: 'SoftmaxCrossEntropyLoss',
  infer([x, labels], { reduction }) {
    const rest = checkLabels('crossEntropy', x, labels);
    return { shape: reduction === 'none' ? rest : [], dtype: floatOf(x.dtype) };
  },
  decompose([scores, target], { reduction, labelSmoothing, ignoreIndex }) {
    const raw = scores as Value;
    const x = cast(raw, floatOf(raw.dtype));
    const labels = target as Value;
    const dim = classDim(x);
    const picked = pick(x, labels, ignoreIndex);
    const likely =
      labelSmoothing === 0
        ? picked
        : add(mul(picked, 1 - labelSmoothing), mul(mean(x, dim), labelSmoothing));
    const counted = weights(x, labels, ignoreIndex);
    const losses = where(counted, sub(logsumexp(x, dim), likely), 0);
    if (reduction === 'none') return losses;
    return reduction === 'sum' ? sum(losses) : div(sum(losses), sum(counted));
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    ctx.give(0, apply(CROSS_ENTROPY_GRAD, [g, ctx.input(0), ctx.input(1)], ctx.attrs)[0]);
  },
});

/**
 * Cross entropy between the softmax of scores `x` and the targets: for labels
 * `mean(logsumexp(x) - x[label])`, for probabilities p `mean(-sum(p * logSoftmax(x)))`.
 *
 * Shapes: x `[N, C, ...]` (or `[C]`); labels `[N, ...]`, probabilities like x. Gives a 0-d tensor,
 * or `[N, ...]` with reduction 'none'. Dtypes: floats; labels int32 or int64.
 * Numerics: computed without overflow; the mean is over the examples not ignored.
 * Throws ShapeError or DtypeError for targets that do not fit, IndexError for a label that is no
 * class.
 *
 * @example
 * crossEntropy(tensor([[0, 0]]), tensor([1], { dtype: 'int32' })).item(); // 0.6931471824645996
 */
export function crossEntropy(x: Value, target: Value, options: CrossEntropyOptions = {}): Value {
  const { reduction = 'mean', labelSmoothing = 0, ignoreIndex = -100 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ValueError({
      op: 'crossEntropy',
      problem: `labelSmoothing ${labelSmoothing} is not between 0 and 1`,
    });
  }
  if (sameShape(x.shape, target.shape) && !isInt(target.dtype)) {
    return softCrossEntropy(x, target, reduction, labelSmoothing);
  }
  return apply2(CROSS_ENTROPY, x, target, attrs({ reduction, labelSmoothing, ignoreIndex }));
}

function softCrossEntropy(x: Value, p: Value, reduction: Reduction, smoothing: number): Value {
  const dim = classDim(x);
  const classes = x.shape[dim];
  const target = smoothing === 0 ? p : add(mul(p, 1 - smoothing), smoothing / classes);
  const losses = neg(sum(mul(target, logSoftmax(x, dim)), dim));
  return reduceLoss(losses, reduction);
}

interface NllAttrs extends Attrs {
  readonly reduction: Reduction;
  readonly ignoreIndex: number;
}

export const NLL_LOSS = defineOp<NllAttrs>({
  name: 'nllLoss',
  onnx: 'NegativeLogLikelihoodLoss',
  infer([x, labels], { reduction }) {
    const rest = checkLabels('nllLoss', x, labels);
    return { shape: reduction === 'none' ? rest : [], dtype: x.dtype };
  },
  decompose([scores, target], { reduction, ignoreIndex }) {
    const x = scores as Value;
    const labels = target as Value;
    const counted = weights(x, labels, ignoreIndex);
    const losses = where(counted, neg(pick(x, labels, ignoreIndex)), 0);
    if (reduction === 'none') return losses;
    return reduction === 'sum' ? sum(losses) : div(sum(losses), sum(counted));
  },
});

/**
 * Negative log-likelihood of `labels` under log-probabilities `x`: `mean(-x[label])`.
 *
 * Shapes, dtypes and errors: as {@link crossEntropy} with labels.
 *
 * @example
 * nllLoss(tensor([[-1, -2]]), tensor([1], { dtype: 'int32' })).item(); // 2
 */
export function nllLoss(
  x: Value,
  labels: Value,
  options: { readonly reduction?: Reduction; readonly ignoreIndex?: number } = {},
): Value {
  const { reduction = 'mean', ignoreIndex = -100 } = options;
  return apply2(NLL_LOSS, x, labels, attrs({ reduction, ignoreIndex }));
}
