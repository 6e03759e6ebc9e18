/**
 * Element types: their sizes, their order in promotion, and the typed array that holds each.
 *
 * `float16`, `bfloat16` and the narrow integers join this table when a kernel can load them.
 */
import { DtypeError } from './errors/dtype-error.ts';

export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'bool';

/** A typed array that can hold the elements of a tensor (`bool` is one byte, 0 or 1). */
export type TypedArray = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

interface DTypeInfo {
  readonly bytes: number;
  /** 0 bool, 1 integer, 2 floating point: the category decides promotion first. */
  readonly category: 0 | 1 | 2;
  readonly array: {
    new (length: number): TypedArray;
    new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
  };
}

const INFO: Readonly<Record<DType, DTypeInfo>> = {
  bool: { bytes: 1, category: 0, array: Uint8Array },
  int32: { bytes: 4, category: 1, array: Int32Array },
  int64: { bytes: 8, category: 1, array: BigInt64Array },
  float32: { bytes: 4, category: 2, array: Float32Array },
  float64: { bytes: 8, category: 2, array: Float64Array },
};

export const DTYPES = Object.keys(INFO) as readonly DType[];

export function isDType(x: unknown): x is DType {
  return typeof x === 'string' && Object.hasOwn(INFO, x);
}

/** Returns `x` if it names a dtype, else throws a {@link DtypeError} that lists the known ones. */
export function checkDType(x: unknown, op: string): DType {
  if (isDType(x)) return x;
  throw new DtypeError({
    op,
    problem: `unknown dtype ${typeof x === 'string' ? `'${x}'` : String(x)}`,
    remedy: `use one of ${DTYPES.map((d) => `'${d}'`).join(', ')}`,
  });
}

export const bytesOf = (d: DType): number => INFO[d].bytes;
export const isFloat = (d: DType): boolean => INFO[d].category === 2;
export const isInt = (d: DType): boolean => INFO[d].category === 1;
export const arrayOf = (d: DType): DTypeInfo['array'] => INFO[d].array;

/**
 * The dtype that holds both: the higher category (bool < integer < float) wins, within a
 * category the wider. An integer with a float gives the float's dtype, as in PyTorch.
 */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  const ia = INFO[a];
  const ib = INFO[b];
  if (ia.category !== ib.category) return ia.category > ib.category ? a : b;
  return ia.bytes > ib.bytes ? a : b;
}
