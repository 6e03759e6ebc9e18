import { checkOptions, formatShape, given, ShapeError, ValueError } from '../../base/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { classesOf, MeanMetric } from './metric.ts';

/**
 * The share of examples whose largest score is that of the right class.
 *
 * Shapes: scores `[N, classes, ...]`, classes `[N, ...]` as whole numbers, or probabilities of the
 * scores' shape. Of equal scores the first counts. Throws ShapeError for others.
 *
 * @example
 * new Trainer(net, { loss: nn.crossEntropy, optimizer: opt, metrics: [accuracy()] });
 */
export const accuracy = (name = 'accuracy'): MeanMetric =>
  new MeanMetric(name, (output, target) => {
    const classes = classesOf('accuracy', output, target);
    return [output.argmax(1).eq(classes).sum().item(), classes.numel];
  });

export interface TopKOptions {
  /** Default `top3Accuracy` for 3. */
  readonly name?: string;
}

/**
 * The share of examples whose right class has one of the `k` largest scores: fewer than k others
 * are larger. A score of NaN is never among them.
 *
 * Shapes: as {@link accuracy}. Throws ValueError unless k is a whole number from 1.
 *
 * @example
 * topKAccuracy(5);
 */
export function topKAccuracy(k: number, options: TopKOptions = {}): MeanMetric {
  const op = 'topKAccuracy';
  checkOptions(op, options, ['name']);
  if (!Number.isSafeInteger(k) || k < 1) {
    throw new ValueError({ op, problem: `k is a whole number from 1, not ${given(k)}` });
  }
  return new MeanMetric(options.name ?? `top${k}Accuracy`, (output, target) => {
    const classes = classesOf(op, output, target);
    const own = output.takeAlongDim(classes.to('int32').unsqueeze(1), 1) as Tensor;
    // Not `gt`: that is false for NaN, which would then be right.
    const above = output.le(own).logicalNot().sum(1) as Tensor;
    return [above.lt(k).sum().item(), classes.numel];
  });
}

export interface BinaryAccuracyOptions {
  /** Scores above it say yes: 0 for logits (default), 0.5 for probabilities. */
  readonly threshold?: number;
  readonly name?: string;
}

/**
 * The share of examples whose score lies on the right side of `threshold`.
 *
 * Shapes: scores and targets alike; targets are 0 or 1, or booleans. Throws ShapeError for others.
 *
 * @example
 * new Trainer(net, { loss: nn.bceWithLogits, optimizer: opt, metrics: [binaryAccuracy()] });
 */
export function binaryAccuracy(options: BinaryAccuracyOptions = {}): MeanMetric {
  const op = 'binaryAccuracy';
  checkOptions(op, options, ['threshold', 'name']);
  const { threshold = 0, name = 'accuracy' } = options;
  return new MeanMetric(name, (output, target) => {
    if (`${output.shape}` !== `${target.shape}`) {
      throw new ShapeError({
        op,
        problem: `scores ${formatShape(output.shape)} and targets ${formatShape(target.shape)} differ`,
        operands: [output, target],
      });
    }
    const right = output.gt(threshold).eq(target.gt(0.5)) as Tensor;
    return [right.sum().item(), target.numel];
  });
}
