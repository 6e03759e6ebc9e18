/**
 * Lanes on AVX2 with FMA: sixteen registers of 32 bytes, VEX encodings alone. Truth values of lanes
 * are vectors too, of all bits or none in each lane. What AVX2 lacks for 8-byte integers is put
 * together, or goes lane by lane.
 */
import type { BinaryOp, Elem, KType, UnaryOp } from '../../kernel/index.ts';
import {
  compareScalars,
  minMax,
  repair,
  saturate,
  selectLanes,
  selectScalars,
  signBits,
} from './float-avx2.ts';
import { compareFloats } from './float-code.ts';
import type { IsaCode, Operands } from './isa-code.ts';
import { countingBytes, dq, ps } from './lanes.ts';
import { memUse, type RegUse } from './machine.ts';
import { bitsOfMask, load, spreadTruth, store } from './memory-avx2.ts';
import { loadImmediate } from './scalar-code.ts';
import { bytesOf, isFloat, type Of, type Selector } from './selector.ts';

const BITS = 256;

const vectorOf = (s: Selector, bits: number): RegUse => s.use(s.temp('vec', bits / 8), bits);

function zeroOf(s: Selector, bits: number): RegUse {
  const zero = vectorOf(s, bits);
  s.emit('vpxor', [zero, zero, zero], { foldable: -1 });
  return zero;
}

const invert = (s: Selector, d: RegUse, x: RegUse): void =>
  s.emit('vpxor', [d, x, s.lanesOf('i32', -1, d.bits)]);

/** Each 128-bit half by itself, then the halves that belong together. */
function zip(s: Selector, { dst, a, b, half }: Of<'zip'>): void {
  const kind = ps(dst.type.elem);
  const [low, high] = [vectorOf(s, BITS), vectorOf(s, BITS)];
  s.emit(`vunpckl${kind}`, [low, s.operand(a), s.operand(b)], { foldable: -1 });
  s.emit(`vunpckh${kind}`, [high, s.operand(a), s.operand(b)], { foldable: -1 });
  const halves = half === 'low' ? 0x20 : 0x31;
  s.emit('vperm2f128', [s.operand(dst), low, high, halves], { foldable: -1 });
}

/** Within each 128-bit half first, then the 64-bit quarters in their order. */
function unzip(s: Selector, { dst, a, b, part }: Of<'unzip'>): void {
  const wide = bytesOf(dst.type.elem) === 8;
  const mixed = vectorOf(s, BITS);
  if (wide) {
    const name = part === 'even' ? 'vunpcklpd' : 'vunpckhpd';
    s.emit(name, [mixed, s.operand(a), s.operand(b)], { foldable: -1 });
  } else {
    const lanes = part === 'even' ? 0b10_00_10_00 : 0b11_01_11_01;
    s.emit('vshufps', [mixed, s.operand(a), s.operand(b), lanes], { foldable: -1 });
  }
  s.emit('vpermpd', [s.operand(dst), mixed, 0b11_01_10_00], { foldable: -1 });
}

// ---- integers

function intUnary(s: Selector, fn: UnaryOp, elem: Elem, d: RegUse, x: RegUse): void {
  if (fn === 'not') return invert(s, d, x);
  if (fn === 'neg') return s.emit(`vpsub${dq(elem)}`, [d, zeroOf(s, d.bits), x]);
  if (fn !== 'abs') throw s.fail(`${fn} of ${elem}`);
  if (elem !== 'i64') return s.emit('vpabsd', [d, x]);
  const [sign, flipped] = [vectorOf(s, d.bits), vectorOf(s, d.bits)];
  s.emit('vpcmpgtq', [sign, zeroOf(s, d.bits), x]);
  s.emit('vpxor', [flipped, x, sign]);
  s.emit('vpsubq', [d, flipped, sign]);
}

function intBinary(s: Selector, fn: BinaryOp, elem: Elem, operands: Operands): void {
  const { d, a, b } = operands;
  switch (fn) {
    case 'mul':
      return elem === 'i64' ? multiply64(s, operands) : s.emit('vpmulld', [d, a, b]);
    case 'min':
    case 'max':
      return elem === 'i64' ? minMax64(s, fn, operands) : s.emit(`vp${fn}sd`, [d, a, b]);
    case 'mulhu':
      return highProduct(s, operands);
    case 'add':
    case 'sub':
      return s.emit(`vp${fn}${dq(elem)}`, [d, a, b]);
    case 'and':
    case 'or':
    case 'xor':
      return s.emit(`vp${fn}`, [d, a, b]);
    default:
      throw s.fail(`${fn} of ${elem}`);
  }
}

/** From products of 4-byte halves: low * low, and 2^32 times the sum of the crossed ones. */
function multiply64(s: Selector, { d, a, b }: Operands): void {
  const temp = () => vectorOf(s, d.bits);
  let y = b;
  if (y.kind === 'mem') {
    y = temp();
    s.emit('vmovdqu', [y, b]);
  }
  const [highA, highB, left, right] = [temp(), temp(), temp(), temp()];
  const [crossed, moved, low] = [temp(), temp(), temp()];
  s.emit('vpsrlq', [highA, a, 32], { foldable: -1 });
  s.emit('vpsrlq', [highB, y, 32], { foldable: -1 });
  s.emit('vpmuludq', [left, highA, y]);
  s.emit('vpmuludq', [right, highB, a]);
  s.emit('vpaddq', [crossed, left, right]);
  s.emit('vpsllq', [moved, crossed, 32], { foldable: -1 });
  s.emit('vpmuludq', [low, a, y]);
  s.emit('vpaddq', [d, low, moved]);
}

function minMax64(s: Selector, fn: 'min' | 'max', { d, a, b }: Operands): void {
  const larger = vectorOf(s, d.bits);
  s.emit('vpcmpgtq', [larger, a, b]);
  const [no, yes] = fn === 'max' ? [b, a] : [a, b];
  s.emit('vblendvpd', [d, no, yes, larger], { foldable: 2 });
}

/** The upper halves of the products of 4-byte lanes: even lanes, then odd ones. */
function highProduct(s: Selector, { d, a, b }: Operands): void {
  const temp = () => vectorOf(s, d.bits);
  const [even, odd, oddA, oddB, low] = [temp(), temp(), temp(), temp(), temp()];
  s.emit('vpmuludq', [even, a, b]);
  s.emit('vpsrlq', [oddA, a, 32], { foldable: -1 });
  s.emit('vpsrlq', [oddB, b, 32], { foldable: -1 });
  s.emit('vpmuludq', [odd, oddA, oddB]);
  s.emit('vpsrlq', [low, even, 32], { foldable: -1 });
  s.emit('vpblendd', [d, low, odd, 0b10101010]);
}

const SHIFTS = { shl: 'vpsll', shr: 'vpsrl', sar: 'vpsra' } as const;

function shift(s: Selector, { fn, dst, a, b }: Of<'binary'>): void {
  const { elem } = dst.type;
  const [d, x] = [s.operand(dst), s.operand(a)];
  const known = s.constant(b);
  let count: number | RegUse = Number(known);
  if (known === undefined) {
    count = s.use(s.temp('vec', 16), 128);
    s.emit('vmovd', [count, s.use(s.reg(b), 32)], { foldable: -1 });
  }
  const shifted = (name: string, to: RegUse, from: RegUse): void =>
    s.emit(`${name}${dq(elem)}`, [to, from, count], { foldable: -1 });
  if (fn !== 'sar' || elem !== 'i64') {
    return shifted(SHIFTS[fn as keyof typeof SHIFTS], d, x);
  }
  // Where x is negative its complement is shifted, and complemented again.
  const [sign, positive, result] = [vectorOf(s, BITS), vectorOf(s, BITS), vectorOf(s, BITS)];
  s.emit('vpcmpgtq', [sign, zeroOf(s, BITS), x]);
  s.emit('vpxor', [positive, x, sign]);
  shifted('vpsrl', result, positive);
  s.emit('vpxor', [d, result, sign]);
}

/** Through float64, where quotients of 32-bit integers truncate exactly; by 0 gives 0. */
function divide32(s: Selector, { fn, dst, a, b }: Of<'binary'>): void {
  const [x, y, d] = [s.operand(a), s.operand(b), s.operand(dst)];
  const quotients = [0, 1].map((part) => {
    const [xw, yw, qw, q] = [...[1, 2, 3].map(() => vectorOf(s, BITS)), vectorOf(s, 128)];
    for (const [from, to] of [
      [x, xw],
      [y, yw],
    ]) {
      const half = vectorOf(s, 128);
      s.emit('vextracti128', [half, from, part], { foldable: -1 });
      s.emit('vcvtdq2pd', [to, half], { foldable: -1 });
    }
    s.emit('vdivpd', [qw, xw, yw]);
    s.emit('vcvttpd2dq', [q, qw], { foldable: -1 });
    return q;
  });
  const [joined, byZero] = [vectorOf(s, BITS), vectorOf(s, BITS)];
  s.emit('vinserti128', [joined, s.use(quotients[0].reg, BITS), quotients[1], 1], { foldable: -1 });
  s.emit('vpcmpeqd', [byZero, y, zeroOf(s, BITS)]);
  if (fn === 'div') return s.emit('vpandn', [d, byZero, joined]);
  const [product, rest] = [vectorOf(s, BITS), vectorOf(s, BITS)];
  s.emit('vpmulld', [product, joined, y]);
  s.emit('vpsubd', [rest, x, product]);
  s.emit('vpandn', [d, byZero, rest]);
}

// ---- truth values

function maskNot(s: Selector, _: KType, d: RegUse, x: RegUse): void {
  invert(s, d, x);
}

const maskBinary: IsaCode['maskBinary'] = (s, fn, _, { d, a, b }) => s.emit(`vp${fn}`, [d, a, b]);

function compare(s: Selector, { fn, dst, a, b }: Of<'compare'>): void {
  const { elem } = a.type;
  const [d, x, y] = [s.operand(dst), s.operand(a), s.operand(b)];
  if (isFloat(elem)) return s.emit(`vcmp${ps(elem)}`, [d, x, y, compareFloats(fn)]);
  // There are = and >: the others exchange the operands, or are their contrary.
  const [left, right] = fn === 'lt' || fn === 'ge' ? [y, x] : [x, y];
  const name = `vpcmp${fn === 'eq' || fn === 'ne' ? 'eq' : 'gt'}${dq(elem)}`;
  if (fn === 'eq' || fn === 'gt' || fn === 'lt') return s.emit(name, [d, left, right]);
  const contrary = vectorOf(s, BITS);
  s.emit(name, [contrary, left, right]);
  invert(s, d, contrary);
}

function edge(s: Selector, { dst, count }: Of<'edge'>): void {
  const { lanes: n } = dst.type;
  const [most, clamped] = [s.temp('gp', 8), s.temp('gp', 8)];
  loadImmediate(s, most, 8, n);
  s.emit('cmp', [s.operand(count), n]);
  s.emit('cmovl', [s.use(clamped, 64), s.operand(count)], { tied: most });
  const elem = n > 4 ? 'i32' : 'i64';
  const [low, spread] = [vectorOf(s, 128), vectorOf(s, BITS)];
  s.emit(n > 4 ? 'vmovd' : 'vmovq', [low, s.use(clamped, n > 4 ? 32 : 64)], { foldable: -1 });
  s.emit(`vpbroadcast${dq(elem)}`, [spread, low], { foldable: -1 });
  const base = s.pooled(countingBytes(elem, n));
  s.emit(`vpcmpgt${dq(elem)}`, [s.operand(dst), spread, memUse(base, 0, BITS)]);
}

function extractTruth(s: Selector, { dst, a, lane }: Of<'extract'>): void {
  const all = bitsOfMask(s, s.operand(a), a.type.lanes);
  const shifted = s.temp('gp', 8);
  s.emit('shr', [s.use(shifted, 32), lane], { tied: all });
  s.emit('and', [s.operand(dst), 1], { tied: shifted });
}

// ---- conversions

function convert(s: Selector, { dst, a }: Of<'convert'>): void {
  const [from, to] = [a.type.elem, dst.type.elem];
  const [d, x] = [s.operand(dst), s.operand(a)];
  if (to === 'mask') {
    if (isFloat(from)) {
      return s.emit(`vcmp${ps(from)}`, [d, x, zeroOf(s, BITS), compareFloats('ne')]);
    }
    const zero = vectorOf(s, BITS);
    s.emit(`vpcmpeq${dq(from)}`, [zero, x, zeroOf(s, BITS)]);
    return invert(s, d, zero);
  }
  if (from === 'mask') {
    return s.emit('vandps', [d, x, s.lanesOf(to, isFloat(to) ? 1 : 1n, BITS)]);
  }
  if (bytesOf(from) !== bytesOf(to)) throw s.fail(`a conversion of ${from} lanes to ${to}`);
  if (from === 'i32') return s.emit('vcvtdq2ps', [d, x]);
  if (from === 'i64') {
    return s.emit('vmovaps', [d, eachLane(s, x, toFloat)], { foldable: -1 });
  }
  let raw = vectorOf(s, BITS);
  if (from === 'f32') s.emit('vcvttps2dq', [raw, x]);
  else raw = eachLane(s, x, toInteger);
  repair(s, from as 'f32' | 'f64', d, x, raw);
}

/** Each 8-byte lane by itself, as `make` turns it into what a general register holds. */
function eachLane(s: Selector, x: RegUse, make: (s: Selector, low: RegUse) => RegUse): RegUse {
  let result: RegUse | null = null;
  for (let lane = 0; lane < BITS / 64; lane++) {
    result = withLane(s, result, make(s, laneToBottom(s, x, lane, 8)), lane);
  }
  return result as RegUse;
}

function toInteger(s: Selector, low: RegUse): RegUse {
  const integer = s.use(s.temp('gp', 8), 64);
  s.emit('vcvttsd2si', [integer, low], { foldable: -1 });
  return integer;
}

function toFloat(s: Selector, low: RegUse): RegUse {
  const integer = s.use(s.temp('gp', 8), 64);
  s.emit('vmovq', [integer, low], { foldable: -1 });
  const [upper, float] = [zeroOf(s, 128), vectorOf(s, 128)];
  s.emit('vcvtsi2sd', [float, upper, integer], { foldable: -1 });
  return float;
}

/** A truth value or an integer that is not a constant. */
function splat(s: Selector, { dst, a }: Of<'splat'>): void {
  const { elem } = dst.type;
  const d = s.operand(dst);
  if (elem === 'mask') return spreadTruth(s, d, s.reg(a));
  const low = vectorOf(s, 128);
  s.emit(elem === 'i64' ? 'vmovq' : 'vmovd', [low, s.operand(a)], { foldable: -1 });
  s.emit(`vpbroadcast${dq(elem)}`, [d, low], { foldable: -1 });
}

// ---- lanes

function laneToBottom(s: Selector, a: RegUse, lane: number, bytes: number): RegUse {
  let half = s.use(a.reg, 128);
  const at = lane * bytes;
  if (at >= 16) {
    half = vectorOf(s, 128);
    s.emit('vextracti128', [half, a, 1], { foldable: -1 });
  }
  if (at % 16 === 0) return half;
  const moved = vectorOf(s, 128);
  s.emit('vpsrldq', [moved, half, at % 16], { foldable: -1 });
  return moved;
}

function withLane(s: Selector, lanes: RegUse | null, value: RegUse, lane: number): RegUse {
  let low = value;
  if (value.reg.class === 'gp') {
    low = vectorOf(s, 128);
    s.emit('vmovq', [low, value], { foldable: -1 });
  }
  const spread = vectorOf(s, BITS);
  s.emit('vpbroadcastq', [spread, low], { foldable: -1 });
  if (lanes === null) return spread;
  const next = vectorOf(s, BITS);
  s.emit('vpblendd', [next, lanes, spread, 0b11 << (2 * lane)]);
  return next;
}

export const AVX2: IsaCode = {
  isa: 'avx2',
  vectorBytes: 32,
  maskClass: 'vec',
  broadcasts: false,
  rounding: 'vround',
  minMax,
  signBits,
  compareFloats: compareScalars,
  selectFloat: selectScalars,
  saturate,
  maskNot,
  maskBinary,
  intUnary,
  intBinary,
  shift,
  divide32,
  compare,
  select: selectLanes,
  edge,
  convert,
  splat,
  extractTruth,
  load,
  store,
  laneToBottom,
  withLane,
  zip,
  unzip,
  upperHalf: () => 'vextractf128',
};
