/**
 * The methods of Tensor as functions, and the functions of several tensors. `f(x, ...)` is
 * `x.f(...)`; binary functions also take a number on the left.
 */
import { checkDType, checkOptions, type DType, DtypeError, type Shape } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import type { Conv2dOptions, Keep, Pool2dOptions } from './methods.ts';
import { checkTensor } from './options.ts';
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
  Squeeze,
  Transpose,
  Unsqueeze,
  WithSize,
} from './shape-types.ts';
import { Tensor } from './tensor.ts';

type Binary = <A extends Shape = Scalar, B extends Shape = Scalar>(
  a: number | Tensor<A>,
  b: number | (Tensor<B> & CheckBroadcast<A, B>),
) => Tensor<Broadcast<A, B>>;
type Unary = <S extends Shape>(x: Tensor<S>) => Tensor<S>;
type Reduction = <S extends Shape, const D extends Dims = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D & CheckDim<S, D>,
  keepdim?: Keep<K>,
) => Tensor<Reduce<S, D, K>>;

/** `f(x, ...rest)` for `x[name](...rest)`. */
const method = (name: keyof Tensor) =>
  ((x: unknown, ...rest: unknown[]) =>
    (checkTensor(name as string, x)[name] as (...xs: unknown[]) => unknown).apply(
      x,
      rest,
    )) as unknown;

/** Numbers on both sides have no tensor to take dtype and device from. */
const binary = (name: string, op: (a: ops.Operand, b: ops.Operand) => ops.Value) =>
  ((a: Tensor | number, b: Tensor | number) => {
    if (a instanceof Tensor || b instanceof Tensor) return op(a, b);
    throw new DtypeError({
      op: name,
      problem: 'neither operand is a tensor',
      remedy: 'wrap one with tensor(...)',
    });
  }) as Binary;

// ---- two operands

/** Element by element `a + b`. */
export const add = binary('add', ops.add);

/** `a - b`. */
export const sub = binary('sub', ops.sub);

/** `a * b`. */
export const mul = binary('mul', ops.mul);

/** The true quotient `a / b`; whole numbers give float32. */
export const div = binary('div', ops.div);

/** The quotient rounded down. */
export const floorDivide = binary('floorDivide', ops.floorDivide);

/** The remainder of `floorDivide`, with the divisor's sign. */
export const remainder = binary('remainder', ops.remainder);

/** `a` to the power of `b`. */
export const pow = binary('pow', ops.pow);

/** The larger of the two; NaN wins. */
export const maximum = binary('maximum', ops.maximum);

/** The smaller of the two; NaN wins. */
export const minimum = binary('minimum', ops.minimum);

/** Bits set in both, of integers. */
export const bitwiseAnd = binary('bitwiseAnd', ops.bitwiseAnd);

/** Bits set in either, of integers. */
export const bitwiseOr = binary('bitwiseOr', ops.bitwiseOr);

/** Bits set in one of the two, of integers. */
export const bitwiseXor = binary('bitwiseXor', ops.bitwiseXor);

/** `a == b`, as bool. */
export const eq = binary('eq', ops.eq);

/** `a != b`, as bool. */
export const ne = binary('ne', ops.ne);

/** `a < b`, as bool. */
export const lt = binary('lt', ops.lt);

/** `a <= b`, as bool. */
export const le = binary('le', ops.le);

/** `a > b`, as bool. */
export const gt = binary('gt', ops.gt);

/** `a >= b`, as bool. */
export const ge = binary('ge', ops.ge);

/** Whether both are not 0. */
export const logicalAnd = binary('logicalAnd', ops.logicalAnd);

/** Whether one of them is not 0. */
export const logicalOr = binary('logicalOr', ops.logicalOr);

/** Whether exactly one of them is not 0. */
export const logicalXor = binary('logicalXor', ops.logicalXor);

// ---- each element

/** `-x`. */
export const neg = method('neg') as Unary;

/** `|x|`. */
export const abs = method('abs') as Unary;

/** -1, 0 or 1. */
export const sign = method('sign') as Unary;

/** The square root. */
export const sqrt = method('sqrt') as Unary;

/** `1 / sqrt(x)`. */
export const rsqrt = method('rsqrt') as Unary;

/** `x * x`. */
export const square = method('square') as Unary;

/** `1 / x`. */
export const reciprocal = method('reciprocal') as Unary;

/** `e^x`. */
export const exp = method('exp') as Unary;

/** `e^x - 1`, exact near 0. */
export const expm1 = method('expm1') as Unary;

/** The natural logarithm. */
export const log = method('log') as Unary;

/** `log(1 + x)`, exact near 0. */
export const log1p = method('log1p') as Unary;

/** The logarithm to base 2. */
export const log2 = method('log2') as Unary;

/** The logarithm to base 10. */
export const log10 = method('log10') as Unary;

/** The sine, of radians. */
export const sin = method('sin') as Unary;

/** The cosine, of radians. */
export const cos = method('cos') as Unary;

/** The tangent, of radians. */
export const tan = method('tan') as Unary;

/** The hyperbolic tangent. */
export const tanh = method('tanh') as Unary;

/** The error function. */
export const erf = method('erf') as Unary;

/** Rounded down. */
export const floor = method('floor') as Unary;

/** Rounded up. */
export const ceil = method('ceil') as Unary;

/** Rounded towards 0. */
export const trunc = method('trunc') as Unary;

/** Rounded to the nearest, halves to even. */
export const round = method('round') as Unary;

/** `max(x, 0)`. */
export const relu = method('relu') as Unary;

/** `1 / (1 + e^-x)`. */
export const sigmoid = method('sigmoid') as Unary;

/** `x * sigmoid(x)`. */
export const silu = method('silu') as Unary;

/** `log(1 + e^x)`. */
export const softplus = method('softplus') as Unary;

/** Whether the element is 0. */
export const logicalNot = method('logicalNot') as Unary;

/** Whether the element is NaN. */
export const isnan = method('isnan') as Unary;

/** Whether the element is neither infinite nor NaN. */
export const isfinite = method('isfinite') as Unary;

/** Whether the element is infinite. */
export const isinf = method('isinf') as Unary;

/** `x * Phi(x)`, exactly or by the tanh formula. */
export const gelu = method('gelu') as <S extends Shape>(
  x: Tensor<S>,
  options?: { readonly approximate?: 'none' | 'tanh' },
) => Tensor<S>;

/** `x` above 0, `slope * x` below. */
export const leakyRelu = method('leakyRelu') as <S extends Shape>(
  x: Tensor<S>,
  slope?: number,
) => Tensor<S>;

/** `x` above 0, `alpha * (e^x - 1)` below. */
export const elu = method('elu') as <S extends Shape>(x: Tensor<S>, alpha?: number) => Tensor<S>;

/** Limited to `low` to `high`; `null` leaves a side open. */
export const clamp = method('clamp') as <S extends Shape>(
  x: Tensor<S>,
  low?: Tensor | number | null,
  high?: Tensor | number | null,
) => Tensor<S>;

/** `a` where `cond` holds, else `b`; all three broadcast. */
export const where = (cond: Tensor, a: Tensor | number, b: Tensor | number): Tensor =>
  ops.where(checkTensor('where', cond), a, b) as Tensor;

/** `x` with `value` wherever the bool `mask`, which broadcasts, holds. */
export const maskedFill = method('maskedFill') as <S extends Shape>(
  x: Tensor<S>,
  mask: Tensor,
  value: number | Tensor,
) => Tensor<S>;

type Triangle = <S extends Shape>(x: Tensor<S>, diagonal?: number) => Tensor<S>;

/** The lower triangle of the last two dimensions, 0 above. */
export const tril = method('tril') as Triangle;

/** The upper triangle of the last two dimensions, 0 below. */
export const triu = method('triu') as Triangle;

/** Converted to `dtype`. */
export const cast = <S extends Shape>(x: Tensor<S>, dtype: Tensor['dtype']): Tensor<S> =>
  ops.cast(checkTensor('cast', x), dtype) as Tensor<S>;

/** A copy in a buffer of its own, which gradients flow through. */
export const clone = method('clone') as Unary;

/** The same values, cut off the tape. */
export const detach = method('detach') as Unary;

/** Each element 0 with probability `p`, the others divided by `1 - p`; always random. */
export const dropout = method('dropout') as <S extends Shape>(
  x: Tensor<S>,
  p?: number,
) => Tensor<S>;

// ---- reductions

/** The sum. */
export const sum = method('sum') as Reduction;

/** The mean; whole numbers give float32. */
export const mean = method('mean') as Reduction;

/** The product. */
export const prod = method('prod') as Reduction;

/** The largest; NaN wins. */
export const max = method('max') as Reduction;

/** The smallest; NaN wins. */
export const min = method('min') as Reduction;

/** Whether some element is not 0. */
export const any = method('any') as Reduction;

/** Whether no element is 0. */
export const all = method('all') as Reduction;

/** `log(sum(e^x))`, without overflow. */
export const logsumexp = method('logsumexp') as Reduction;

/** The vector norm `sum(|x|^p)^(1/p)` along `dim`, or of all. */
export const norm = method('norm') as <
  S extends Shape,
  const D extends Dims = undefined,
  K extends boolean = false,
>(
  x: Tensor<S>,
  p?: number,
  dim?: D & CheckDim<S, D>,
  keepdim?: Keep<K>,
) => Tensor<Reduce<S, D, K>>;

type ArgReduction = <
  S extends Shape,
  D extends number | undefined = undefined,
  K extends boolean = false,
>(
  x: Tensor<S>,
  dim?: D & CheckDim<S, D>,
  keepdim?: Keep<K>,
) => Tensor<Reduce<S, D, K>>;
type VarReduction = <S extends Shape, const D extends Dims = undefined, K extends boolean = false>(
  x: Tensor<S>,
  dim?: D & CheckDim<S, D>,
  options?: { readonly correction?: number; readonly keepdim?: K },
) => Tensor<Reduce<S, D, K>>;
type AlongDim = <S extends Shape>(x: Tensor<S>, dim?: number) => Tensor<S>;

/** Position of the first largest element along `dim`, or of all; int32. */
export const argmax = method('argmax') as ArgReduction;

/** Position of the first smallest element along `dim`, or of all; int32. */
export const argmin = method('argmin') as ArgReduction;

/** The square root of {@link variance}. */
export const std = method('std') as VarReduction;

/** The variance, divided by `n - correction` (1 unless given). `var` is no name for a function. */
export const variance = method('var') as VarReduction;

/** `e^x / sum(e^x)` along `dim`, the last unless given. */
export const softmax = method('softmax') as AlongDim;

/** `log(softmax(x))` along `dim`, without overflow. */
export const logSoftmax = method('logSoftmax') as AlongDim;

// ---- products

/** The matrix product; vectors and batches as in NumPy. */
export const matmul = method('matmul') as <A extends Shape, B extends Shape>(
  a: Tensor<A>,
  b: Tensor<B> & CheckMatMul<A, B>,
) => Tensor<MatMul<A, B>>;

/** The 2-d convolution of images N×C×H×W with a weight O×(C/groups)×h×w and a bias of O. */
export const conv2d = method('conv2d') as <A extends Shape, W extends Shape>(
  x: Tensor<A>,
  weight: Tensor<W>,
  bias?: Tensor | null,
  options?: Conv2dOptions,
) => Tensor<Conv2d<A, W[0]>>;

/** The largest element of each window over the last two dimensions. */
export const maxPool2d = method('maxPool2d') as <A extends Shape>(
  x: Tensor<A>,
  kernel: number | readonly [number, number],
  options?: Pool2dOptions,
) => Tensor<Pool2d<A>>;

/** The mean of each window over the last two dimensions, padding counted. */
export const avgPool2d = method('avgPool2d') as <A extends Shape>(
  x: Tensor<A>,
  kernel: number | readonly [number, number],
  options?: Omit<Pool2dOptions, 'ceilMode'>,
) => Tensor<Pool2d<A>>;

// ---- other shapes of the same elements

/** The same elements in another shape; one size may be -1. */
export const reshape = method('reshape') as <A extends Shape, const T extends Shape>(
  x: Tensor<A>,
  shape: T & CheckReshape<A, T>,
) => Tensor<Reshape<A, T>>;

/** Dimensions `start` to `end` merged into one. */
export const flatten = method('flatten') as <
  A extends Shape,
  D extends number = 0,
  E extends number = -1,
>(
  x: Tensor<A>,
  start?: D,
  end?: E,
) => Tensor<Flatten<A, D, E>>;

/** Two dimensions swapped, the last two unless given. */
export const transpose = method('transpose') as <
  A extends Shape,
  D extends number = -2,
  E extends number = -1,
>(
  x: Tensor<A>,
  dim0?: D & CheckDim<A, D>,
  dim1?: E & CheckDim<A, E>,
) => Tensor<Transpose<A, D, E>>;

/** Dimensions in another order: dimension `i` of the result is `dims[i]` of `x`. */
export const permute = method('permute') as <A extends Shape, const P extends Shape>(
  x: Tensor<A>,
  dims: P & CheckPermute<A, P>,
) => Tensor<Permute<A, P>>;

/** Broadcast to `shape` without copying; -1 keeps a size. */
export const expand = method('expand') as <const T extends Shape>(
  x: Tensor,
  shape: T,
) => Tensor<Expand<T>>;

/** Broadcast to the shape of `other` without copying. */
export const expandAs = method('expandAs') as <S extends Shape>(
  x: Tensor,
  other: Tensor<S>,
) => Tensor<S>;

/** Repeated `repeats[d]` times along each dimension. */
export const tile = method('tile') as (x: Tensor, repeats: Shape) => Tensor;

/** Without dimension `dim` if its size is 1, or without all of size 1. */
export const squeeze = method('squeeze') as <
  A extends Shape,
  D extends number | undefined = undefined,
>(
  x: Tensor<A>,
  dim?: D & CheckDim<A, D>,
) => Tensor<Squeeze<A, D>>;

/** With a dimension of size 1 put in before `dim`. */
export const unsqueeze = method('unsqueeze') as <A extends Shape, D extends number>(
  x: Tensor<A>,
  dim: D,
) => Tensor<Unsqueeze<A, D>>;

/** `length` elements of dimension `dim` from `start` on; a view. */
export const narrow = method('narrow') as <A extends Shape, D extends number, N extends number>(
  x: Tensor<A>,
  dim: D & CheckDim<A, D>,
  start: number,
  length: N,
) => Tensor<WithSize<A, D, N>>;

/** The elements reversed along `dims` (all unless given); a view. */
export const flip = method('flip') as <A extends Shape>(
  x: Tensor<A>,
  dims?: number | readonly number[],
) => Tensor<A>;

/** Parts of `size` (or of each of these sizes) along `dim`; views. */
export const split = method('split') as (
  x: Tensor,
  size: number | readonly number[],
  dim?: number,
) => Tensor[];

/** At most `parts` equal parts along `dim`; views. */
export const chunk = method('chunk') as (x: Tensor, parts: number, dim?: number) => Tensor[];

/** The slices along `dim`, without it; views. */
export const unbind = method('unbind') as <A extends Shape, D extends number = 0>(
  x: Tensor<A>,
  dim?: D & CheckDim<A, D>,
) => Tensor<Reduce<A, D, false>>[];

/** Enlarged by `value`: `[before, after]` for each dimension. */
export const pad = method('pad') as (
  x: Tensor,
  padding: readonly (readonly [number, number])[],
  value?: number,
) => Tensor;

/**
 * The tensors one after the other along `dim`. Other sizes agree; dtypes are promoted.
 *
 * @example
 * concat([zeros([2, 3]), ones([1, 3])]).shape; // [3, 3]
 */
export const concat = (xs: readonly Tensor[], dim = 0): Tensor =>
  ops.concat(list('concat', xs), dim) as Tensor;

/**
 * The tensors, of one shape, along a new dimension `dim`.
 *
 * @example
 * stack([zeros([3]), ones([3])]).shape; // [2, 3]
 */
export const stack = (xs: readonly Tensor[], dim = 0): Tensor =>
  ops.stack(list('stack', xs), dim) as Tensor;

function list(op: string, xs: readonly Tensor[]): readonly Tensor[] {
  if (!Array.isArray(xs)) {
    throw new DtypeError({
      op,
      problem: 'takes an array of tensors',
      remedy: `${op}([a, b], dim)`,
    });
  }
  for (const x of xs) checkTensor(op, x);
  return xs;
}

// ---- indexing

/**
 * For each label a row of `classes` numbers: 1 at the label, 0 elsewhere (everywhere, if the label
 * is no class). float32 unless `dtype` is given.
 *
 * @example
 * oneHot(tensor([2, 0], { dtype: 'int32' }), 3).toArray(); // [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(
  labels: Tensor,
  classes: number,
  options?: { readonly dtype?: DType },
): Tensor {
  checkOptions('oneHot', options, ['dtype']);
  const dtype = checkDType(options?.dtype ?? 'float32', 'oneHot');
  return ops.oneHot(checkTensor('oneHot', labels), classes, dtype) as Tensor;
}

/** `out[i][j] = x[index[i][j]][j]` for dim 0, and so on; the result has the shape of `index`. */
export const gather = method('gather') as <I extends Shape>(
  x: Tensor,
  dim: number,
  index: Tensor<I>,
) => Tensor<I>;

/** A copy of `x` with `source` added at the places that {@link gather} would read. */
export const scatterAdd = method('scatterAdd') as <S extends Shape>(
  x: Tensor<S>,
  dim: number,
  index: Tensor,
  source: Tensor,
) => Tensor<S>;

/** The slices along `dim` that a 1-d `index` lists. */
export const indexSelect = method('indexSelect') as <
  A extends Shape,
  D extends number,
  I extends Shape,
>(
  x: Tensor<A>,
  dim: D & CheckDim<A, D>,
  index: Tensor<I>,
) => Tensor<WithSize<A, D, I[0]>>;

/** {@link gather} whose index broadcasts; over all elements if `dim` is left out. */
export const takeAlongDim = method('takeAlongDim') as (
  x: Tensor,
  index: Tensor,
  dim?: number,
) => Tensor;
