import {
  checkOptions,
  DtypeError,
  formatShape,
  given,
  isInt,
  numelOf,
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
import { maximum, minimum } from './maximum.ts';
import { mean } from './mean.ts';
import { type Reduction, reduceLoss, reductionOf, requireTensors } from './mse.ts';
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

/** Operands (g, x, labels): (softmax(x) - target) * g, and 0 where the example is ignored. */
const CROSS_ENTROPY_GRAD = defineOp<CrossEntropyAttrs>({
  name: 'crossEntropyGrad',
  infer: ([, x]) => ({ shape: x.shape, dtype: floatOf(x.dtype) }),
  decompose([g, scores, target], { reduction, labelSmoothing, ignoreIndex }) {
    const x = scores as Value;
    const labels = target as Value;
    const dim = classDim(x);
    const counts = ne(labels, ignoreIndex);
    const scale = reduction === 'mean' ? div(g, sum(cast(counts, floatOf(x.dtype)))) : (g as Value);
    const classes = x.shape[dim];
    const numbers = reshape(
      iota(classes, labels.dtype),
      x.shape.map((_, d) => (d === dim ? -1 : 1)),
    );
    const even = labelSmoothing / classes;
    // Not by `where` of two numbers: that is float32, whatever the scores are.
    const hit = cast(eq(numbers, unsqueeze(labels, dim)), floatOf(x.dtype));
    const wanted = add(mul(hit, 1 - labelSmoothing), even);
    const slope = sub(softmax(x, dim), wanted);
    const own = reduction === 'none' ? unsqueeze(scale, dim) : scale;
    // Chosen, not multiplied by 0: what an ignored example holds may be infinite or NaN.
    return where(unsqueeze(counts, dim), mul(slope, own), 0);
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
 * Numerics: computed without overflow; the mean is over the examples not ignored (NaN if all are),
 * whose gradient is 0 whatever their scores hold.
 * Throws ShapeError or DtypeError for targets that do not fit, IndexError for a label that is no
 * class, ValueError for the mean of an empty batch.
 *
 * @example
 * crossEntropy(tensor([[0, 0]]), tensor([1], { dtype: 'int32' })).item(); // 0.6931471824645996
 */
export function crossEntropy(x: Value, target: Value, options: CrossEntropyOptions = {}): Value {
  const op = 'crossEntropy';
  requireTensors(op, x, target);
  checkOptions(op, options, ['reduction', 'labelSmoothing', 'ignoreIndex']);
  const { labelSmoothing = 0 } = options;
  const reduction = reductionOf(op, options.reduction);
  const ignoreIndex = indexOf(op, options.ignoreIndex);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ValueError({
      op,
      problem: `labelSmoothing is a number from 0 to 1, not ${given(labelSmoothing)}`,
    });
  }
  if (sameShape(x.shape, target.shape) && !isInt(target.dtype)) {
    requireExamples(op, reduction, x, target);
    return softCrossEntropy(x, target, reduction, labelSmoothing);
  }
  requireExamples(op, reduction, x, target);
  const labels = narrowed(target);
  return apply2(CROSS_ENTROPY, x, labels, attrs({ reduction, labelSmoothing, ignoreIndex }));
}

/** Throws a ValueError for a mean over no examples at all. */
function requireExamples(op: string, reduction: Reduction, x: Value, target: Value): void {
  if (reduction !== 'mean' || numelOf(target.shape) > 0) return;
  throw new ValueError({
    op,
    problem: 'there are no examples to take the mean over',
    operands: [x, target],
    remedy: "skip the empty batch, or use reduction 'sum'",
  });
}

function indexOf(op: string, ignoreIndex = -100): number {
  if (ignoreIndex === (ignoreIndex | 0)) return ignoreIndex;
  throw new ValueError({
    op,
    problem: `ignoreIndex is a whole number of 32 bits, not ${given(ignoreIndex)}`,
  });
}

/** Labels as int32, so that they share a kernel with the scores; those beyond stay no class. */
function narrowed(labels: Value): Value {
  if (labels.dtype !== 'int64') return labels;
  return cast(minimum(maximum(labels, -(2 ** 31)), 2 ** 31 - 1), 'int32');
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
  const op = 'nllLoss';
  requireTensors(op, x, labels);
  checkOptions(op, options, ['reduction', 'ignoreIndex']);
  const reduction = reductionOf(op, options.reduction);
  const ignoreIndex = indexOf(op, options.ignoreIndex);
  requireExamples(op, reduction, x, labels);
  return apply2(NLL_LOSS, x, narrowed(labels), attrs({ reduction, ignoreIndex }));
}
