/** The two losses that nearly everyone needs, as functions. */
import { given, ValueError } from '../base/index.ts';
import type { CrossEntropyOptions } from '../ir/index.ts';
import * as ops from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { checkAlike, checkLabels, checkLossOptions, type LossOptions } from './check-loss.ts';

/** Throws ValueError unless the label that does not count could be a label. */
export function checkIgnored(op: string, ignoreIndex: number | undefined): void {
  if (ignoreIndex === undefined || Number.isSafeInteger(ignoreIndex)) return;
  throw new ValueError({
    op,
    problem: `ignoreIndex must be a whole number, not ${given(ignoreIndex)}`,
  });
}

/**
 * Cross entropy of logits and class labels: per example `-log softmax(logits)[label]`; with label
 * smoothing e, `(1 - e)` times that plus `e / classes` times the sum over all classes.
 *
 * Shapes: logits `[N, classes]` or `[N, classes, ...]`, labels `[N]` or `[N, ...]`; or probabilities
 * of the logits' shape. The result is 0-d, or `[N, ...]` without reduction. Dtypes: labels int32 or
 * int64. The mean is over the examples that count. Throws ShapeError when sizes do not fit,
 * DtypeError for labels that are no integers, ValueError for a smoothing outside 0..1 or an unknown
 * option, IndexError for a label that is no class.
 *
 * @example
 * const loss = nn.crossEntropy(net.forward(x), y);
 * loss.backward();
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  const op = 'nn.crossEntropy';
  checkLabels(op, logits, labels);
  checkLossOptions(op, options, ['reduction', 'labelSmoothing', 'ignoreIndex']);
  checkIgnored(op, options.ignoreIndex);
  return ops.crossEntropy(logits, labels, options) as Tensor;
}

/**
 * Squared error `(input - target)^2`, averaged, summed, or element by element.
 *
 * Shapes: both the same, for a broadcast here is nearly always a mistake: ShapeError. Dtypes:
 * promoted together; integers give float32. Throws ValueError for an unknown option.
 *
 * @example
 * nn.mseLoss(net.forward(x), y).backward();
 */
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkAlike('nn.mseLoss', input, target);
  checkLossOptions('nn.mseLoss', options);
  return ops.mse(input, target, options) as Tensor;
}
