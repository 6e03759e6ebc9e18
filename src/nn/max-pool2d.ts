import { checkOptions, type Shape, ValueError } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import type { Pool2d, Tensor } from '../tensor/index.ts';
import { checkPair, type Pair, showPair } from './check-sizes.ts';
import { Module } from './module.ts';

export interface MaxPool2dOptions {
  /** Step between windows. Default: the kernel's size. */
  readonly stride?: Pair;
  /** Border at each side that never wins; at most half the kernel. Default 0. */
  readonly padding?: Pair;
}

type Sizes = readonly [number, number];

/** See {@link maxPool2d}. */
export class MaxPool2d extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;

  constructor(kernelSize: Pair, options: MaxPool2dOptions = {}) {
    super();
    const op = 'nn.maxPool2d';
    this.kernelSize = checkPair(op, 'kernelSize', kernelSize);
    checkOptions(op, options, ['stride', 'padding']);
    this.stride = checkPair(op, 'stride', options.stride ?? kernelSize);
    this.padding = checkPair(op, 'padding', options.padding ?? 0, 0);
    if (this.padding.some((p, d) => 2 * p > this.kernelSize[d])) {
      throw new ValueError({
        op,
        problem: `padding [${this.padding}] is more than half the kernel [${this.kernelSize}]`,
        remedy: 'a window must not lie in the border alone',
      });
    }
  }

  override config(): readonly unknown[] {
    const { kernelSize, stride, padding } = this;
    return [kernelSize, { stride, padding }];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<Pool2d<S>> {
    const { stride, padding } = this;
    return ops.maxPool2d(x, this.kernelSize, { stride, padding }) as Tensor<Pool2d<S>>;
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
 * The largest element of each window of an image: NaN wins, the first of equals gets the gradient.
 *
 * Shapes: `[N, C, H, W]` gives `[N, C, H', W']` with `H' = floor((H + 2 padding - kernel) / stride) + 1`.
 * Throws ValueError for sizes that are no whole numbers or too much padding; forward throws
 * ShapeError for a window larger than the padded image.
 *
 * @example
 * nn.maxPool2d(2).forward(randn([8, 16, 32, 32])).shape; // [8, 16, 16, 16]
 */
export const maxPool2d = (kernelSize: Pair, options: MaxPool2dOptions = {}): MaxPool2d =>
  new MaxPool2d(kernelSize, options);
