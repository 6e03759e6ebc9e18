/**
 * The methods of Tensor that are ops: typed wrappers of the functions in `ir/ops`, where each is
 * documented in full. They take their receiver's shape from `this`, so that the class stays
 * covariant: every `Tensor<...>` is a plain `Tensor`.
 */
import * as ops from '../ir/index.ts';
import { DerivedMethods } from './derived-methods.ts';
import { type Keep, keep } from './keepdim.ts';
import { describe, format } from './print.ts';
import { nextKey } from './random-state.ts';
import type {
  Broadcast,
  CheckBroadcast,
  CheckDim,
  CheckMatMul,
  CheckPermute,
  CheckReshape,
  Conv2d,
  Dims,
  Expand,
  Flatten,
  MatMul,
  Permute,
  Pool2d,
  Reduce,
  Reshape,
  Scalar,
  Shape,
  Squeeze,
  Transpose,
  Unsqueeze,
  WithSize,
} from './shape-types.ts';
import type { Tensor } from './tensor.ts';

export type { Keep };

type Pair = number | readonly [number, number];
export interface Conv2dOptions {
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly groups?: number;
}
export interface Pool2dOptions {
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly ceilMode?: boolean;
}

const inspect = Symbol.for('nodejs.util.inspect.custom');

export abstract class TensorMethods extends DerivedMethods {
  // ---- arithmetic; operands broadcast and dtypes are promoted

  /** Element by element `this + other`. */
  add<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.add(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** `this - other`. */
  sub<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.sub(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** `this * other`. */
  mul<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.mul(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** The true quotient `this / other`; whole numbers give float32. */
  div<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.div(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** The quotient rounded down. */
  floorDivide<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.floorDivide(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** The remainder of `floorDivide`, with the divisor's sign. */
  remainder<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.remainder(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** `this` to the power of `other`. */
  pow<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.pow(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** The larger of the two; NaN wins. */
  maximum<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.maximum(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** The smaller of the two; NaN wins. */
  minimum<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.minimum(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** Bits set in both, of integers. */
  bitwiseAnd<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.bitwiseAnd(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** Bits set in either, of integers. */
  bitwiseOr<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.bitwiseOr(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** Bits set in one of the two, of integers. */
  bitwiseXor<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.bitwiseXor(this, other) as Tensor<Broadcast<A, B>>;
  }

  // ---- comparison and logic: bool tensors

  /** `this == other`, as bool. */
  eq<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.eq(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** `this != other`, as bool. */
  ne<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.ne(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** `this < other`, as bool. */
  lt<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.lt(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** `this <= other`, as bool. */
  le<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.le(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** `this > other`, as bool. */
  gt<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.gt(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** `this >= other`, as bool. */
  ge<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.ge(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** Whether both are not 0. */
  logicalAnd<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.logicalAnd(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** Whether one of them is not 0. */
  logicalOr<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.logicalOr(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** Whether exactly one of them is not 0. */
  logicalXor<A extends Shape, B extends Shape = Scalar>(
    this: Tensor<A>,
    other: number | (Tensor<B> & CheckBroadcast<A, B>),
  ): Tensor<Broadcast<A, B>> {
    return ops.logicalXor(this, other) as Tensor<Broadcast<A, B>>;
  }

  /** Whether the element is 0. */
  logicalNot<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.logicalNot(this) as Tensor<A>;
  }

  /** Whether the element is NaN. */
  isnan<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.isnan(this) as Tensor<A>;
  }

  /** This where `cond` holds, else `other`. */
  where(this: Tensor, cond: Tensor, other: Tensor | number): Tensor {
    return ops.where(cond, this, other) as Tensor;
  }

  // ---- functions of each element

  /** `-x`. */
  neg<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.neg(this) as Tensor<A>;
  }

  /** `|x|`. */
  abs<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.abs(this) as Tensor<A>;
  }

  /** -1, 0 or 1. */
  sign<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.sign(this) as Tensor<A>;
  }

  /** The square root. */
  sqrt<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.sqrt(this) as Tensor<A>;
  }

  /** `1 / sqrt(x)`. */
  rsqrt<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.rsqrt(this) as Tensor<A>;
  }

  /** `x * x`. */
  square<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.square(this) as Tensor<A>;
  }

  /** `1 / x`. */
  reciprocal<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.reciprocal(this) as Tensor<A>;
  }

  /** `e^x`. */
  exp<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.exp(this) as Tensor<A>;
  }

  /** `e^x - 1`, exact near 0. */
  expm1<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.expm1(this) as Tensor<A>;
  }

  /** The natural logarithm. */
  log<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.log(this) as Tensor<A>;
  }

  /** `log(1 + x)`, exact near 0. */
  log1p<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.log1p(this) as Tensor<A>;
  }

  /** The sine, of radians. */
  sin<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.sin(this) as Tensor<A>;
  }

  /** The cosine, of radians. */
  cos<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.cos(this) as Tensor<A>;
  }

  /** The hyperbolic tangent. */
  tanh<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.tanh(this) as Tensor<A>;
  }

  /** The error function. */
  erf<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.erf(this) as Tensor<A>;
  }

  /** Rounded down. */
  floor<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.floor(this) as Tensor<A>;
  }

  /** Rounded up. */
  ceil<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.ceil(this) as Tensor<A>;
  }

  /** Rounded towards 0. */
  trunc<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.trunc(this) as Tensor<A>;
  }

  /** Rounded to the nearest, halves to even. */
  round<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.round(this) as Tensor<A>;
  }

  /** `max(x, 0)`. */
  relu<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.relu(this) as Tensor<A>;
  }

  /** `1 / (1 + e^-x)`. */
  sigmoid<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.sigmoid(this) as Tensor<A>;
  }

  /** `x * sigmoid(x)`. */
  silu<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.silu(this) as Tensor<A>;
  }

  /** `log(1 + e^x)`. */
  softplus<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.softplus(this) as Tensor<A>;
  }

  /** `x * Phi(x)`, exactly or by the tanh formula. */
  gelu<A extends Shape>(
    this: Tensor<A>,
    options?: { readonly approximate?: 'none' | 'tanh' },
  ): Tensor<A> {
    return ops.gelu(this, options) as Tensor<A>;
  }

  /** `x` above 0, `slope * x` below. */
  leakyRelu<A extends Shape>(this: Tensor<A>, slope?: number): Tensor<A> {
    return ops.leakyRelu(this, slope) as Tensor<A>;
  }

  /** `x` above 0, `alpha * (e^x - 1)` below. */
  elu<A extends Shape>(this: Tensor<A>, alpha?: number): Tensor<A> {
    return ops.elu(this, alpha) as Tensor<A>;
  }

  /** Limited to `low` to `high`; `null` leaves a side open. */
  clamp<A extends Shape>(
    this: Tensor<A>,
    low?: Tensor | number | null,
    high?: Tensor | number | null,
  ): Tensor<A> {
    return ops.clamp(this, low, high) as Tensor<A>;
  }

  /** Each element 0 with probability `p`, the others divided by `1 - p`; always random. */
  dropout<A extends Shape>(this: Tensor<A>, p = 0.5): Tensor<A> {
    return ops.dropout(this, p, nextKey()) as Tensor<A>;
  }

  // ---- reductions: over `dim` (a number, several, or all), `keepdim` keeps it with size 1

  /** The sum. */
  sum<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.sum(this, dim, keep('sum', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** The mean; whole numbers give float32. */
  mean<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.mean(this, dim, keep('mean', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** The product. */
  prod<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.prod(this, dim, keep('prod', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** The largest; NaN wins. */
  max<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.max(this, dim, keep('max', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** The smallest; NaN wins. */
  min<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.min(this, dim, keep('min', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** Whether some element is not 0. */
  any<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.any(this, dim, keep('any', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** Whether no element is 0. */
  all<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.all(this, dim, keep('all', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** `log(sum(e^x))`, without overflow. */
  logsumexp<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.logsumexp(this, dim, keep('logsumexp', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** Position of the first largest element along `dim`, or of all; int32. */
  argmax<A extends Shape, D extends number | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.argmax(this, dim, keep('argmax', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** Position of the first smallest element along `dim`, or of all; int32. */
  argmin<A extends Shape, D extends number | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.argmin(this, dim, keep('argmin', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** The variance, divided by `n - correction` (1 unless given). */
  var<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    options?: { readonly correction?: number; readonly keepdim?: K },
  ): Tensor<Reduce<A, D, K>> {
    return ops.variance(this, dim, options) as Tensor<Reduce<A, D, K>>;
  }

  /** The square root of {@link var}. */
  std<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
    options?: { readonly correction?: number; readonly keepdim?: K },
  ): Tensor<Reduce<A, D, K>> {
    return ops.std(this, dim, options) as Tensor<Reduce<A, D, K>>;
  }

  /** `e^x / sum(e^x)` along `dim`. */
  softmax<A extends Shape>(this: Tensor<A>, dim = -1): Tensor<A> {
    return ops.softmax(this, dim) as Tensor<A>;
  }

  /** `log(softmax(x))` along `dim`, without overflow. */
  logSoftmax<A extends Shape>(this: Tensor<A>, dim = -1): Tensor<A> {
    return ops.logSoftmax(this, dim) as Tensor<A>;
  }

  // ---- products

  /** The matrix product; vectors and batches as in NumPy. */
  matmul<A extends Shape, B extends Shape>(
    this: Tensor<A>,
    other: Tensor<B> & CheckMatMul<A, B>,
  ): Tensor<MatMul<A, B>> {
    return ops.matmul(this, other) as Tensor<MatMul<A, B>>;
  }

  /** The 2-d convolution of images N×C×H×W with a weight O×(C/groups)×h×w and a bias of O. */
  conv2d<A extends Shape, W extends Shape>(
    this: Tensor<A>,
    weight: Tensor<W>,
    bias?: Tensor | null,
    options?: Conv2dOptions,
  ): Tensor<Conv2d<A, W[0]>> {
    return ops.conv2d(this, weight, bias, options) as Tensor<Conv2d<A, W[0]>>;
  }

  /** The largest element of each window over the last two dimensions. */
  maxPool2d<A extends Shape>(
    this: Tensor<A>,
    kernel: number | readonly [number, number],
    options?: Pool2dOptions,
  ): Tensor<Pool2d<A>> {
    return ops.maxPool2d(this, kernel, options) as Tensor<Pool2d<A>>;
  }

  /** The mean of each window over the last two dimensions, padding counted. */
  avgPool2d<A extends Shape>(
    this: Tensor<A>,
    kernel: number | readonly [number, number],
    options?: Omit<Pool2dOptions, 'ceilMode'>,
  ): Tensor<Pool2d<A>> {
    return ops.avgPool2d(this, kernel, options) as Tensor<Pool2d<A>>;
  }

  // ---- other shapes of the same elements; views where strides allow

  /** The same elements in another shape; one size may be -1. */
  reshape<A extends Shape, const T extends Shape>(
    this: Tensor<A>,
    shape: T & CheckReshape<A, T>,
  ): Tensor<Reshape<A, T>> {
    return ops.reshape(this, shape) as Tensor<Reshape<A, T>>;
  }

  /** Dimensions `start` to `end` merged into one. */
  flatten<A extends Shape, D extends number = 0, E extends number = -1>(
    this: Tensor<A>,
    start?: D,
    end?: E,
  ): Tensor<Flatten<A, D, E>> {
    return ops.flatten(this, start, end) as Tensor<Flatten<A, D, E>>;
  }

  /** Two dimensions swapped, the last two unless given. */
  transpose<A extends Shape, D extends number = -2, E extends number = -1>(
    this: Tensor<A>,
    dim0?: D & CheckDim<A, D>,
    dim1?: E & CheckDim<A, E>,
  ): Tensor<Transpose<A, D, E>> {
    return ops.transpose(this, dim0, dim1) as Tensor<Transpose<A, D, E>>;
  }

  /** The matrix transposed: the last two dimensions swapped; a vector stays as it is. */
  t<A extends Shape>(this: Tensor<A>): Tensor<Transpose<A, -2, -1>> {
    const out = this.rank < 2 ? this : ops.transpose(this);
    return out as Tensor<Transpose<A, -2, -1>>;
  }

  /** Dimensions in another order: dimension `i` of the result is `dims[i]` of this. */
  permute<A extends Shape, const P extends Shape>(
    this: Tensor<A>,
    dims: P & CheckPermute<A, P>,
  ): Tensor<Permute<A, P>> {
    return ops.permute(this, dims) as Tensor<Permute<A, P>>;
  }

  /** Broadcast to `shape` without copying; -1 keeps a size. */
  expand<const T extends Shape>(this: Tensor, shape: T): Tensor<Expand<T>> {
    return ops.expand(this, shape) as Tensor<Expand<T>>;
  }

  /** Without dimension `dim` if its size is 1, or without all of size 1. */
  squeeze<A extends Shape, D extends number | undefined = undefined>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
  ): Tensor<Squeeze<A, D>> {
    return ops.squeeze(this, dim) as Tensor<Squeeze<A, D>>;
  }

  /** With a dimension of size 1 put in before `dim`. */
  unsqueeze<A extends Shape, D extends number>(this: Tensor<A>, dim: D): Tensor<Unsqueeze<A, D>> {
    return ops.unsqueeze(this, dim) as Tensor<Unsqueeze<A, D>>;
  }

  /** `length` elements of dimension `dim` from `start` on; a view. */
  narrow<A extends Shape, D extends number, N extends number>(
    this: Tensor<A>,
    dim: D & CheckDim<A, D>,
    start: number,
    length: N,
  ): Tensor<WithSize<A, D, N>> {
    return ops.narrow(this, dim, start, length) as Tensor<WithSize<A, D, N>>;
  }

  /** The elements reversed along `dims` (all unless given); a view. */
  flip<A extends Shape>(
    this: Tensor<A>,
    dims: number | readonly number[] = this.shape.map((_, d) => d),
  ): Tensor<A> {
    return ops.flip(this, typeof dims === 'number' ? [dims] : dims) as Tensor<A>;
  }

  /** Parts of `size` (or of each of these sizes) along `dim`; views. */
  split(this: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
    return ops.split(this, size, dim) as Tensor[];
  }

  /** At most `parts` equal parts along `dim`; views. */
  chunk(this: Tensor, parts: number, dim = 0): Tensor[] {
    return ops.chunk(this, parts, dim) as Tensor[];
  }

  /** The slices along `dim`, without it; views. */
  unbind<A extends Shape, D extends number = 0>(
    this: Tensor<A>,
    dim?: D & CheckDim<A, D>,
  ): Tensor<Reduce<A, D, false>>[] {
    return ops.unbind(this, dim) as Tensor<Reduce<A, D, false>>[];
  }

  /** Goes through the first dimension: `for (const row of x)`. */
  [Symbol.iterator](this: Tensor): IterableIterator<Tensor> {
    return this.unbind()[Symbol.iterator]();
  }

  /** Enlarged by `value`: `[before, after]` for each dimension. */
  pad(this: Tensor, padding: readonly (readonly [number, number])[], value = 0): Tensor {
    return ops.pad(this, padding, value) as Tensor;
  }

  // ---- indexing (and see `at`)

  /** `out[i][j] = this[index[i][j]][j]` for dim 0, and so on; the result has `index`'s shape. */
  gather<I extends Shape>(this: Tensor, dim: number, index: Tensor<I>): Tensor<I> {
    return ops.gather(this, dim, index) as Tensor<I>;
  }

  /** A copy with `source` added at the places that {@link gather} would read. */
  scatterAdd<A extends Shape>(
    this: Tensor<A>,
    dim: number,
    index: Tensor,
    source: Tensor,
  ): Tensor<A> {
    return ops.scatterAdd(this, dim, index, source) as Tensor<A>;
  }

  /** The slices along `dim` that a 1-d `index` lists. */
  indexSelect<A extends Shape, D extends number, I extends Shape>(
    this: Tensor<A>,
    dim: D & CheckDim<A, D>,
    index: Tensor<I>,
  ): Tensor<WithSize<A, D, I[0]>> {
    return ops.indexSelect(this, dim, index) as Tensor<WithSize<A, D, I[0]>>;
  }

  /** {@link gather} whose index broadcasts; over all elements if `dim` is left out. */
  takeAlongDim(this: Tensor, index: Tensor, dim?: number): Tensor {
    return ops.takeAlongDim(this, index, dim) as Tensor;
  }

  // ---- other dtypes, other devices, copies

  /** Converted to float32. */
  float<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.cast(this, 'float32') as Tensor<A>;
  }

  /** Converted to float64. */
  double<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.cast(this, 'float64') as Tensor<A>;
  }

  /** Converted to int32: fractions are cut off, NaN becomes 0. */
  int<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.cast(this, 'int32') as Tensor<A>;
  }

  /** Converted to bool: whether the element is not 0. */
  bool<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.cast(this, 'bool') as Tensor<A>;
  }

  /** Row-major in memory: itself, or a copy. */
  contiguous<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return (this.spec.contiguous ? this : ops.copy(this)) as Tensor<A>;
  }

  /** A copy in a buffer of its own, which gradients flow through. */
  clone<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.copy(this) as Tensor<A>;
  }

  // ---- text

  /** The elements as NumPy prints them. */
  override toString(this: Tensor): string {
    return format(this);
  }

  /** What `console.log` shows in Node. @internal */
  [inspect](this: Tensor): string {
    return describe(this);
  }
}
