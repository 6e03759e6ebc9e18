import {
  checkOptions,
  formatShape,
  given,
  numelOf,
  type Shape,
  ShapeError,
  ValueError,
} from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { noGrad, ones, Parameter, type Tensor, tensor, zeros } from '../tensor/index.ts';
import { buffer } from './cells.ts';
import { checkEps, checkFlag, checkSize } from './check-sizes.ts';
import { Module } from './module.ts';

export interface BatchNorm2dOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Share of each batch in the running statistics; null takes the mean over all. Default 0.1. */
  readonly momentum?: number | null;
  /** Whether the result is multiplied by a learned weight and a learned bias is added. Default true. */
  readonly affine?: boolean;
  /** Whether evaluation goes by running statistics; if not, by those of the batch. Default true. */
  readonly trackRunningStats?: boolean;
}

const OP = 'nn.batchNorm2d';

/** See {@link batchNorm2d}. */
export class BatchNorm2d extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  /** One number a channel, as all others; ones at first. */
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  /** Zeros at first. */
  readonly runningMean: Tensor | null;
  /** Unbiased; ones at first. */
  readonly runningVar: Tensor | null;
  /** 0-d int64: how many batches were trained on. */
  readonly numBatchesTracked: Tensor | null;

  constructor(numFeatures: number, options: BatchNorm2dOptions = {}) {
    super();
    this.numFeatures = checkSize(OP, 'numFeatures', numFeatures);
    checkOptions(OP, options, ['eps', 'momentum', 'affine', 'trackRunningStats']);
    this.eps = checkEps(OP, options.eps);
    const { momentum = 0.1 } = options;
    if (momentum !== null && !(typeof momentum === 'number' && momentum >= 0 && momentum <= 1)) {
      throw new ValueError({
        op: OP,
        problem: `momentum must be a number from 0 to 1, or null, not ${given(momentum)}`,
        remedy: 'it is the share of the new batch: 0.1, say',
      });
    }
    this.momentum = momentum;
    const affine = checkFlag(OP, 'affine', options.affine, true);
    const tracked = checkFlag(OP, 'trackRunningStats', options.trackRunningStats, true);
    const shape: Shape = [numFeatures];
    this.weight = affine ? Parameter(ones(shape)) : null;
    this.bias = affine ? Parameter(zeros(shape)) : null;
    this.runningMean = tracked ? buffer(zeros(shape)) : null;
    this.runningVar = tracked ? buffer(ones(shape)) : null;
    this.numBatchesTracked = tracked ? buffer(tensor(0, { dtype: 'int64' }) as Tensor) : null;
  }

  override get usesTraining(): boolean {
    return true;
  }

  override config(): readonly unknown[] {
    const { eps, momentum, weight, runningMean } = this;
    const flags = { affine: weight !== null, trackRunningStats: runningMean !== null };
    return [this.numFeatures, { eps, momentum, ...flags }];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    const { weight, bias, runningMean, runningVar, eps } = this;
    this.checkInput(x);
    if (!this.training && runningMean !== null && runningVar !== null) {
      return ops.batchNorm(x, runningMean, runningVar, weight, bias, { eps }) as Tensor<S>;
    }
    const count = numelOf(x.shape.toSpliced(1, 1));
    if (this.training && count < 2) {
      throw new ShapeError({
        op: 'batchNorm2d',
        problem: `${formatShape(x.shape)} has ${count} elements in each channel: no variance`,
        operands: [x],
        remedy:
          'train on larger batches (dropLast), or call net.eval() to go by running statistics',
      });
    }
    const [y, mean, variance] = ops.batchNormTraining(x, weight, bias, { eps });
    if (this.training) noGrad(() => this.track(mean, variance, count / (count - 1)));
    return y as Tensor<S>;
  }

  /** Moves the running statistics toward those of a batch. */
  private track(mean: ops.Value, variance: ops.Value, correction: number): void {
    const { runningMean, runningVar, numBatchesTracked, momentum } = this;
    if (runningMean === null || runningVar === null || numBatchesTracked === null) return;
    const run = ops.interpreter();
    run.update(ops.ADD, [numBatchesTracked, 1], null, [numBatchesTracked]);
    const share = momentum ?? (numBatchesTracked.to('float64').reciprocal() as Tensor);
    const operands = [runningMean, runningVar, mean, variance, share, correction];
    run.update(ops.RUNNING_UPDATE, operands, null, [runningMean, runningVar]);
  }

  private checkInput(x: Tensor): void {
    const shape = x?.shape;
    if (shape === undefined || (shape.length === 4 && shape[1] === this.numFeatures)) return;
    throw new ShapeError({
      op: 'batchNorm2d',
      problem: `expects [N, ${this.numFeatures}, H, W], not ${formatShape(shape)}`,
      operands: [x],
      remedy: 'images are batch, channels, height, width',
    });
  }

  protected override describe(): string {
    const parts = [`${this.numFeatures}`];
    if (this.eps !== 1e-5) parts.push(`eps ${this.eps}`);
    if (this.momentum !== 0.1) parts.push(`momentum ${this.momentum}`);
    if (this.weight === null) parts.push('no weight');
    if (this.runningMean === null) parts.push('no running statistics');
    return parts.join(', ');
  }
}

/**
 * Normalises each channel of images: `(x - mean) / sqrt(variance + eps) * weight + bias`. In training
 * by mean and variance of the batch, which also move the running ones:
 * `running = (1 - momentum) * running + momentum * batch`; in evaluation (`net.eval()`) by those.
 *
 * Shapes: `[N, numFeatures, H, W]` gives the same; parameters and buffers `[numFeatures]`. Names,
 * defaults and rules are PyTorch's: the batch is normalised by the variance divided by n, the running
 * one is divided by n - 1. Throws ValueError for settings that make no sense; forward throws
 * ShapeError for other channels, and in training for a single element a channel.
 *
 * Source: Ioffe & Szegedy, Batch Normalization, 2015, algorithms 1 and 2.
 *
 * @example
 * nn.sequential(nn.conv2d(3, 16, 3, { bias: false }), nn.batchNorm2d(16), nn.relu());
 */
export const batchNorm2d = (numFeatures: number, options: BatchNorm2dOptions = {}): BatchNorm2d =>
  new BatchNorm2d(numFeatures, options);
