/** Activations as modules, for `sequential`; inside a `forward`, write `x.relu()`. */
import { checkOptions, given, type Shape, ValueError } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { checkDim } from './check-sizes.ts';
import { Module } from './module.ts';

/** `nn.relu(x)` is a slip for `x.relu()`: it would give a module in place of a tensor. */
function checkNone(name: string, args: readonly unknown[]): void {
  if (args.length === 0) return;
  throw new ValueError({
    op: `nn.${name}`,
    problem: `makes a layer and takes no arguments, not ${given(args[0])}`,
    remedy: `compute with x.${name}(), or with nn.${name}().forward(x)`,
  });
}

/** The factor of an activation, a finite number. */
function checkFactor(op: string, name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new ValueError({ op, problem: `${name} must be a number, not ${given(value)}` });
}

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
export const relu = (...none: []): ReLU => {
  checkNone('relu', none);
  return new ReLU();
};

/** See {@link leakyRelu}. */
export class LeakyReLU extends Module {
  readonly slope: number;

  constructor(slope: number) {
    super();
    this.slope = checkFactor('nn.leakyRelu', 'slope', slope);
  }

  override config(): readonly unknown[] {
    return [this.slope];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.leakyRelu(x, this.slope) as Tensor<S>;
  }

  protected override describe(): string {
    return `${this.slope}`;
  }
}

/** `x` where it is above 0, else `slope * x`. */
export const leakyRelu = (slope = 0.01): LeakyReLU => new LeakyReLU(slope);

/** See {@link elu}. */
export class ELU extends Module {
  readonly alpha: number;

  constructor(alpha: number) {
    super();
    this.alpha = checkFactor('nn.elu', 'alpha', alpha);
  }

  override config(): readonly unknown[] {
    return [this.alpha];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.elu(x, this.alpha) as Tensor<S>;
  }

  protected override describe(): string {
    return `${this.alpha}`;
  }
}

/** `x` where it is above 0, else `alpha * (exp(x) - 1)`. */
export const elu = (alpha = 1): ELU => new ELU(alpha);

/** See {@link silu}. */
export class SiLU extends Module {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.silu(x) as Tensor<S>;
  }
}

/** `x / (1 + exp(-x))`, also called swish. */
export const silu = (...none: []): SiLU => {
  checkNone('silu', none);
  return new SiLU();
};

/** See {@link gelu}. */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor(approximate: 'none' | 'tanh' = 'none') {
    super();
    if (approximate !== 'none' && approximate !== 'tanh') {
      throw new ValueError({
        op: 'nn.gelu',
        problem: `there is no approximation ${given(approximate)}`,
        remedy: "use 'none' or 'tanh'",
      });
    }
    this.approximate = approximate;
  }

  override config(): readonly unknown[] {
    return [this.approximate];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.gelu(x, { approximate: this.approximate }) as Tensor<S>;
  }

  protected override describe(): string {
    return this.approximate === 'none' ? '' : this.approximate;
  }
}

/** `x * Phi(x)`, Phi being the normal distribution function; with `tanh`, the approximation. */
export function gelu(options: { readonly approximate?: 'none' | 'tanh' } = {}): GELU {
  checkOptions('nn.gelu', options, ['approximate']);
  return new GELU(options.approximate);
}

/** See {@link sigmoid}. */
export class Sigmoid extends Module {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.sigmoid(x) as Tensor<S>;
  }
}

/** `1 / (1 + exp(-x))`, element by element. */
export const sigmoid = (...none: []): Sigmoid => {
  checkNone('sigmoid', none);
  return new Sigmoid();
};

/** See {@link tanh}. */
export class Tanh extends Module {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.tanh(x) as Tensor<S>;
  }
}

/** The hyperbolic tangent, element by element. */
export const tanh = (...none: []): Tanh => {
  checkNone('tanh', none);
  return new Tanh();
};

/** See {@link softmax}. */
export class Softmax extends Module {
  readonly dim: number;

  constructor(dim: number) {
    super();
    this.dim = checkDim('nn.softmax', 'dim', dim);
  }

  override config(): readonly unknown[] {
    return [this.dim];
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

/** See {@link logSoftmax}. */
export class LogSoftmax extends Module {
  readonly dim: number;

  constructor(dim: number) {
    super();
    this.dim = checkDim('nn.logSoftmax', 'dim', dim);
  }

  override config(): readonly unknown[] {
    return [this.dim];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return ops.logSoftmax(x, this.dim) as Tensor<S>;
  }

  protected override describe(): string {
    return `dim ${this.dim}`;
  }
}

/** `x - logsumexp(x)` along `dim`, without overflow; `nn.nllLoss` takes it. */
export const logSoftmax = (dim: number): LogSoftmax => new LogSoftmax(dim);
