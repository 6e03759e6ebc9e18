/**
 * Random tensors. The state is (seed, counter): each random call takes the next counter, and the
 * numbers are Philox4x32-10 of (position, counter) under the seed. Shuffling has its own
 * {@link Generator}.
 */
import {
  checkDType,
  checkShape,
  given,
  isFloat,
  philox4x32,
  type Shape,
  ShapeError,
  ValueError,
} from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { checkTensor, finish, readOptions, type TensorOptions } from './options.ts';
import { nextKey, seedOf, wordsOf } from './random-state.ts';
import { recording } from './recording.ts';
import { fromHost, type Tensor } from './tensor.ts';

function floats(
  op: string,
  make: (shape: Shape, state: ops.RandomState) => ops.Value,
  shape: Shape,
  options: TensorOptions | undefined,
): Tensor {
  checkShape(shape, op);
  const o = readOptions(op, options);
  const dtype = checkDType(o.dtype ?? 'float32', op);
  if (!isFloat(dtype)) {
    throw new ValueError({ op, problem: `gives floats, not ${dtype}`, remedy: 'use randint' });
  }
  return finish(ops.cast(make(shape, nextKey()), dtype) as Tensor, o);
}

/** Uniform numbers from 0 up to but not including 1. */
export const rand = <const S extends Shape>(shape: S, options?: TensorOptions): Tensor<S> =>
  floats('rand', ops.uniform, shape, options) as Tensor<S>;

/** Numbers of the normal distribution of mean 0 and variance 1. */
export const randn = <const S extends Shape>(shape: S, options?: TensorOptions): Tensor<S> =>
  floats('randn', ops.normal, shape, options) as Tensor<S>;

/** Uniform numbers as {@link rand} gives, in the shape, dtype and device of `x`. */
export const randLike = <S extends Shape>(x: Tensor<S>, options?: TensorOptions): Tensor<S> =>
  floats('randLike', ops.uniform, ...like('randLike', x, options)) as Tensor<S>;

/** Normal numbers as {@link randn} gives, in the shape, dtype and device of `x`. */
export const randnLike = <S extends Shape>(x: Tensor<S>, options?: TensorOptions): Tensor<S> =>
  floats('randnLike', ops.normal, ...like('randnLike', x, options)) as Tensor<S>;

function like(op: string, x: Tensor, options?: TensorOptions): [Shape, TensorOptions] {
  const { shape, dtype, device } = checkTensor(op, x);
  return [shape, { dtype, device, ...readOptions(op, options) }];
}

/**
 * Whole numbers from `low` up to but not including `high`, as int32 unless `dtype` is given.
 *
 * @example
 * randint(0, 10, [5]);
 */
export function randint<const S extends Shape>(
  low: number,
  high: number,
  shape: S,
  options?: TensorOptions,
): Tensor<S> {
  const o = readOptions('randint', options);
  if (!Array.isArray(shape)) {
    throw new ShapeError({
      op: 'randint',
      problem: `a shape is an array of sizes, not ${given(shape)}`,
      remedy: 'write randint(low, high, shape)',
    });
  }
  const t = ops.randint(shape, low, high, nextKey());
  return finish(ops.cast(t, o.dtype ?? 'int32') as Tensor, o) as Tensor<S>;
}

/** The numbers from 0 up to but not including `n` in random order, int32. */
export function randperm<N extends number>(n: N, options?: TensorOptions): Tensor<readonly [N]> {
  const o = readOptions('randperm', options);
  recording()?.refuse(
    'randperm',
    'an order is drawn in JavaScript: it would be the same at each call',
    'call it outside, and pass the order as an argument',
  );
  const [k0, k1, c0, c1] = nextKey() as readonly number[];
  const order = shuffled(n, (i) => philox4x32([i, 0, c0, c1], [k0, k1]));
  const t = ops.cast(fromHost(order, 'int32', [n]), o.dtype ?? 'int32') as Tensor;
  return finish(t, o) as Tensor as Tensor<readonly [N]>;
}

/** true with probability `p` (a number, or a tensor of one for each element). */
export function bernoulli<const S extends Shape>(p: number | Tensor, shape: S): Tensor<S>;
export function bernoulli<S extends Shape>(p: Tensor<S>): Tensor<S>;
export function bernoulli(p: number | Tensor, shape?: Shape): Tensor {
  const size = shape ?? (typeof p === 'number' ? [] : p.shape);
  return ops.bernoulli(size, p, nextKey()) as Tensor;
}

/** Fisher and Yates' shuffle; `draw(i)` gives random words for step `i`. */
function shuffled(n: number, draw: (i: number) => readonly number[]): Int32Array {
  if (!Number.isInteger(n) || n < 0 || n > 2 ** 31 - 1) {
    throw new ValueError({ op: 'randperm', problem: `cannot order ${given(n)} elements` });
  }
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const [low, high] = draw(i);
    const j = below(i + 1, low, high);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** A whole number below `n` from 53 random bits: for n up to 2^31 the bias is below 2^-22. */
const below = (n: number, low: number, high: number): number =>
  Math.floor((((high >>> 0) * 2 ** 21 + (low >>> 11)) / 2 ** 53) * n);

/**
 * Random numbers on the host, apart from those of tensors: shuffling data does not change what a
 * model draws.
 *
 * @example
 * const order = new Generator(0).permutation(60000);
 */
export class Generator {
  private readonly key: readonly [number, number];
  private position = 0n;

  constructor(seed: number | bigint = Math.floor(Math.random() * 2 ** 53)) {
    this.key = wordsOf(seedOf('Generator', seed));
  }

  /** Four random words, unsigned. */
  private next(): readonly [number, number, number, number] {
    const at = this.position++;
    return philox4x32([...wordsOf(at), 0, 0], this.key);
  }

  /** A number from 0 up to but not including 1. */
  random(): number {
    const [low, high] = this.next();
    return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
  }

  /** A whole number from 0 up to but not including `n`. */
  integer(n: number): number {
    const [low, high] = this.next();
    return below(n, low, high);
  }

  /** The numbers from 0 up to but not including `n` in random order. */
  permutation(n: number): Int32Array {
    return shuffled(n, () => this.next());
  }

  /** How many draws were made; assign it to go back. */
  get state(): bigint {
    return this.position;
  }

  set state(position: bigint) {
    this.position = BigInt.asUintN(64, position);
  }
}
