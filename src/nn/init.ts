/**
 * Initial values of parameters: `nn.init`. Each function replaces the value of a parameter and
 * returns it; random ones draw from the generator that `manualSeed` sets.
 */
import {
  checkOptions,
  formatShape,
  given,
  numelOf,
  type Shape,
  ShapeError,
  ValueError,
} from '../base/index.ts';
import { noGrad, rand, randn, type Tensor } from '../tensor/index.ts';

/** The activation after the layer, which decides by how much a variance shrinks. */
export type Nonlinearity = 'linear' | 'conv2d' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

export interface KaimingOptions {
  /** Negative slope of the leaky ReLU that follows. Default 0. */
  readonly a?: number;
  /** Whether variance is kept in the forward pass (`fanIn`, default) or in the backward one. */
  readonly mode?: 'fanIn' | 'fanOut';
  /** Default `leakyRelu`. */
  readonly nonlinearity?: Nonlinearity;
}

/**
 * Inputs and outputs of one unit: for `[out, in, ...kernel]`, `fanIn = in * kernel elements` and
 * `fanOut = out * kernel elements`.
 *
 * Throws ShapeError for fewer than two dimensions.
 */
export function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) {
    throw new ShapeError({
      op: 'nn.init',
      problem: `fan-in and fan-out need at least two dimensions, not ${formatShape(shape)}`,
      remedy: 'use init.uniform, init.normal or init.zeros for biases',
    });
  }
  const field = numelOf(shape.slice(2));
  return { fanIn: shape[1] * field, fanOut: shape[0] * field };
}

/**
 * The factor by which a standard deviation must grow to make up for the activation: 1 for linear
 * ones and sigmoid, 5/3 for tanh, sqrt(2) for ReLU, sqrt(2 / (1 + a^2)) for leaky ReLU, 3/4 for
 * SELU.
 */
export function gain(nonlinearity: Nonlinearity, a = 0.01): number {
  switch (nonlinearity) {
    case 'linear':
    case 'conv2d':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + a * a));
    case 'selu':
      return 3 / 4;
    default:
      throw new ValueError({
        op: 'nn.init',
        problem: `there is no gain for ${given(nonlinearity)}`,
        remedy: "use 'linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu' or 'selu'",
      });
  }
}

const set = <T extends Tensor>(cell: T, make: () => Tensor | number): T => {
  cell.assign(noGrad(make));
  return cell;
};

/** Even numbers from `low` to `high`. */
export function uniform<T extends Tensor>(cell: T, low = 0, high = 1): T {
  checkRange('nn.init.uniform', low, high);
  return set(cell, () => uniformTensor(cell.shape, low, high));
}

/** Normal numbers of the given mean and standard deviation. */
export function normal<T extends Tensor>(cell: T, mean = 0, std = 1): T {
  if (!(std >= 0)) {
    throw new ValueError({ op: 'nn.init.normal', problem: `std must be at least 0, not ${std}` });
  }
  return set(cell, () => randn(cell.shape).mul(std).add(mean));
}

/** Every element `value`. */
export const constant = <T extends Tensor>(cell: T, value: number): T => set(cell, () => value);

/** Every element 0. */
export const zeros = <T extends Tensor>(cell: T): T => constant(cell, 0);

/** Every element 1. */
export const ones = <T extends Tensor>(cell: T): T => constant(cell, 1);

/**
 * Even numbers within `±gain * sqrt(6 / (fanIn + fanOut))`, which keeps the variance of values and
 * of gradients.
 *
 * Source: Glorot & Bengio, Understanding the Difficulty of Training Deep Feedforward Neural
 * Networks, 2010, equation 16.
 *
 * @example
 * nn.init.xavierUniform(net.head.weight, nn.init.gain('tanh'));
 */
export function xavierUniform<T extends Tensor>(cell: T, factor = 1): T {
  const { fanIn, fanOut } = fans(cell.shape);
  const bound = factor * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(cell, -bound, bound);
}

/** Normal numbers of standard deviation `gain * sqrt(2 / (fanIn + fanOut))`; the same source. */
export function xavierNormal<T extends Tensor>(cell: T, factor = 1): T {
  const { fanIn, fanOut } = fans(cell.shape);
  return normal(cell, 0, factor * Math.sqrt(2 / (fanIn + fanOut)));
}

/**
 * Even numbers within `±gain * sqrt(3 / fan)`, which keeps the variance through rectifiers.
 *
 * Source: He et al., Delving Deep into Rectifiers, 2015, section 2.2.
 *
 * @example
 * nn.init.kaimingUniform(net.conv.weight, { nonlinearity: 'relu' });
 */
export function kaimingUniform<T extends Tensor>(cell: T, options: KaimingOptions = {}): T {
  const bound = Math.sqrt(3) * kaimingStd('nn.init.kaimingUniform', cell.shape, options);
  return uniform(cell, -bound, bound);
}

/** Normal numbers of standard deviation `gain / sqrt(fan)`; the same source. */
export function kaimingNormal<T extends Tensor>(cell: T, options: KaimingOptions = {}): T {
  return normal(cell, 0, kaimingStd('nn.init.kaimingNormal', cell.shape, options));
}

function kaimingStd(op: string, shape: Shape, options: KaimingOptions): number {
  checkOptions(op, options, ['a', 'mode', 'nonlinearity']);
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = options;
  if (mode !== 'fanIn' && mode !== 'fanOut') {
    throw new ValueError({
      op,
      problem: `there is no mode ${given(mode)}`,
      remedy: "use 'fanIn' or 'fanOut'",
    });
  }
  const { fanIn, fanOut } = fans(shape);
  return gain(nonlinearity, a) / Math.sqrt(mode === 'fanIn' ? fanIn : fanOut);
}

/** Even float32 numbers from `low` to `high`, for new parameters. @internal */
export const uniformTensor = <const S extends Shape>(
  shape: S,
  low: number,
  high: number,
): Tensor<S> =>
  rand(shape as Shape)
    .mul(high - low)
    .add(low) as Tensor<S>;

/**
 * A weight as PyTorch makes it for linear and convolutional layers, `kaimingUniform` with
 * a = sqrt(5): even numbers within `±1 / sqrt(fanIn)`. The bias has the same bound. @internal
 */
export const defaultBound = (fanIn: number): number => (fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0);

function checkRange(op: string, low: number, high: number): void {
  if (low <= high) return;
  throw new ValueError({ op, problem: `the range from ${low} to ${high} is empty` });
}
