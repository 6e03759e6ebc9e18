import type { CrossEntropyOptions } from '../ir/index.ts';
import * as ops from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { checkLabels, checkLossOptions } from './check-loss.ts';
import { checkIgnored } from './losses.ts';

export type NllOptions = Omit<CrossEntropyOptions, 'labelSmoothing'>;

/**
 * Negative log-likelihood of class labels under log-probabilities: per example
 * `-logProbs[label]`. `crossEntropy(x, y)` is `nllLoss(x.logSoftmax(1), y)`.
 *
 * Shapes, dtypes, the mean and errors: those of `nn.crossEntropy` with labels.
 *
 * @example
 * nn.nllLoss(net.forward(x).logSoftmax(1), y).backward();
 */
export function nllLoss(logProbs: Tensor, labels: Tensor, options: NllOptions = {}): Tensor {
  const op = 'nn.nllLoss';
  checkLabels(op, logProbs, labels, 'log-probabilities');
  checkLossOptions(op, options, ['reduction', 'ignoreIndex']);
  checkIgnored(op, options.ignoreIndex);
  return ops.nllLoss(logProbs, labels, options) as Tensor;
}
