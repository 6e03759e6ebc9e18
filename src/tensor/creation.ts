/** Tensors from JavaScript values, and tensors of constants and ranges. */
import {
  arrayOf,
  checkShape,
  type DType,
  DtypeError,
  given,
  type Shape,
  type TypedArray,
  ValueError,
} from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { setGradMode } from './grad-mode.ts';
import { readNested } from './nested.ts';
import { checkTensor, finish, readOptions, type TensorOptions } from './options.ts';
import { fromHost, Tensor } from './tensor.ts';

export type { TensorOptions };

type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array;

export type TensorData = number | boolean | bigint | Numbers | readonly TensorData[];

/** The shape of nested arrays, as far as their type tells; six levels deep at most. */
export type ShapeOf<D, Depth extends 0[] = []> = (0 extends 1 & D ? 6 : Depth['length']) extends 6
  ? Shape // too deep, or `any`
  : D extends Numbers
    ? readonly [number]
    : D extends readonly [infer First, ...unknown[]]
      ? readonly [D['length'], ...ShapeOf<First, [...Depth, 0]>]
      : D extends readonly []
        ? readonly [0]
        : D extends readonly (infer E)[]
          ? readonly [number, ...ShapeOf<E, [...Depth, 0]>]
          : readonly [];

/** Dtype of a typed array's tensor; unsigned and narrow integers widen to one that holds them. */
const TYPED: Readonly<Record<string, DType>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int8Array: 'int32',
  Uint8Array: 'int32',
  Uint8ClampedArray: 'int32',
  Int16Array: 'int32',
  Uint16Array: 'int32',
  Int32Array: 'int32',
  Uint32Array: 'int64',
  BigInt64Array: 'int64',
};

/**
 * A tensor of the given elements: a number, boolean or bigint, nested arrays of those, or a typed
 * array. Elements are copied.
 *
 * Dtypes: numbers give float32, booleans bool, bigints int64, a typed array its own (integers of
 * 8 and 16 bits int32, Uint32Array int64), unless `dtype` is given; conversions are those of
 * `to(dtype)`. Throws ShapeError for ragged arrays, DtypeError for other elements or a mixture;
 * both name the place. ValueError for a bigint beyond 64 bits.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor([1n, 2n]).dtype; // 'int64'
 */
export function tensor<const D extends TensorData>(
  data: D,
  options?: TensorOptions,
): Tensor<ShapeOf<D>> {
  const o = readOptions('tensor', options);
  return finish(fromData(data, o.dtype), o) as Tensor<Shape> as Tensor<ShapeOf<D>>;
}

function fromData(data: unknown, dtype: DType | undefined): Tensor {
  if (data instanceof Tensor) {
    throw new DtypeError({
      op: 'tensor',
      problem: 'the data is a tensor already',
      operands: [data],
      remedy: 'use x.clone() for a copy, x.to(dtype) for a conversion',
    });
  }
  if (ArrayBuffer.isView(data)) {
    const own = TYPED[data.constructor.name];
    if (own === undefined) {
      throw new DtypeError({
        op: 'tensor',
        problem: `no dtype holds the elements of a ${data.constructor.name}`,
        remedy: 'copy them into a Float32Array, Int32Array or BigInt64Array first',
      });
    }
    const list = data as Numbers;
    return place(list, [list.length], dtype ?? own);
  }
  const { values, shape, kind } = readNested(data, 'tensor');
  return place(values, shape, dtype ?? (kind === 'number' ? 'float32' : kind));
}

function place(values: ArrayLike<number | bigint | boolean>, shape: Shape, dtype: DType): Tensor {
  const out = new (arrayOf(dtype))(values.length);
  const put = CONVERT[dtype];
  for (let i = 0; i < values.length; i++)
    (out as { [i: number]: number | bigint })[i] = put(values[i]);
  return fromHost(out as TypedArray, dtype, shape);
}

type Convert = (x: number | bigint | boolean) => number | bigint;

/** What `to(dtype)` does, on one JavaScript value. */
const CONVERT: Readonly<Record<DType, Convert>> = {
  float32: Number,
  float64: Number,
  bool: (x) => Number(x !== 0 && x !== 0n && x !== false),
  int32: (x) =>
    typeof x === 'bigint'
      ? Number(BigInt.asIntN(32, x))
      : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(Number(x) || 0))),
  int64(x) {
    if (typeof x !== 'bigint') return saturate(Number(x));
    if (x === BigInt.asIntN(64, x)) return x;
    throw new ValueError({ op: 'tensor', problem: `${x} does not fit into int64` });
  },
};

function saturate(x: number): bigint {
  if (x >= 2 ** 63) return 2n ** 63n - 1n;
  if (x < -(2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(x || 0));
}

/** A tensor of `value` everywhere. Booleans give bool, bigints int64, numbers float32. */
export function full<const S extends Shape>(
  shape: S,
  value: number | boolean | bigint,
  options?: TensorOptions,
): Tensor<S> {
  const o = readOptions('full', options);
  checkShape(shape, 'full');
  if (typeof value === 'bigint') {
    return finish(ops.expand(fromData(value, o.dtype), shape) as Tensor, o).clone() as Tensor<S>;
  }
  if (typeof value !== 'number' && typeof value !== 'boolean') checkValue(value);
  const dtype = o.dtype ?? (typeof value === 'boolean' ? 'bool' : 'float32');
  return finish(ops.full(shape, Number(value), dtype) as Tensor, o) as Tensor<S>;
}

function checkValue(value: unknown): never {
  throw new DtypeError({
    op: 'full',
    problem: `the value is ${value instanceof Tensor ? 'a tensor' : given(value)}, not a number`,
    remedy: value instanceof Tensor ? 'use x.expand(shape)' : undefined,
  });
}

function constant(op: string, shape: Shape, value: number, options?: TensorOptions): Tensor {
  const o = readOptions(op, options);
  return finish(ops.full(checkShape(shape, op), value, o.dtype) as Tensor, o);
}

/**
 * A tensor of zeros.
 *
 * @example
 * zeros([2, 3], { dtype: 'int32' });
 */
export const zeros = <const S extends Shape>(shape: S, options?: TensorOptions): Tensor<S> =>
  constant('zeros', shape, 0, options) as Tensor<S>;

/** A tensor of ones. */
export const ones = <const S extends Shape>(shape: S, options?: TensorOptions): Tensor<S> =>
  constant('ones', shape, 1, options) as Tensor<S>;

const like = (op: string, x: Tensor, options: TensorOptions | undefined): TensorOptions => {
  const { dtype, device } = checkTensor(op, x);
  return { dtype, device, ...readOptions(op, options) };
};

/** Zeros of the shape, dtype and device of `x`. */
export const zerosLike = <S extends Shape>(x: Tensor<S>, options?: TensorOptions): Tensor<S> => {
  const o = like('zerosLike', x, options);
  return constant('zerosLike', x.shape, 0, o) as Tensor<S>;
};

/** Ones of the shape, dtype and device of `x`. */
export const onesLike = <S extends Shape>(x: Tensor<S>, options?: TensorOptions): Tensor<S> => {
  const o = like('onesLike', x, options);
  return constant('onesLike', x.shape, 1, o) as Tensor<S>;
};

/** `value` everywhere, in the shape, dtype and device of `x`. */
export const fullLike = <S extends Shape>(
  x: Tensor<S>,
  value: number,
  options?: TensorOptions,
): Tensor<S> => {
  const o = like('fullLike', x, options);
  return constant('fullLike', x.shape, value, o) as Tensor<S>;
};

/** The n×n identity matrix. */
export function eye<N extends number>(n: N, options?: TensorOptions): Tensor<readonly [N, N]>;
/** n×m, with ones on the main diagonal. */
export function eye<N extends number, M extends number>(
  n: N,
  m: M,
  options?: TensorOptions,
): Tensor<readonly [N, M]>;
export function eye(n: number, m?: number | TensorOptions, options?: TensorOptions): Tensor {
  const columns = typeof m === 'number' ? m : n;
  const o = readOptions('eye', typeof m === 'number' ? options : (m ?? options));
  return finish(ops.eye(n, columns, o.dtype) as Tensor, o);
}

/**
 * Numbers from 0 up to but not including `end`.
 *
 * @example
 * arange(3); // [0, 1, 2], float32
 */
export function arange(end: number, options?: TensorOptions): Tensor<readonly [number]>;
/** Numbers from `start` up to but not including `end`, by `step` (1 unless given). */
export function arange(
  start: number,
  end: number,
  options?: TensorOptions,
): Tensor<readonly [number]>;
export function arange(
  start: number,
  end: number,
  step: number,
  options?: TensorOptions,
): Tensor<readonly [number]>;
export function arange(...args: (number | TensorOptions | undefined)[]): Tensor<readonly [number]> {
  const given = args.filter((a) => a !== undefined);
  const last = given.at(-1);
  const o = readOptions('arange', typeof last === 'number' ? undefined : last);
  const numbers = typeof last === 'number' ? given : given.slice(0, -1);
  if (numbers.length === 0 || numbers.length > 3 || numbers.some((n) => typeof n !== 'number')) {
    throw new ValueError({
      op: 'arange',
      problem: 'takes an end, or a start, an end and a step, as numbers',
      remedy: 'write arange(end), arange(start, end) or arange(start, end, step)',
    });
  }
  const [first, end, step] = numbers as number[];
  const t =
    end === undefined ? ops.arange(0, first, 1, o.dtype) : ops.arange(first, end, step, o.dtype);
  return finish(t as Tensor, o) as Tensor<readonly [number]>;
}

/** `n` numbers from `start` to `end`, both included, evenly spaced. */
export function linspace<N extends number>(
  start: number,
  end: number,
  n: N,
  options?: TensorOptions,
): Tensor<readonly [N]> {
  const o = readOptions('linspace', options);
  return finish(ops.linspace(start, end, n, o.dtype) as Tensor, o) as Tensor as Tensor<
    readonly [N]
  >;
}

function cellOf(op: string, t: Tensor): Tensor {
  const source = checkTensor(op, t);
  const before = setGradMode(false);
  try {
    const cell = ops.copy(source) as Tensor;
    cell.cell = true;
    return cell;
  } finally {
    setGradMode(before);
  }
}

/**
 * A cell that optimisers train: a copy of `t` that requires a gradient and whose value is replaced
 * by `assign`. Modules find their parameters among their fields.
 *
 * Throws GraphError if `t` is not a float tensor.
 *
 * @example
 * const w = Parameter(randn([3, 2]));
 */
export function Parameter<S extends Shape>(t: Tensor<S>): Tensor<S> {
  const cell = cellOf('Parameter', t);
  cell.requiresGrad = true;
  return cell as Tensor<S>;
}

/**
 * A cell without a gradient, such as a running mean: a copy of `t` whose value is replaced by
 * `assign`.
 */
export const buffer = <S extends Shape>(t: Tensor<S>): Tensor<S> =>
  cellOf('buffer', t) as Tensor<S>;
