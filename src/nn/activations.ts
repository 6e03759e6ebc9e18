/** Activations as modules, for `sequential`; inside a `forward`, write `x.relu()`. */
import type { Shape } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { Module } from './module.ts';

/** See {@link relu}. */
export class ReLU extends Module {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.relu(x) as Tensor<S>;
  }
}

/**
 * `max(x, 0)`, element by element.
 *
 * @example
 * nn.sequential(nn.linear(4, 8), nn.relu(), nn.linear(8, 2));
 */
export const relu = (): ReLU => new ReLU();

/** See {@link gelu}. */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor(approximate: 'none' | 'tanh' = 'none') {
    super();
    this.approximate = approximate;
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.gelu(x, { approximate: this.approximate }) as Tensor<S>;
  }

  protected override describe(): string {
    return this.approximate === 'none' ? '' : this.approximate;
  }
}

/** `x * Phi(x)`, Phi being the normal distribution function; with `tanh`, the approximation. */
export const gelu = (options: { readonly approximate?: 'none' | 'tanh' } = {}): GELU =>
  new GELU(options.approximate);

/** See {@link sigmoid}. */
export class Sigmoid extends Module {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.sigmoid(x) as Tensor<S>;
  }
}

/** `1 / (1 + exp(-x))`, element by element. */
export const sigmoid = (): Sigmoid => new Sigmoid();

/** See {@link tanh}. */
export class Tanh extends Module {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.tanh(x) as Tensor<S>;
  }
}

/** The hyperbolic tangent, element by element. */
export const tanh = (): Tanh => new Tanh();

/** See {@link softmax}. */
export class Softmax extends Module {
  readonly dim: number;

  constructor(dim: number) {
    super();
    this.dim = dim;
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.softmax(x, this.dim) as Tensor<S>;
  }

  protected override describe(): string {
    return `dim ${this.dim}`;
  }
}

/** `exp(x) / sum(exp(x))` along `dim`. `nn.crossEntropy` takes logits: no softmax before it. */
export const softmax = (dim: number): Softmax => new Softmax(dim);
