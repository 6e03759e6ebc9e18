import { checkOptions, type Shape } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import {
  type CheckLinear,
  type Linear as LinearShape,
  Parameter,
  type Tensor,
} from '../tensor/index.ts';
import { checkFlag, checkSize } from './check-sizes.ts';
import { defaultBound, uniformTensor } from './init.ts';
import { Module } from './module.ts';

export interface LinearOptions {
  /** Whether a learned offset is added. Default true. */
  readonly bias?: boolean;
}

/** See {@link linear}. */
export class Linear<In extends number = number, Out extends number = number> extends Module {
  readonly inFeatures: In;
  readonly outFeatures: Out;
  /** `[outFeatures, inFeatures]`. */
  readonly weight: Tensor<readonly [Out, In]>;
  readonly bias: Tensor<readonly [Out]> | null;

  constructor(inFeatures: In, outFeatures: Out, options: LinearOptions = {}) {
    super();
    const op = 'nn.linear';
    checkSize(op, 'inFeatures', inFeatures);
    checkSize(op, 'outFeatures', outFeatures);
    checkOptions(op, options, ['bias']);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    const bound = defaultBound(inFeatures);
    this.weight = Parameter(uniformTensor([outFeatures, inFeatures], -bound, bound));
    const biased = checkFlag(op, 'bias', options.bias, true);
    this.bias = biased ? Parameter(uniformTensor([outFeatures], -bound, bound)) : null;
  }

  override config(): readonly unknown[] {
    return [this.inFeatures, this.outFeatures, { bias: this.bias !== null }];
  }

  forward<S extends Shape>(x: Tensor<S> & CheckLinear<S, In>): Tensor<LinearShape<S, Out>> {
    return ops.linear(x, this.weight, this.bias) as Tensor<LinearShape<S, Out>>;
  }

  protected override describe(): string {
    const bias = this.bias === null ? ', no bias' : '';
    return `${this.inFeatures}, ${this.outFeatures}${bias}`;
  }
}

/**
 * A fully connected layer: `y = x W^T + b`.
 *
 * Shapes: `[..., inFeatures]` gives `[..., outFeatures]`; weight `[outFeatures, inFeatures]`. Weight
 * and bias start even within `±1 / sqrt(inFeatures)`, as in PyTorch. Throws ValueError unless both
 * sizes are whole numbers from 1; forward throws ShapeError for another last dimension.
 *
 * @example
 * const layer = nn.linear(784, 10);
 * layer.forward(randn([32, 784])).shape; // [32, 10]
 */
export const linear = <In extends number, Out extends number>(
  inFeatures: In,
  outFeatures: Out,
  options: LinearOptions = {},
): Linear<In, Out> => new Linear(inFeatures, outFeatures, options);
