import * as ops from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { checkAlike, checkLossOptions, type LossOptions } from './check-loss.ts';

/**
 * Absolute error `|input - target|`, averaged, summed, or element by element. Its gradient is
 * `sign(input - target)`, 0 where both are equal.
 *
 * Shapes: both the same, else ShapeError. Dtypes: promoted together. Throws ValueError for an
 * unknown option.
 *
 * @example
 * nn.l1Loss(net.forward(x), y).backward();
 */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkAlike('nn.l1Loss', input, target);
  checkLossOptions('nn.l1Loss', options);
  return reduced(ops.abs(ops.sub(input, target)), options);
}

/** Losses of single elements, reduced as asked. @internal */
export function reduced(losses: ops.Value, { reduction = 'mean' }: LossOptions): Tensor {
  if (reduction === 'none') return losses as Tensor;
  return (reduction === 'sum' ? ops.sum(losses) : ops.mean(losses)) as Tensor;
}
