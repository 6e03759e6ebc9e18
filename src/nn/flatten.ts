import type { Shape } from '../base/index.ts';
import type { Flatten as FlattenShape, Tensor } from '../tensor/index.ts';
import { checkDim } from './check-sizes.ts';
import { Module } from './module.ts';

/** See {@link flatten}. */
export class Flatten<From extends number = 1, To extends number = -1> extends Module {
  readonly startDim: From;
  readonly endDim: To;

  constructor(startDim: From, endDim: To) {
    super();
    this.startDim = checkDim('nn.flatten', 'startDim', startDim);
    this.endDim = checkDim('nn.flatten', 'endDim', endDim);
  }

  override config(): readonly unknown[] {
    return [this.startDim, this.endDim];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<FlattenShape<S, From, To>> {
    const y: Tensor = (x as Tensor).flatten(this.startDim, this.endDim);
    return y as Tensor<FlattenShape<S, From, To>>;
  }

  protected override describe(): string {
    return this.endDim === -1 ? `${this.startDim}` : `${this.startDim}, ${this.endDim}`;
  }
}

/**
 * Joins dimensions `startDim` to `endDim` into one; by default all but the batch.
 *
 * @example
 * nn.flatten().forward(zeros([8, 16, 4, 4])).shape; // [8, 256]
 */
export const flatten = <From extends number = 1, To extends number = -1>(
  startDim: From = 1 as From,
  endDim: To = -1 as To,
): Flatten<From, To> => new Flatten(startDim, endDim);
