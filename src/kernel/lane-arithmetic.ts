/**
 * What Kernel IR computes in one lane, in plain JavaScript: the definition that targets are tested
 * against. An i64 is a bigint, a mask 0 or 1, everything else a number. The bits of a NaN are not
 * defined.
 */
import { fma32, fma64 } from './fused.ts';
import type { BinaryOp, Elem, Predicate, UnaryOp } from './ir.ts';

export type LaneValue = number | bigint;

/** Brings a result into the range of `elem`: rounds floats, wraps integers. */
export function wrapTo(elem: Elem, value: LaneValue, indexBytes: 4 | 8): LaneValue {
  switch (elem) {
    case 'f32':
      return Math.fround(Number(value));
    case 'f64':
      return Number(value);
    case 'i32':
      return wrap32(value);
    case 'i64':
      return BigInt.asIntN(64, BigInt(value));
    case 'mask':
      return Number(value) === 0 ? 0 : 1;
    case 'index':
      if (indexBytes === 4) return wrap32(value);
      if (!Number.isSafeInteger(Number(value))) throw new RangeError(`index ${value} is unsafe`);
      return Number(value);
  }
}

const wrap32 = (value: LaneValue): number =>
  typeof value === 'bigint' ? Number(BigInt.asIntN(32, value)) : value | 0;

const isFloat = (elem: Elem): boolean => elem === 'f32' || elem === 'f64';

export function laneUnary(fn: UnaryOp, elem: Elem, a: LaneValue, indexBytes: 4 | 8): LaneValue {
  if (fn === 'not') return elem === 'mask' ? 1 - Number(a) : wrapTo(elem, ~big(a), indexBytes);
  if (typeof a === 'bigint') return BigInt.asIntN(64, fn === 'neg' || a < 0n ? -a : a);
  if (fn === 'nearest') return nearest(a);
  if (fn === 'neg') return wrapTo(elem, isFloat(elem) ? -a : 0 - a, indexBytes);
  return wrapTo(elem, Math[fn](a), indexBytes);
}

/** Half to even; a zero keeps the sign of what it came from. */
function nearest(x: number): number {
  const low = Math.floor(x);
  const above = x - low;
  if (!(Math.abs(x) < 2 ** 52)) return x;
  return above > 0.5 || (above === 0.5 && low % 2 !== 0) ? Math.ceil(x) : low;
}

export function laneBinary(
  fn: BinaryOp,
  elem: Elem,
  a: LaneValue,
  b: LaneValue,
  indexBytes: 4 | 8,
): LaneValue {
  const exact = isFloat(elem)
    ? floatBinary(fn, Number(a), Number(b))
    : integerBinary(fn, elem, big(a), big(b));
  return wrapTo(elem, exact, indexBytes);
}

function floatBinary(fn: BinaryOp, a: number, b: number): number {
  switch (fn) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
      return a / b;
    case 'min':
      return Math.min(a, b);
    case 'max':
      return Math.max(a, b);
    default:
      throw new Error(`${fn} is not defined on floats`);
  }
}

/** Exact before wrapping; i32 and masks are done in BigInt too. */
function integerBinary(fn: BinaryOp, elem: Elem, a: bigint, b: bigint): bigint {
  const width = elem === 'i64' ? 64 : 32;
  switch (fn) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
      return b === 0n ? 0n : a / b;
    case 'rem':
      return b === 0n ? 0n : a % b;
    case 'min':
      return a < b ? a : b;
    case 'max':
      return a > b ? a : b;
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    case 'mulhu':
      return (BigInt.asUintN(32, a) * BigInt.asUintN(32, b)) >> 32n;
    default:
      if (b < 0n || b >= BigInt(width)) throw new RangeError(`${fn} by ${b}`);
      if (fn === 'shl') return a << b;
      return (fn === 'shr' ? BigInt.asUintN(width, a) : a) >> b;
  }
}

export function laneFma(
  elem: Elem,
  fused: boolean,
  [a, b, c]: readonly LaneValue[],
  indexBytes: 4 | 8,
): LaneValue {
  if (fused && elem === 'f32') return fma32(Number(a), Number(b), Number(c));
  if (fused && elem === 'f64') return fma64(Number(a), Number(b), Number(c));
  return laneBinary('add', elem, laneBinary('mul', elem, a, b, indexBytes), c, indexBytes);
}

export function laneCompare(fn: Predicate, a: LaneValue, b: LaneValue): boolean {
  switch (fn) {
    case 'eq':
      return a === b;
    case 'ne':
      return a !== b;
    case 'lt':
      return a < b;
    case 'le':
      return a <= b;
    case 'gt':
      return a > b;
    case 'ge':
      return a >= b;
  }
}

export function laneConvert(from: Elem, to: Elem, a: LaneValue, indexBytes: 4 | 8): LaneValue {
  if (to === 'mask') return Number(a) === 0 ? 0 : 1;
  if (to === 'f32' && from === 'i64') return Math.fround(roundToOdd(big(a)));
  if (isFloat(to)) return wrapTo(to, Number(a), indexBytes);
  if (isFloat(from)) {
    const bits = to === 'i64' || (to === 'index' && indexBytes === 8) ? 64n : 32n;
    return wrapTo(to, saturate(Number(a), bits), indexBytes);
  }
  const width = to === 'i64' || (to === 'index' && indexBytes === 8) ? 64 : 32;
  return wrapTo(to, BigInt.asIntN(width, big(a)), indexBytes);
}

function saturate(x: number, bits: bigint): bigint {
  if (Number.isNaN(x)) return 0n;
  const limit = 1n << (bits - 1n);
  if (x >= Number(limit)) return limit - 1n;
  if (x <= -Number(limit)) return -limit;
  return BigInt(Math.trunc(x));
}

/** A float64 that rounds to the float32 nearest to `x`: no double rounding. */
function roundToOdd(x: bigint): number {
  if (BigInt(Number(x)) === x) return Number(x);
  const low = x & 1023n;
  return Number(low === 0n ? x : (x - low) | 1024n);
}

const scratch = new DataView(new ArrayBuffer(8));

export function laneBitcast(from: Elem, to: Elem, a: LaneValue): LaneValue {
  if (from === 'f32') scratch.setFloat32(0, Number(a));
  else if (from === 'f64') scratch.setFloat64(0, Number(a));
  else if (from === 'i32') scratch.setInt32(0, Number(a));
  else scratch.setBigInt64(0, big(a));
  if (to === 'f32') return scratch.getFloat32(0);
  if (to === 'f64') return scratch.getFloat64(0);
  return to === 'i32' ? scratch.getInt32(0) : scratch.getBigInt64(0);
}

const big = (x: LaneValue): bigint => BigInt(x);
