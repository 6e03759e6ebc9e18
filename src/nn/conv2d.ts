import { checkOptions, type Shape, ValueError } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import {
  type CheckConv2d,
  type Conv2d as Conv2dShape,
  Parameter,
  type Tensor,
} from '../tensor/index.ts';
import { checkFlag, checkPair, checkSize, type Pair, showPair } from './check-sizes.ts';
import { defaultBound, uniformTensor } from './init.ts';
import { Module } from './module.ts';

export interface Conv2dOptions {
  /** Step between windows. Default 1. */
  readonly stride?: Pair;
  /** Zeros added at each side. Default 0. */
  readonly padding?: Pair;
  /** Step between the elements of the kernel. Default 1. */
  readonly dilation?: Pair;
  /** Groups of channels convolved apart. Default 1. */
  readonly groups?: number;
  /** Whether a learned offset is added to each channel. Default true. */
  readonly bias?: boolean;
}

const OPTIONS = ['stride', 'padding', 'dilation', 'groups', 'bias'];

type Sizes = readonly [number, number];

/** See {@link conv2d}. */
export class Conv2d<In extends number = number, Out extends number = number> extends Module {
  readonly inChannels: In;
  readonly outChannels: Out;
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly groups: number;
  /** `[outChannels, inChannels / groups, kernel height, kernel width]`. */
  readonly weight: Tensor<readonly [Out, number, number, number]>;
  readonly bias: Tensor<readonly [Out]> | null;

  constructor(inChannels: In, outChannels: Out, kernelSize: Pair, options: Conv2dOptions = {}) {
    super();
    const op = 'nn.conv2d';
    checkSize(op, 'inChannels', inChannels);
    checkSize(op, 'outChannels', outChannels);
    checkOptions(op, options, OPTIONS);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = checkPair(op, 'kernelSize', kernelSize);
    this.stride = checkPair(op, 'stride', options.stride ?? 1);
    this.padding = checkPair(op, 'padding', options.padding ?? 0, 0);
    this.dilation = checkPair(op, 'dilation', options.dilation ?? 1);
    this.groups = checkSize(op, 'groups', options.groups ?? 1);
    if (inChannels % this.groups !== 0 || outChannels % this.groups !== 0) {
      throw new ValueError({
        op,
        problem: `${this.groups} groups do not divide ${inChannels} input and ${outChannels} output channels`,
      });
    }
    const [height, width] = this.kernelSize;
    const perGroup = inChannels / this.groups;
    const bound = defaultBound(perGroup * height * width);
    this.weight = Parameter(uniformTensor([outChannels, perGroup, height, width], -bound, bound));
    const biased = checkFlag(op, 'bias', options.bias, true);
    this.bias = biased ? Parameter(uniformTensor([outChannels], -bound, bound)) : null;
  }

  override config(): readonly unknown[] {
    const { stride, padding, dilation, groups } = this;
    const options = { stride, padding, dilation, groups, bias: this.bias !== null };
    return [this.inChannels, this.outChannels, this.kernelSize, options];
  }

  forward<S extends Shape>(x: Tensor<S> & CheckConv2d<S, In>): Tensor<Conv2dShape<S, Out>> {
    const { stride, padding, dilation, groups } = this;
    const options = { stride, padding, dilation, groups };
    return ops.conv2d(x, this.weight, this.bias, options) as Tensor<Conv2dShape<S, Out>>;
  }

  protected override describe(): string {
    const parts = [`${this.inChannels}, ${this.outChannels}, kernel ${showPair(this.kernelSize)}`];
    const note = (name: string, pair: Sizes, usual: number): void => {
      if (pair[0] !== usual || pair[1] !== usual) parts.push(`${name} ${showPair(pair)}`);
    };
    note('stride', this.stride, 1);
    note('padding', this.padding, 0);
    note('dilation', this.dilation, 1);
    if (this.groups !== 1) parts.push(`groups ${this.groups}`);
    if (this.bias === null) parts.push('no bias');
    return parts.join(', ');
  }
}

/**
 * A 2-d convolution (cross-correlation) over images: output channel o at (i, j) is
 * `b[o] + sum over c, u, v of w[o, c, u, v] * x[c, i * stride + u * dilation - padding, ...]`.
 *
 * Shapes: `[N, inChannels, H, W]` gives `[N, outChannels, H', W']` with
 * `H' = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1`. Weight and bias start
 * even within `±1 / sqrt(fanIn)`, as in PyTorch. Throws ValueError for sizes that are no whole
 * numbers or groups that do not divide the channels; forward throws ShapeError for other channels or a
 * kernel larger than the padded image.
 *
 * @example
 * const conv = nn.conv2d(3, 16, 3, { padding: 1 });
 * conv.forward(randn([8, 3, 32, 32])).shape; // [8, 16, 32, 32]
 */
export const conv2d = <In extends number, Out extends number>(
  inChannels: In,
  outChannels: Out,
  kernelSize: Pair,
  options: Conv2dOptions = {},
): Conv2d<In, Out> => new Conv2d(inChannels, outChannels, kernelSize, options);
