/**
 * Machine code for scalars. Addresses, integers and truth values (0 or 1) lie in general registers,
 * floats in the lowest lane of vector registers.
 */
import type { BinaryOp, Elem, Predicate, Reg, UnaryOp } from '../../kernel/index.ts';
import { ARG_PARAMS } from './abi.ts';
import { compareFloats } from './float-code.ts';
import { type Condition, type MInst, memUse, type VReg } from './machine.ts';
import {
  bytesOf,
  instOf,
  isFloat,
  isInt32,
  type Of,
  type Selector,
  type Simple,
} from './selector.ts';

export const ss = (elem: Elem): 'ss' | 'sd' => (elem === 'f64' ? 'sd' : 'ss');

const CONDITIONS: Readonly<Record<Predicate, Condition>> = {
  eq: 'e',
  ne: 'ne',
  lt: 'l',
  le: 'le',
  gt: 'g',
  ge: 'ge',
};

const ROUNDINGS: Partial<Record<UnaryOp, number>> = { nearest: 8, floor: 9, ceil: 10, trunc: 11 };

/** The most frequent first: cases are looked at in turn. */
export function selectScalar(s: Selector, inst: Simple): void {
  switch (inst.op) {
    case 'binary':
      return isFloat(inst.dst.type.elem) ? floatBinary(s, inst) : intBinary(s, inst);
    case 'param':
      return param(s, inst);
    case 'const':
      return constant(s, inst);
    case 'load':
      return load(s, inst);
    case 'store':
      return store(s, inst);
    case 'prefetch':
      return s.emit('prefetcht0', [s.address(inst.addr, 8)]);
    case 'compare':
      return compare(s, inst);
    case 'fma':
      return isFloat(inst.dst.type.elem) ? fma(s, inst, ss(inst.dst.type.elem)) : intFma(s, inst);
    case 'convert':
      return convert(s, inst);
    case 'bitcast':
      return bitcast(s, inst);
    case 'select':
      return choose(s, inst);
    case 'tile':
      return s.emit('mov', [s.operand(inst.dst), memUse(inst.which, 0, 64)]);
    case 'unary':
      return isFloat(inst.dst.type.elem) ? floatUnary(s, inst) : intUnary(s, inst);
    case 'splat':
      return move(s, inst.dst, inst.a);
    default:
      throw s.fail(`a scalar ${inst.op}`);
  }
}

/** What sets the flags for a branch on a truth value, and the condition that then holds. */
export function scalarTest(s: Selector, cond: Reg): { test: MInst; holds: Condition } {
  const inst = s.definition(cond);
  if (inst?.op === 'compare' && s.isFolded(cond)) {
    return { test: compareInts(s, inst), holds: CONDITIONS[inst.fn] };
  }
  const r = s.use(s.reg(cond), 32);
  return { test: instOf('test', [r, r], { foldable: -1 }), holds: 'ne' };
}

function compareInts(s: Selector, inst: Of<'compare'>): MInst {
  const b = s.constant(inst.b);
  return instOf('cmp', [
    s.operand(inst.a),
    b !== undefined && isInt32(b) ? Number(b) : s.operand(inst.b),
  ]);
}

/** One of the same kind. */
export function move(s: Selector, dst: Reg, a: Reg): void {
  const v = s.reg(dst);
  if (v.class === 'gp') s.emit('mov', [s.use(v, 64), s.use(s.reg(a), 64)]);
  else if (v.class === 'k') s.emit('kmovq', [s.operand(dst), s.operand(a)]);
  else s.emit('vmovaps', [s.operand(dst), s.operand(a)], { foldable: -1 });
}

// ---- constants and arguments

function constant(s: Selector, { dst, value }: Of<'const'>): void {
  const { elem } = dst.type;
  if (!isFloat(elem)) return loadImmediate(s, s.reg(dst), bytesOf(elem), value);
  const x = s.operand(dst);
  s.emit(`vmov${ss(elem)}`, [x, s.pooledElement(elem, value)]);
}

export function loadImmediate(s: Selector, v: VReg, bytes: 4 | 8, value: number | bigint): void {
  const n = BigInt(value);
  // 32-bit moves clear the upper half.
  const short = bytes === 4 || (n >= 0n && n < 1n << 32n);
  const small = short && bytes === 4 ? Number(BigInt.asIntN(32, n)) : n;
  s.emit('mov', [s.use(v, short ? 32 : 64), isInt32(small) ? Number(small) : small]);
}

function param(s: Selector, { dst, slot, from }: Of<'param'>): void {
  const { elem } = dst.type;
  const disp = 8 * (ARG_PARAMS + slot);
  const index = from === undefined ? undefined : s.reg(from);
  const at = (bits: 32 | 64) => memUse('args', disp, bits, index, 8);
  if (isFloat(elem)) s.emit(`vmov${ss(elem)}`, [s.operand(dst), at(elem === 'f64' ? 64 : 32)]);
  else if (elem === 'index') s.emit('vcvttsd2si', [s.operand(dst), at(64)]);
  else if (bytesOf(elem) === 8) s.emit('mov', [s.operand(dst), at(64)]);
  else s.emit('mov', [s.operand(dst), at(32)]);
}

// ---- integers

function intUnary(s: Selector, { fn, dst, a }: Of<'unary'>): void {
  const [d, x] = [s.operand(dst), s.operand(a)];
  if (fn === 'not' && dst.type.elem === 'mask') return s.emit('xor', [d, 1], { tied: x.reg });
  if (fn === 'not' || fn === 'neg') return s.emit(fn, [d], { tied: x.reg });
  if (fn !== 'abs') throw s.fail(`${fn} of ${dst.type.elem}`);
  const negated = s.use(s.temp('gp', 8), d.bits);
  s.emit('neg', [negated], { tied: x.reg });
  s.emit('cmovs', [d, x], { tied: negated.reg });
}

const TIED: Partial<Record<BinaryOp, string>> = {
  sub: 'sub',
  and: 'and',
  or: 'or',
  xor: 'xor',
};

function intBinary(s: Selector, { fn, dst, a, b }: Of<'binary'>): void {
  const d = s.operand(dst);
  const x = s.operand(a);
  const value = s.constant(b);
  const small = value !== undefined && isInt32(value) ? Number(value) : undefined;
  if (fn === 'add') {
    return s.emit('lea', [
      d,
      small === undefined ? memUse(x.reg, 0, 64, s.reg(b)) : memUse(x.reg, small, 64),
    ]);
  }
  if (fn === 'sub' && small !== undefined && small !== -(2 ** 31)) {
    return s.emit('lea', [d, memUse(x.reg, -small, 64)]);
  }
  const tied = TIED[fn];
  if (tied !== undefined) return s.emit(tied, [d, small ?? s.operand(b)], { tied: x.reg });
  switch (fn) {
    case 'mul':
      if (small !== undefined) return s.emit('imul', [d, x, small], { foldable: 1 });
      return s.emit('imul', [d, s.operand(b)], { tied: x.reg });
    case 'min':
    case 'max':
      s.emit('cmp', [x, s.operand(b)]);
      return s.emit(fn === 'min' ? 'cmovg' : 'cmovl', [d, s.operand(b)], { tied: x.reg });
    case 'shl':
    case 'shr':
    case 'sar':
      if (small !== undefined) return s.emit(fn, [d, small], { tied: x.reg });
      return s.emit(`${fn}x`, [d, x, s.use(s.reg(b), d.bits)], { foldable: 1 });
    case 'mulhu':
      return highProduct(s, dst, a, b);
    default:
      return divide(s, fn === 'div', dst, a, b);
  }
}

function highProduct(s: Selector, dst: Reg, a: Reg, b: Reg): void {
  const [x, y, p] = [s.temp('gp', 8), s.temp('gp', 8), s.temp('gp', 8)];
  s.emit('mov', [s.use(x, 32), s.operand(a)]); // clears the upper half
  s.emit('mov', [s.use(y, 32), s.operand(b)]);
  s.emit('imul', [s.use(p, 64), s.use(y, 64)], { tied: x });
  s.emit('shr', [s.use(s.reg(dst), 64), 32], { tied: p });
}

/** The total division of Gradus; `emit.ts` writes out the cases. */
export function divide(s: Selector, quotient: boolean, dst: Reg, a: Reg, b: Reg): void {
  const d = s.operand(dst);
  const divisor = s.use(s.temp('gp', 8), d.bits); // not an immediate
  s.emit('mov', [divisor, s.operand(b)]);
  s.emit(quotient ? 'divide' : 'remainder', [d, s.operand(a), divisor], {
    foldable: -1,
    parts: true,
  });
}

function intFma(s: Selector, { dst, a, b, c }: Of<'fma'>): void {
  const product = s.use(s.temp('gp', 8), s.operand(dst).bits);
  s.emit('imul', [product, s.operand(b)], { tied: s.reg(a) });
  s.emit('add', [s.operand(dst), s.operand(c)], { tied: product.reg });
}

// ---- floats

function floatUnary(s: Selector, { fn, dst, a }: Of<'unary'>): void {
  const { elem } = dst.type;
  const [d, x] = [s.operand(dst), s.operand(a)];
  const rounding = ROUNDINGS[fn];
  if (fn === 'sqrt') return s.emit(`vsqrt${ss(elem)}`, [d, x, x], { foldable: -1 });
  if (rounding !== undefined) {
    return s.emit(`${s.isa.rounding}${ss(elem)}`, [d, x, x, rounding], { foldable: -1 });
  }
  if (fn === 'neg' || fn === 'abs') return s.isa.signBits(s, fn, elem, d, x);
  throw s.fail(`${fn} of ${elem}`);
}

function floatBinary(s: Selector, inst: Of<'binary'>): void {
  const { fn, dst, a, b } = inst;
  const { elem } = dst.type;
  if (fn === 'min' || fn === 'max') return floatMinMax(s, inst, ss(elem));
  if (fn !== 'add' && fn !== 'sub' && fn !== 'mul' && fn !== 'div') {
    throw s.fail(`${fn} of ${elem}`);
  }
  const [x, y] = s.isFolded(a) ? [b, a] : [a, b];
  s.emit(`v${fn}${ss(elem)}`, [s.operand(dst), s.operand(x), s.memoryOperand(y)]);
}

/** Of one lane or many; a constant comes second. */
export function floatMinMax(s: Selector, inst: Of<'binary'>, suffix: string): void {
  const { fn, dst } = inst;
  const swap = s.splatConstant(inst.b) === undefined && s.splatConstant(inst.a) !== undefined;
  const [a, b] = swap ? [inst.b, inst.a] : [inst.a, inst.b];
  const known = s.splatConstant(b);
  const operands = { d: s.operand(dst), a: s.operand(a), b: s.operand(b) };
  s.isa.minMax(s, fn as 'min' | 'max', suffix, operands, known as number | undefined);
}

/** a * b + c into c's register if c ends here, else into that of a factor. */
export function fma(s: Selector, { dst, a, b, c }: Of<'fma'>, suffix: string): void {
  const [x, y] = s.isFolded(a) ? [b, a] : [a, b];
  const d = s.operand(dst);
  const tieFactor = !s.diesHere(c) && !s.isFolded(y);
  if (tieFactor && s.diesHere(x)) {
    return s.emit(`vfmadd213${suffix}`, [d, s.operand(y), s.operand(c)], { tied: s.reg(x) });
  }
  if (tieFactor && s.diesHere(y)) {
    return s.emit(`vfmadd213${suffix}`, [d, s.operand(x), s.operand(c)], { tied: s.reg(y) });
  }
  s.emit(`vfmadd231${suffix}`, [d, s.operand(x), s.memoryOperand(y)], { tied: s.reg(c) });
}

// ---- truth values

function compare(s: Selector, inst: Of<'compare'>): void {
  const { elem } = inst.a.type;
  const d = s.reg(inst.dst);
  if (isFloat(elem)) {
    const [a, b] = [s.operand(inst.a), s.operand(inst.b)];
    return s.isa.compareFloats(s, d, ss(elem), a, b, compareFloats(inst.fn));
  }
  s.push(compareInts(s, inst));
  setFlag(s, d, CONDITIONS[inst.fn]);
}

/** 1 if the condition holds, else 0. */
function setFlag(s: Selector, d: VReg, condition: Condition): void {
  const byte = s.use(s.temp('gp', 8), 8);
  s.emit(`set${condition}`, [byte]);
  s.emit('movzx', [s.use(d, 32), byte], { foldable: -1 });
}

function choose(s: Selector, inst: Of<'select'>): void {
  const { dst, mask, a, b } = inst;
  if (isFloat(dst.type.elem)) return s.isa.selectFloat(s, inst);
  const m = s.use(s.reg(mask), 32);
  s.emit('test', [m, m], { foldable: -1 });
  s.emit('cmovne', [s.operand(dst), s.operand(a)], { tied: s.reg(b) });
}

// ---- conversions

function convert(s: Selector, { dst, a }: Of<'convert'>): void {
  const [from, to] = [a.type.elem, dst.type.elem];
  if (to === 'mask') return toMask(s, dst, a);
  if (isFloat(from) && isFloat(to)) {
    const name = to === 'f64' ? 'vcvtss2sd' : 'vcvtsd2ss';
    return s.emit(name, [s.operand(dst), s.operand(a), s.operand(a)], { foldable: -1 });
  }
  if (isFloat(from)) return s.isa.saturate(s, dst, a);
  if (isFloat(to)) {
    const d = s.operand(dst);
    s.emit('vxorps', [d, d, d], { foldable: -1 }); // the upper lanes are taken from it
    return s.emit(`vcvtsi2${ss(to)}`, [d, d, s.operand(a)], { tied: d.reg, foldable: -1 });
  }
  const widens = bytesOf(to) === 8 && from === 'i32';
  if (widens) return s.emit('movsxd', [s.operand(dst), s.operand(a)], { foldable: -1 });
  // Truth values have a clear upper half; narrowing drops it.
  const bits = bytesOf(from) === 8 && bytesOf(to) === 8 ? 64 : 32;
  s.emit('mov', [s.use(s.reg(dst), bits), s.use(s.reg(a), bits)], { foldable: -1 });
}

function toMask(s: Selector, dst: Reg, a: Reg): void {
  const { elem } = a.type;
  if (isFloat(elem)) {
    const zero = s.pooledElement(elem, 0);
    return s.isa.compareFloats(s, s.reg(dst), ss(elem), s.operand(a), zero, compareFloats('ne'));
  }
  const x = s.operand(a);
  s.emit('test', [x, x], { foldable: -1 });
  setFlag(s, s.reg(dst), 'ne');
}

function bitcast(s: Selector, { dst, a }: Of<'bitcast'>): void {
  const name = bytesOf(dst.type.elem) === 8 ? 'vmovq' : 'vmovd';
  s.emit(name, [s.operand(dst), s.operand(a)], { foldable: -1 });
}

// ---- memory

function load(s: Selector, { dst, mem, addr }: Of<'load'>): void {
  const { elem } = dst.type;
  if (mem === 'u8') {
    s.emit('cmp', [s.address(addr, 8), 0]);
    return setFlag(s, s.reg(dst), 'ne');
  }
  const bits = 8 * bytesOf(elem);
  s.emit(isFloat(elem) ? `vmov${ss(elem)}` : 'mov', [s.operand(dst), s.address(addr, bits)]);
}

function store(s: Selector, { mem, addr, value }: Of<'store'>): void {
  const { elem } = value.type;
  if (mem === 'u8') {
    return s.emit('mov', [s.address(addr, 8), s.use(s.reg(value), 8)], { reads: true });
  }
  const at = s.address(addr, 8 * bytesOf(elem));
  if (isFloat(elem)) return s.emit(`vmov${ss(elem)}`, [at, s.operand(value)]);
  const known = s.constant(value);
  const small = known !== undefined && isInt32(known) ? Number(known) : undefined;
  s.emit('mov', [at, small ?? s.operand(value)]);
}
