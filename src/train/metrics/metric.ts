/** What a metric is: something counted over batches. */
import { formatShape, given, ShapeError, ValueError } from '../../base/index.ts';
import { noGrad, Tensor } from '../../tensor/index.ts';

/** What plain data may hold: it goes into checkpoints as JSON. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/**
 * Something counted over the batches of a pass. A Trainer resets it at the beginning of a pass,
 * updates it after each batch, and reads its value at the end; numbers appear in the log under
 * `name`, and as `valName` for validation.
 *
 * @example
 * class Bias implements Metric {
 *   readonly name = 'bias';
 *   private sum = 0;
 *   private count = 0;
 *   reset() { this.sum = this.count = 0; }
 *   update(output: Tensor, target: Tensor) {
 *     this.sum += output.sub(target).sum().item();
 *     this.count += target.numel;
 *   }
 *   value() { return this.sum / this.count; }
 * }
 */
export interface Metric {
  readonly name: string;
  /** Forgets what was counted. */
  reset(): void;
  /** Counts one batch. No gradient is recorded. */
  update(output: Tensor, target: Tensor): void;
  /** What was counted so far; NaN for nothing. */
  value(): number | Tensor;
  /** For checkpoints in the middle of a pass. Without it, a resumed pass counts from there on. */
  state?(): Plain;
  /** Goes on from what `state` gave. */
  restore?(state: Plain): void;
}

/** A share or a mean: a sum over a count, both exact as long as the sum of what is added is. */
export class MeanMetric implements Metric {
  readonly name: string;
  private readonly measure: (output: Tensor, target: Tensor) => readonly [sum: number, n: number];
  private sum = 0;
  private count = 0;

  /** `measure` gives the sum over a batch and how many were summed. */
  constructor(
    name: string,
    measure: (output: Tensor, target: Tensor) => readonly [sum: number, n: number],
  ) {
    this.name = name;
    this.measure = measure;
  }

  reset(): void {
    this.sum = 0;
    this.count = 0;
  }

  update(output: Tensor, target: Tensor): void {
    const [sum, n] = noGrad(() => this.measure(output, target) as never) as [number, number];
    this.add(sum, n);
  }

  /** Counts what is known already. */
  add(sum: number, n: number): void {
    this.sum += sum;
    this.count += n;
  }

  value(): number {
    return this.sum / this.count;
  }

  state(): Plain {
    return [this.sum, this.count];
  }

  restore(state: Plain): void {
    const [sum, count] = Array.isArray(state) ? (state as unknown[]) : [];
    if (typeof sum !== 'number' || typeof count !== 'number') {
      throw new ValueError({
        op: `${this.name}.restore`,
        problem: `takes what state() gave, not ${given(state)}`,
      });
    }
    this.sum = sum;
    this.count = count;
  }
}

/**
 * Scores `[N, classes, ...]` and the number of the right class of each `[N, ...]`; targets of the
 * scores' shape are probabilities (or one-hot), whose largest counts.
 */
export function classesOf(op: string, output: Tensor, target: Tensor): Tensor {
  for (const [name, t] of [
    ['output', output],
    ['target', target],
  ] as const) {
    if (!(t instanceof Tensor)) {
      throw new ValueError({ op, problem: `the ${name} is ${given(t)}, not a tensor` });
    }
  }
  const rest = [output.shape[0], ...output.shape.slice(2)];
  const several = output.rank >= 2 && output.shape[1] > 1;
  if (several && `${rest}` === `${target.shape}`) return target;
  if (several && `${output.shape}` === `${target.shape}`) return target.argmax(1);
  throw new ShapeError({
    op,
    problem:
      `takes scores [N, classes, ...] and classes [N, ...], ` +
      `not ${formatShape(output.shape)} and ${formatShape(target.shape)}`,
    operands: [output, target],
    remedy:
      output.rank < 2 || output.shape[1] === 1
        ? "for one score an example: binaryAccuracy(); for numbers: meanLoss('mae', nn.l1Loss)"
        : undefined,
  });
}
