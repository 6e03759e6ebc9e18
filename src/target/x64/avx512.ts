/** Lanes on AVX-512: truth values in mask registers, operands broadcast from memory, masked moves. */
import type { BinaryOp, Elem, KType, Predicate, UnaryOp } from '../../kernel/index.ts';
import {
  compareScalars,
  minMax,
  saturate,
  saturateLanes,
  selectScalars,
  signBits,
} from './float-avx512.ts';
import { compareFloats } from './float-code.ts';
import type { IsaCode, Operands } from './isa-code.ts';
import { countingBytes, dq, ps } from './lanes.ts';
import { memUse, type RegUse } from './machine.ts';
import { loadImmediate } from './scalar-code.ts';
import { bitsOf, bytesOf, isFloat, type Of, type Selector } from './selector.ts';

/** Predicates of VPCMPD (Intel SDM). */
const INT_PREDICATES: Readonly<Record<Predicate, number>> = {
  eq: 0,
  lt: 1,
  le: 2,
  ne: 4,
  ge: 5,
  gt: 6,
};

/** The name of an instruction on masks of so many lanes. */
const onMask = (name: string, type: KType): string => `${name}${type.lanes > 8 ? 'w' : 'b'}`;

function zip(s: Selector, inst: Of<'zip'>): void {
  const n = inst.dst.type.lanes;
  const from = inst.half === 'low' ? 0 : n / 2;
  fromTwo(s, inst, (i) => from + (i >> 1) + (i % 2) * n);
}

function unzip(s: Selector, inst: Of<'unzip'>): void {
  const odd = inst.part === 'odd' ? 1 : 0;
  fromTwo(s, inst, (i) => 2 * i + odd);
}

/** By a table of which lane goes where; those of `b` count on from those of `a`. */
function fromTwo(
  s: Selector,
  { dst, a, b }: Of<'zip'> | Of<'unzip'>,
  source: (lane: number) => number,
): void {
  const { elem, lanes: n } = dst.type;
  const order = Array.from({ length: n }, (_, i) => source(i));
  const wide = bytesOf(elem) === 8;
  const table = wide ? BigInt64Array.from(order, BigInt) : Int32Array.from(order);
  const index = s.use(s.hoisted(new Uint8Array(table.buffer)), 512);
  const operands = [s.operand(dst), index, s.operand(b)];
  s.emit(`vpermt2${ps(elem)}`, operands, { tied: s.reg(a), foldable: -1 });
}

// ---- arithmetic

const maskNot: IsaCode['maskNot'] = (s, type, d, x) =>
  s.emit(onMask('knot', type), [d, x], { foldable: -1 });

const maskBinary: IsaCode['maskBinary'] = (s, fn, type, { d, a, b }) =>
  s.emit(onMask(`k${fn}`, type), [d, a, b], { foldable: -1 });

function intUnary(s: Selector, fn: UnaryOp, elem: Elem, d: RegUse, x: RegUse): void {
  if (fn === 'abs') return s.emit(`vpabs${dq(elem)}`, [d, x]);
  if (fn === 'not') return s.emit(`vpxor${dq(elem)}`, [d, x, s.broadcast(elem, -1)]);
  if (fn !== 'neg') throw s.fail(`${fn} of ${elem}`);
  const zero = s.use(s.temp('vec', d.bits / 8), d.bits);
  s.emit(`vpxor${dq(elem)}`, [zero, zero, zero], { foldable: -1 });
  s.emit(`vpsub${dq(elem)}`, [d, zero, x]);
}

function intBinary(s: Selector, fn: BinaryOp, elem: Elem, operands: Operands): void {
  const { d, a, b } = operands;
  switch (fn) {
    case 'mul':
      return s.emit(elem === 'i64' ? 'vpmullq' : 'vpmulld', [d, a, b]);
    case 'min':
    case 'max':
      return s.emit(`vp${fn}s${dq(elem)}`, [d, a, b]);
    case 'mulhu':
      return highProduct(s, operands);
    case 'add':
    case 'sub':
    case 'and':
    case 'or':
    case 'xor':
      return s.emit(`vp${fn}${dq(elem)}`, [d, a, b]);
    default:
      throw s.fail(`${fn} of ${elem}`);
  }
}

/** The upper halves of the products of 32-bit lanes: even lanes, then odd ones. */
function highProduct(s: Selector, { d, a, b }: Operands): void {
  const temp = () => s.use(s.temp('vec', d.bits / 8), d.bits);
  const [even, odd, oddA, oddB] = [temp(), temp(), temp(), temp()];
  const k = s.temp('k', 8);
  // Lanes of 64 bits: a constant of 32 cannot be broadcast from memory here.
  s.emit('vpmuludq', [even, a, b], { foldable: -1 });
  s.emit('vpsrlq', [oddA, a, 32], { foldable: -1 });
  s.emit('vpsrlq', [oddB, b, 32], { foldable: -1 });
  s.emit('vpmuludq', [odd, oddA, oddB]);
  const bits = s.temp('gp', 8);
  loadImmediate(s, bits, 4, 0xaaaa);
  s.emit('kmovw', [s.use(k, 64), s.use(bits, 32)], { foldable: -1 });
  const low = temp();
  s.emit('vpsrlq', [low, even, 32]);
  s.emit('vmovdqa32', [s.use(d.reg, d.bits, k), odd], { tied: low.reg, foldable: -1 });
}

const SHIFTS = { shl: 'vpsll', shr: 'vpsrl', sar: 'vpsra' } as const;

function shift(s: Selector, { fn, dst, a, b }: Of<'binary'>): void {
  const name = `${SHIFTS[fn as keyof typeof SHIFTS]}${dq(dst.type.elem)}`;
  const known = s.constant(b);
  if (known !== undefined) return s.emit(name, [s.operand(dst), s.operand(a), Number(known)]);
  const count = s.use(s.temp('vec', 16), 128);
  s.emit('vmovd', [count, s.use(s.reg(b), 32)], { foldable: -1 });
  s.emit(name, [s.operand(dst), s.operand(a), count], { foldable: -1 });
}

/** Through float64, where quotients of 32-bit integers truncate exactly; by 0 gives 0. */
function divide32(s: Selector, { fn, dst, a, b }: Of<'binary'>): void {
  const [x, y, d] = [s.operand(a), s.operand(b), s.operand(dst)];
  const half = () => s.use(s.temp('vec', 32), 256);
  const wide = () => s.use(s.temp('vec', 64), 512);
  if (d.bits !== 512) throw s.fail('integer division of narrow vectors');
  const quotients = [0, 1].map((part) => {
    const [xh, yh, xw, yw, qw, q] = [half(), half(), wide(), wide(), wide(), half()];
    s.emit('vextracti64x4', [xh, x, part], { foldable: -1 });
    s.emit('vextracti64x4', [yh, y, part], { foldable: -1 });
    s.emit('vcvtdq2pd', [xw, xh], { foldable: -1 });
    s.emit('vcvtdq2pd', [yw, yh], { foldable: -1 });
    s.emit('vdivpd', [qw, xw, yw]);
    s.emit('vcvttpd2dq', [q, qw], { foldable: -1 });
    return q;
  });
  const [joined, nonzero] = [wide(), s.temp('k', 8)];
  s.emit('vinserti64x4', [joined, s.use(quotients[0].reg, 512), quotients[1], 1], { foldable: -1 });
  s.emit('vptestmd', [s.use(nonzero, 64), y, y], { foldable: -1 });
  if (fn === 'div') {
    return s.emit('vmovdqa32', [s.use(d.reg, 512, nonzero, true), joined], { foldable: -1 });
  }
  const product = wide();
  s.emit('vpmulld', [product, joined, y]);
  s.emit('vpsubd', [s.use(d.reg, 512, nonzero, true), x, product], { foldable: -1 });
}

// ---- truth values

function compare(s: Selector, { fn, dst, a, b }: Of<'compare'>): void {
  const { elem } = a.type;
  const operands = [s.operand(dst), s.operand(a), s.operand(b)];
  if (isFloat(elem)) return s.emit(`vcmp${ps(elem)}`, [...operands, compareFloats(fn)]);
  s.emit(`vpcmp${dq(elem)}`, [...operands, INT_PREDICATES[fn]]);
}

function select(s: Selector, { dst, mask, a, b }: Of<'select'>): void {
  const { type } = dst;
  const m = s.operand(mask);
  if (type.elem === 'mask') {
    const [yes, no] = [s.use(s.temp('k', 8), 64), s.use(s.temp('k', 8), 64)];
    s.emit(onMask('kand', type), [yes, m, s.operand(a)], { foldable: -1 });
    s.emit(onMask('kandn', type), [no, m, s.operand(b)], { foldable: -1 });
    return s.emit(onMask('kor', type), [s.operand(dst), yes, no], { foldable: -1 });
  }
  const d = s.operand(dst);
  const blend = `vpblendm${dq(type.elem)}`;
  s.emit(blend, [s.use(d.reg, d.bits, m.reg), s.operand(b), s.operand(a)]);
}

function edge(s: Selector, { dst, count }: Of<'edge'>): void {
  const { lanes: n } = dst.type;
  const [most, clamped] = [s.temp('gp', 8), s.temp('gp', 8)];
  loadImmediate(s, most, 8, n);
  s.emit('cmp', [s.operand(count), n]);
  s.emit('cmovl', [s.use(clamped, 64), s.operand(count)], { tied: most });
  const spread = s.use(s.temp('vec', 64), 512);
  const elem = n > 8 ? 'i32' : 'i64';
  s.emit(n > 8 ? 'vpbroadcastd' : 'vpbroadcastq', [spread, s.use(clamped, n > 8 ? 32 : 64)], {
    foldable: -1,
  });
  const numbers = memUse(s.pooled(countingBytes(elem, n)), 0, 512);
  s.emit(`vpcmp${dq(elem)}`, [s.operand(dst), spread, numbers, INT_PREDICATES.gt]);
}

// ---- conversions

function convert(s: Selector, { dst, a }: Of<'convert'>): void {
  const [from, to] = [a.type.elem, dst.type.elem];
  const [d, x] = [s.operand(dst), s.operand(a)];
  if (to === 'mask') {
    if (!isFloat(from)) return s.emit(`vptestm${dq(from)}`, [d, x, x], { foldable: -1 });
    return s.emit(`vcmp${ps(from)}`, [d, x, s.broadcast(from, 0), compareFloats('ne')]);
  }
  if (from === 'mask') {
    const one = s.pooledElement(to, isFloat(to) ? 1 : 1n);
    return s.emit(`vpbroadcast${dq(to)}`, [s.use(d.reg, d.bits, x.reg, true), one]);
  }
  if (bytesOf(from) !== bytesOf(to)) throw s.fail(`a conversion of ${from} lanes to ${to}`);
  if (isFloat(from)) return saturateLanes(s, from, d, x);
  s.emit(from === 'i64' ? 'vcvtqq2pd' : 'vcvtdq2ps', [d, x]);
}

/** A truth value or an integer that is not a constant. */
function splat(s: Selector, { dst, a }: Of<'splat'>): void {
  const { elem } = dst.type;
  const d = s.operand(dst);
  if (elem !== 'mask') {
    return s.emit(`vpbroadcast${dq(elem)}`, [d, s.operand(a)], { foldable: -1 });
  }
  const spread = s.temp('gp', 8);
  s.emit('neg', [s.use(spread, 32)], { tied: s.reg(a) });
  s.emit('kmovd', [d, s.use(spread, 32)], { foldable: -1 });
}

function extractTruth(s: Selector, { dst, a, lane }: Of<'extract'>): void {
  const all = s.temp('gp', 8);
  s.emit('kmovw', [s.use(all, 32), s.operand(a)], { foldable: -1 });
  const shifted = s.temp('gp', 8);
  s.emit('shr', [s.use(shifted, 32), lane], { tied: all });
  s.emit('and', [s.operand(dst), 1], { tied: shifted });
}

/** One lane at the bottom of an xmm register. */
function laneToBottom(s: Selector, a: RegUse, lane: number, bytes: number): RegUse {
  if (lane === 0) return s.use(a.reg, 128);
  const moved = s.temp('vec', a.bits / 8);
  const name = bytes === 8 ? 'valignq' : 'valignd';
  s.emit(name, [s.use(moved, a.bits), a, a, lane], { foldable: -1 });
  return s.use(moved, 128);
}

/** Replaces an 8-byte lane by what a general register holds. */
function withLane(s: Selector, lanes: RegUse | null, value: RegUse, lane: number): RegUse {
  const spread = s.use(s.temp('vec', 64), 512);
  s.emit('vpbroadcastq', [spread, value], { foldable: -1 });
  if (lanes === null) return spread;
  const [bit, k] = [s.temp('gp', 8), s.temp('k', 8)];
  loadImmediate(s, bit, 4, 1 << lane);
  s.emit('kmovw', [s.use(k, 64), s.use(bit, 32)], { foldable: -1 });
  const next = s.temp('vec', 64);
  s.emit('vmovdqa64', [s.use(next, 512, k), spread], { tied: lanes.reg, foldable: -1 });
  return s.use(next, 512);
}

// ---- memory

function load(s: Selector, inst: Of<'load'>): void {
  const { dst, mem, addr, mask } = inst;
  const { elem, lanes: n } = dst.type;
  const guard = mask === undefined ? undefined : s.reg(mask);
  if (mem === 'u8') return loadTruth(s, inst);
  const d = s.operand(dst);
  const target = guard === undefined ? d : s.use(d.reg, d.bits, guard, true);
  if (inst.splat) {
    const name = isFloat(elem)
      ? `vbroadcast${bytesOf(elem) === 8 ? 'sd' : 'ss'}`
      : `vpbroadcast${dq(elem)}`;
    return s.emit(name, [target, s.address(addr, 8 * bytesOf(elem))]);
  }
  if (n * bytesOf(elem) !== 64) throw s.fail(`a vector of ${n} ${elem} lanes`);
  const name = isFloat(elem) ? `vmovu${ps(elem)}` : bytesOf(elem) === 8 ? 'vmovdqu64' : 'vmovdqu32';
  s.emit(name, [target, s.address(addr, bitsOf(dst.type))]);
}

function loadTruth(s: Selector, { dst, addr, mask, splat: one }: Of<'load'>): void {
  const { lanes: n } = dst.type;
  if (one) {
    const [byte, wide] = [s.temp('gp', 8), s.temp('gp', 8)];
    const spread = s.temp('gp', 8);
    s.emit('cmp', [s.address(addr, 8), 0]);
    s.emit('setne', [s.use(byte, 8)]);
    s.emit('movzx', [s.use(wide, 32), s.use(byte, 8)], { foldable: -1 });
    s.emit('neg', [s.use(spread, 32)], { tied: wide });
    if (mask !== undefined) throw s.fail('a masked load of one truth value');
    return s.emit('kmovd', [s.operand(dst), s.use(spread, 32)], { foldable: -1 });
  }
  const bytes = s.temp('vec', 16);
  if (mask !== undefined) {
    const to = s.use(bytes, 128, s.reg(mask), true);
    s.emit('vmovdqu8', [to, s.address(addr, 128)]);
  } else if (n === 16) s.emit('vmovdqu8', [s.use(bytes, 128), s.address(addr, 128)]);
  else s.emit('vmovq', [s.use(bytes, 128), s.address(addr, 64)]);
  s.emit('vptestmb', [s.operand(dst), s.use(bytes, 128), s.use(bytes, 128)], { foldable: -1 });
}

function store(s: Selector, { mem, addr, value, mask, stream }: Of<'store'>): void {
  const { elem, lanes: n } = value.type;
  const guard = mask === undefined ? undefined : s.reg(mask);
  if (mem === 'u8') {
    const bytes = s.temp('vec', 16);
    const ones = s.pooled(new Uint8Array(16).fill(1));
    const v = s.reg(value);
    s.emit('vmovdqu8', [s.use(bytes, 128, v, true), memUse(ones, 0, 128)]);
    if (mask === undefined && n === 8) {
      return s.emit('vmovq', [s.address(addr, 64), s.use(bytes, 128)]);
    }
    return s.emit('vmovdqu8', [s.address(addr, 128, false, guard), s.use(bytes, 128)]);
  }
  if (stream) return s.stream(s.address(addr, bitsOf(value.type)), s.operand(value));
  const name = isFloat(elem) ? `vmovu${ps(elem)}` : bytesOf(elem) === 8 ? 'vmovdqu64' : 'vmovdqu32';
  s.emit(name, [s.address(addr, bitsOf(value.type), false, guard), s.operand(value)]);
}

export const AVX512: IsaCode = {
  isa: 'avx512',
  vectorBytes: 64,
  maskClass: 'k',
  broadcasts: true,
  rounding: 'vrndscale',
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
  select,
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
  upperHalf: (bits) => (bits === 256 ? 'vextractf64x4' : 'vextractf32x4'),
};
