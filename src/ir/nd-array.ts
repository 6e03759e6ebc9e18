/** Dense arrays of the reference interpreter: float64 for every dtype but int64 (BigInt). */
import { contiguousStrides, type DType, numelOf, type Shape } from '../base/index.ts';

export interface NdArray {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Row-major. `bool` holds 0 and 1; int64 alone is a BigInt64Array. */
  readonly data: Float64Array | BigInt64Array;
}

export function ndZeros(shape: Shape, dtype: DType): NdArray {
  const n = numelOf(shape);
  return { shape, dtype, data: dtype === 'int64' ? new BigInt64Array(n) : new Float64Array(n) };
}

/** Stores a number or BigInt as the array's dtype does: bool 0/1, integers wrapping. */
export function setElement(a: NdArray, at: number, y: number | bigint | boolean): void {
  if (a.dtype === 'int64') {
    const v =
      typeof y === 'bigint' ? y : BigInt(Number.isFinite(Number(y)) ? Math.trunc(Number(y)) : 0);
    (a.data as BigInt64Array)[at] = BigInt.asIntN(64, v);
  } else if (a.dtype === 'bool') a.data[at] = Number(y) === 0 ? 0 : 1;
  else if (a.dtype === 'int32') {
    a.data[at] = typeof y === 'bigint' ? Number(BigInt.asIntN(32, y)) : Number(y) | 0;
  } else a.data[at] = Number(y);
}

/** Visits every index of `shape` in order, with the offset into each operand of given strides. */
export function forEachIndex(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (at: number, offsets: readonly number[], index: readonly number[]) => void,
): void {
  const n = numelOf(shape);
  const index = shape.map(() => 0);
  const offsets = strides.map(() => 0);
  for (let at = 0; at < n; at++) {
    visit(at, offsets, index);
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]++;
      for (let i = 0; i < strides.length; i++) offsets[i] += strides[i][d];
      if (index[d] < shape[d]) break;
      for (let i = 0; i < strides.length; i++) offsets[i] -= strides[i][d] * shape[d];
      index[d] = 0;
    }
  }
}

/** out[index] = x[from(index)], element by element: the reference of everything that moves data. */
export function moveElements(
  x: NdArray,
  shape: Shape,
  from: (index: readonly number[]) => readonly number[],
): NdArray {
  const out = ndZeros(shape, x.dtype);
  const strides = contiguousStrides(x.shape);
  forEachIndex(shape, [], (at, _, index) => {
    out.data[at] = x.data[from(index).reduce((sum, k, d) => sum + k * strides[d], 0)];
  });
  return out;
}
