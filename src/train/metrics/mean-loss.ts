import { formatShape, given, ShapeError, ValueError } from '../../base/index.ts';
import { Tensor } from '../../tensor/index.ts';
import { MeanMetric } from './metric.ts';

/**
 * The mean of any loss over the examples: batches count by their number of examples.
 *
 * Shapes: `loss(output, target)` is 0-d, the mean over a batch. Throws ShapeError for another.
 *
 * @example
 * new Trainer(net, { loss: nn.mseLoss, optimizer: opt, metrics: [meanLoss('mae', nn.l1Loss)] });
 */
export function meanLoss(
  name: string,
  loss: (output: Tensor, target: Tensor) => Tensor,
): MeanMetric {
  const op = 'meanLoss';
  if (typeof name !== 'string' || typeof loss !== 'function') {
    throw new ValueError({
      op,
      problem: `takes a name and a loss, not ${given(name)} and ${given(loss)}`,
      remedy: "write meanLoss('mae', nn.l1Loss)",
    });
  }
  return new MeanMetric(name, (output, target) => {
    const value = loss(output, target);
    if (!(value instanceof Tensor) || value.rank > 0) {
      throw new ShapeError({
        op,
        problem: `the loss of a batch is one number, not ${value instanceof Tensor ? formatShape(value.shape) : given(value)}`,
      });
    }
    const count = target.rank > 0 ? target.shape[0] : 1;
    return [value.item() * count, count];
  });
}
