/** Losses as functions. */
import { ValueError } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';

/** What becomes of the losses of single examples. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface CrossEntropyOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction;
  /** Share of probability spread evenly over all classes, 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
  /** Label of examples that do not count. Default -100. */
  readonly ignoreIndex?: number;
}

export interface MseOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction;
}

function checkReduction(op: string, reduction: Reduction | undefined): void {
  if (reduction === undefined || ['mean', 'sum', 'none'].includes(reduction)) return;
  throw new ValueError({
    op,
    problem: `there is no reduction '${String(reduction)}'`,
    remedy: "use 'mean', 'sum' or 'none'",
  });
}

/**
 * Cross entropy of logits and class labels: per example `-log softmax(logits)[label]`; with label
 * smoothing e, `(1 - e)` times that plus `e / classes` times the sum over all classes.
 *
 * Shapes: logits `[N, classes]` or `[N, classes, ...]`, labels `[N]` or `[N, ...]`; or probabilities
 * of the logits' shape. The result is 0-d, or `[N, ...]` without reduction. Dtypes: labels int32 or
 * int64. The mean is over the examples that count. Throws ShapeError when sizes do not fit,
 * DtypeError for labels that are no integers, ValueError for a smoothing outside 0..1, IndexError
 * for a label that is no class.
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
  const { reduction, ignoreIndex = -100 } = options;
  checkReduction('nn.crossEntropy', reduction);
  if (!Number.isInteger(ignoreIndex)) {
    throw new ValueError({
      op: 'nn.crossEntropy',
      problem: `ignoreIndex must be a whole number, not ${ignoreIndex}`,
    });
  }
  return ops.crossEntropy(logits, labels, options) as Tensor;
}

/**
 * Squared error `(input - target)^2`, averaged, summed, or element by element.
 *
 * Shapes: both the same, for a broadcast here is nearly always a mistake: ShapeError. Dtypes:
 * promoted together; integers give float32.
 *
 * @example
 * nn.mseLoss(net.forward(x), y).backward();
 */
export function mseLoss(input: Tensor, target: Tensor, options: MseOptions = {}): Tensor {
  checkReduction('nn.mseLoss', options.reduction);
  return ops.mse(input, target, options) as Tensor;
}
