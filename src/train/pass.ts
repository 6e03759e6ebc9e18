/** A pass over data without learning: evaluation and prediction. */
import { given, ShapeError, ValueError } from '../base/index.ts';
import type { Module } from '../nn/index.ts';
import { concat, noGrad, Tensor } from '../tensor/index.ts';
import { exampleOf, type Feed } from './feed.ts';
import type { Logs } from './history.ts';
import { MeanMetric, type Metric } from './metrics/metric.ts';
import { rememberModes } from './modes.ts';
import { checkLoss, type Programs } from './programs.ts';
import { turn } from './turn.ts';

/** After how many milliseconds other work has its turn. */
const TURN_MS = 10;

/** Runs `each` on every batch in evaluation, without gradients. */
async function evaluating(
  model: Module,
  feed: Feed,
  each: (batch: unknown) => void,
): Promise<number> {
  const restore = rememberModes(model);
  model.eval();
  let batches = 0;
  let last = performance.now();
  try {
    for await (const batch of feed.batches()) {
      noGrad(() => each(batch) as undefined);
      batches++;
      if (performance.now() - last < TURN_MS) continue;
      await turn();
      last = performance.now();
    }
  } finally {
    restore();
  }
  return batches;
}

/** The mean loss and every metric that is a number. Throws ValueError for no examples. */
export async function evaluatePass(
  op: string,
  model: Module,
  programs: Programs,
  metrics: readonly Metric[],
  feed: Feed,
  onBatch: (count: number) => void = () => {},
): Promise<Logs> {
  const mean = new MeanMetric('loss', () => [0, 0]);
  for (const metric of metrics) metric.reset();
  const batches = await evaluating(model, feed, (batch) => {
    const example = exampleOf(op, batch);
    const { output, loss } = programs.judge(example.inputs, example.target);
    mean.add(checkLoss(op, loss).item() * example.count, example.count);
    for (const metric of metrics) metric.update(output, example.target);
    onBatch(example.count);
  });
  if (batches === 0) throw new ValueError({ op, problem: 'there are no examples to evaluate' });
  return { loss: mean.value(), ...numbersOf(metrics) };
}

/** The values of the metrics that are numbers, by name. */
export function numbersOf(metrics: readonly Metric[]): Logs {
  const logs: Record<string, number> = {};
  for (const metric of metrics) {
    const value = metric.value();
    if (typeof value === 'number') logs[metric.name] = value;
    else if (value.rank === 0) logs[metric.name] = value.item();
  }
  return logs;
}

/** What the model says of every example, joined. */
export async function predictPass(
  op: string,
  model: Module,
  programs: Programs,
  feed: Feed,
): Promise<Tensor> {
  const outputs: Tensor[] = [];
  await evaluating(model, feed, (batch) => {
    const output: unknown = programs.predict(inputsOf(batch));
    if (!(output instanceof Tensor)) {
      throw new ValueError({
        op,
        problem: `forward gives ${given(output)}; only tensors can be joined`,
        remedy: 'call forward yourself, in noGrad, for a model of several outputs',
      });
    }
    if (output.rank === 0) {
      throw new ShapeError({
        op,
        problem: 'forward gives one number for a batch: nothing to join',
      });
    }
    outputs.push(output);
  });
  if (outputs.length === 0) throw new ValueError({ op, problem: 'there are no examples' });
  return noGrad(() => concat(outputs, 0) as never) as Tensor;
}

/** The arguments of forward in a batch `x`, `{ x }` or `[x, y]`. */
function inputsOf(batch: unknown): readonly unknown[] {
  if (batch instanceof Tensor) return [batch];
  const x: unknown = Array.isArray(batch) ? batch[0] : (batch as { x?: unknown } | null)?.x;
  if (x === undefined) {
    throw new ValueError({
      op: 'Trainer.predict',
      problem: `a batch is a tensor, { x } or [x, y], not ${given(batch)}`,
    });
  }
  return Array.isArray(x) ? x : [x];
}
