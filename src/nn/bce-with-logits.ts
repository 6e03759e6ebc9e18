import * as ops from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { checkAlike, checkLossOptions, type LossOptions } from './check-loss.ts';
import { reduced } from './l1-loss.ts';

/**
 * Binary cross entropy of logits and targets from 0 to 1: per element
 * `-y log sigmoid(x) - (1 - y) log(1 - sigmoid(x))`, averaged, summed, or element by element. No
 * sigmoid before it.
 *
 * Shapes: both the same, else ShapeError: for logits `[N, 1]` and targets `[N]`, `x.squeeze(1)`.
 * Dtypes: promoted together. Numerics: computed as `max(x, 0) - x y + log(1 + exp(-|x|))`, which
 * does not overflow; the gradient is `sigmoid(x) - y`. Throws ValueError for an unknown option.
 *
 * @example
 * nn.bceWithLogits(net.forward(x).squeeze(1), y).backward();
 */
export function bceWithLogits(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkAlike('nn.bceWithLogits', input, target);
  checkLossOptions('nn.bceWithLogits', options);
  const certain = ops.sub(ops.maximum(input, 0), ops.mul(input, target));
  const rest = ops.log1p(ops.exp(ops.neg(ops.abs(input))));
  return reduced(ops.add(certain, rest), options);
}
