/** NumPy's element types: which a tensor takes over, and how. */
import { type DType, given, type Shape } from '../../base/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { type ByteSource, damaged, unsupported } from '../bytes/byte-source.ts';
import { fromArray, tensorOf } from '../bytes/elements.ts';

/** How the elements of one type become a tensor's. */
export interface ElementType {
  readonly bytes: number;
  readonly dtype: DType;
  /** Widens elements of a type that no tensor has; none for those that stay as they are. */
  readonly widen?: (view: DataView, count: number) => Int32Array | BigInt64Array | Float32Array;
}

type Get = (view: DataView, offset: number) => number;

const toInt32 =
  (bytes: number, get: Get) =>
  (view: DataView, count: number): Int32Array =>
    Int32Array.from({ length: count }, (_, i) => get(view, i * bytes));

/**
 * What is narrower than a tensor's types widens, without loss, to the narrowest that holds it.
 * Everything is little-endian here.
 */
const TYPES: Readonly<Record<string, ElementType>> = {
  b1: { bytes: 1, dtype: 'bool' },
  i4: { bytes: 4, dtype: 'int32' },
  i8: { bytes: 8, dtype: 'int64' },
  f4: { bytes: 4, dtype: 'float32' },
  f8: { bytes: 8, dtype: 'float64' },
  i1: { bytes: 1, dtype: 'int32', widen: toInt32(1, (v, at) => v.getInt8(at)) },
  u1: { bytes: 1, dtype: 'int32', widen: toInt32(1, (v, at) => v.getUint8(at)) },
  i2: { bytes: 2, dtype: 'int32', widen: toInt32(2, (v, at) => v.getInt16(at, true)) },
  u2: { bytes: 2, dtype: 'int32', widen: toInt32(2, (v, at) => v.getUint16(at, true)) },
  u4: {
    bytes: 4,
    dtype: 'int64',
    widen: (view, count) =>
      BigInt64Array.from({ length: count }, (_, i) => BigInt(view.getUint32(i * 4, true))),
  },
  f2: {
    bytes: 2,
    dtype: 'float32',
    widen: (view, count) =>
      Float32Array.from({ length: count }, (_, i) => halfToNumber(view.getUint16(i * 2, true))),
  },
};

/** The number that the bits of an IEEE 754 binary16 stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** NumPy's word for a dtype, little-endian. */
export const DESCR_OF: Readonly<Record<DType, string>> = {
  bool: '|b1',
  int32: '<i4',
  int64: '<i8',
  float32: '<f4',
  float64: '<f8',
};

const REFUSED: Readonly<Record<string, readonly [string, string]>> = {
  O: ['Python objects, and they can run code when they are read', "save it with a number's dtype"],
  U: ['texts', 'save numbers'],
  S: ['texts', 'save numbers'],
  V: ['records', 'save each field as an array of its own'],
  c: ['complex numbers', 'save x.real and x.imag'],
  M: ['dates', "save x.astype('int64')"],
  m: ['spans of time', "save x.astype('int64')"],
  u: ['64-bit unsigned integers', "save x.astype('int64')"],
  f: ['floats of more than 64 bits', "save x.astype('float64')"],
};

/** The type that a header's `descr` tells of. Throws DtypeError, FormatError for nonsense. */
export function readDescr(
  source: ByteSource,
  descr: string,
): { readonly type: ElementType; readonly big: boolean } {
  const [, order, kind, digits] = /^([<>|=]?)([a-zA-Z?])(\d{0,6})(?:\[.*\])?$/.exec(descr) ?? [];
  const code = kind === '?' ? 'b1' : `${kind}${digits}`;
  if (Object.hasOwn(TYPES, code)) {
    return { type: TYPES[code], big: order === '>' };
  }
  const known =
    ['O', 'U', 'S', 'V', 'M', 'm'].includes(kind) || /^(c8|c16|c32|u8|f12|f16)$/.test(code);
  if (!known) throw damaged(source, `there is no dtype ${given(descr)} in NumPy`);
  const [what, remedy] = REFUSED[kind];
  throw unsupported(
    source,
    `its elements are ${what} (dtype ${given(descr)})`,
    `in NumPy ${remedy}`,
  );
}

/** The tensor of NumPy's bytes. */
export function tensorOfType(
  source: ByteSource,
  bytes: Uint8Array,
  type: ElementType,
  big: boolean,
  shape: Shape,
): Tensor {
  const own = big && type.bytes > 1 ? reversed(bytes, type.bytes) : bytes;
  if (type.widen === undefined) return tensorOf(source, 'the array', own, type.dtype, shape);
  const view = new DataView(own.buffer, own.byteOffset, own.byteLength);
  return fromArray(type.widen(view, own.length / type.bytes), type.dtype, shape);
}

/** Each group of `size` bytes the other way round. */
function reversed(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += size) {
    for (let j = 0; j < size; j++) out[i + j] = bytes[i + size - 1 - j];
  }
  return out;
}
