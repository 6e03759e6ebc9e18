import { given, ValueError } from '../../base/index.ts';
import { noGrad, type Tensor, tensor } from '../../tensor/index.ts';
import { classesOf, type Metric, type Plain } from './metric.ts';

/** See {@link confusionMatrix}. */
export class ConfusionMatrix implements Metric {
  readonly name: string;
  readonly classes: number;
  private counts: Int32Array;

  constructor(classes: number, name: string) {
    this.name = name;
    this.classes = classes;
    this.counts = new Int32Array(classes * classes);
  }

  reset(): void {
    this.counts.fill(0);
  }

  update(output: Tensor, target: Tensor): void {
    const op = 'confusionMatrix';
    const [labels, guesses] = noGrad(() => {
      const classes = classesOf(op, output, target);
      return [classes.data(), output.argmax(1).data()] as never;
    }) as [ArrayLike<number | bigint>, Int32Array];
    for (let i = 0; i < guesses.length; i++) {
      const label = Number(labels[i]);
      if (!Number.isInteger(label) || label < 0 || label >= this.classes) {
        throw new ValueError({
          op,
          problem: `label ${label} of example ${i} of the batch is none of the ${this.classes} classes`,
        });
      }
      if (guesses[i] >= this.classes) {
        throw new ValueError({
          op,
          problem: `there are scores for ${output.shape[1]} classes, and the matrix has ${this.classes}`,
        });
      }
      this.counts[label * this.classes + guesses[i]]++;
    }
  }

  /** int32 `[classes, classes]`: rows are the right classes, columns what was said. */
  value(): Tensor<readonly [number, number]> {
    return tensor(Int32Array.from(this.counts), { dtype: 'int32' }).reshape([
      this.classes,
      this.classes,
    ]) as Tensor<readonly [number, number]>;
  }

  state(): Plain {
    return [...this.counts];
  }

  restore(state: Plain): void {
    if (!Array.isArray(state) || state.length !== this.counts.length) {
      throw new ValueError({
        op: 'confusionMatrix.restore',
        problem: `takes ${this.counts.length} counts, not ${given(state)}`,
      });
    }
    this.counts = Int32Array.from(state as number[]);
  }
}

/**
 * How often each class was taken for each: element `[i, j]` counts examples of class i whose largest
 * score was that of class j. Read it with `value()` after `evaluate`; it does not appear in logs.
 *
 * Shapes: as {@link accuracy}. Throws ValueError for labels outside 0 to classes - 1.
 *
 * @example
 * const confused = confusionMatrix(10);
 * const trainer = new Trainer(net, { loss: nn.crossEntropy, optimizer: opt, metrics: [confused] });
 * await trainer.evaluate(test);
 * console.log(String(confused.value()));
 */
export function confusionMatrix(classes: number, name = 'confusionMatrix'): ConfusionMatrix {
  if (Number.isSafeInteger(classes) && classes >= 1 && classes <= 30_000) {
    return new ConfusionMatrix(classes, name);
  }
  throw new ValueError({
    op: 'confusionMatrix',
    problem: `takes the number of classes, a whole number from 1 to 30000, not ${given(classes)}`,
  });
}
