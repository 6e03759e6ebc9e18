import { checkOptions, type Shape } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import type { Pool2d, Tensor } from '../tensor/index.ts';
import { checkPair, type Pair, showPair } from './check-sizes.ts';
import { Module } from './module.ts';

export interface AvgPool2dOptions {
  /** Step between windows. Default: the kernel's size. */
  readonly stride?: Pair;
  /** Zeros added at each side, which count. Default 0. */
  readonly padding?: Pair;
}

type Sizes = readonly [number, number];

/** See {@link avgPool2d}. */
export class AvgPool2d extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;

  constructor(kernelSize: Pair, options: AvgPool2dOptions = {}) {
    super();
    const op = 'nn.avgPool2d';
    this.kernelSize = checkPair(op, 'kernelSize', kernelSize);
    checkOptions(op, options, ['stride', 'padding']);
    this.stride = checkPair(op, 'stride', options.stride ?? kernelSize);
    this.padding = checkPair(op, 'padding', options.padding ?? 0, 0);
  }

  override config(): readonly unknown[] {
    const { kernelSize, stride, padding } = this;
    return [kernelSize, { stride, padding }];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<Pool2d<S>> {
    const { stride, padding } = this;
    return ops.avgPool2d(x, this.kernelSize, { stride, padding }) as Tensor<Pool2d<S>>;
  }

  protected override describe(): string {
    const { kernelSize, stride, padding } = this;
    const parts = [showPair(kernelSize)];
    if (String(stride) !== String(kernelSize)) parts.push(`stride ${showPair(stride)}`);
    if (padding[0] + padding[1] > 0) parts.push(`padding ${showPair(padding)}`);
    return parts.join(', ');
  }
}

/**
 * The mean of each window of an image; zeros of the padding count.
 *
 * Shapes: `[N, C, H, W]` gives `[N, C, H', W']` with `H' = floor((H + 2 padding - kernel) / stride) + 1`.
 * Throws ValueError for sizes that are no whole numbers; forward throws ShapeError for a window
 * larger than the padded image.
 *
 * @example
 * nn.avgPool2d(2).forward(randn([8, 16, 32, 32])).shape; // [8, 16, 16, 16]
 */
export const avgPool2d = (kernelSize: Pair, options: AvgPool2dOptions = {}): AvgPool2d =>
  new AvgPool2d(kernelSize, options);
