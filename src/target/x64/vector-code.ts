/** Machine code for vectors: what all ISA classes share. The rest is their own, see `isa-code.ts`. */
import type { BinaryOp, Elem, Reg, UnaryOp } from '../../kernel/index.ts';
import type { Operands } from './isa-code.ts';
import { countingBytes, dq, ps } from './lanes.ts';
import { memUse, type RegUse } from './machine.ts';
import { floatMinMax, fma, move } from './scalar-code.ts';
import { bytesOf, isFloat, type Of, type Selector, type Simple } from './selector.ts';

const ROUNDINGS: Partial<Record<UnaryOp, number>> = { nearest: 8, floor: 9, ceil: 10, trunc: 11 };

/** The most frequent first: cases are looked at in turn. */
export function selectVector(s: Selector, inst: Simple): void {
  switch (inst.op) {
    case 'load':
      return s.isa.load(s, inst);
    case 'fma':
      if (isFloat(inst.dst.type.elem)) return fma(s, inst, ps(inst.dst.type.elem));
      return intFma(s, inst);
    case 'store':
      return s.isa.store(s, inst);
    case 'binary':
      return binary(s, inst);
    case 'zip':
      return s.isa.zip(s, inst);
    case 'splat':
      return splat(s, inst);
    case 'edge':
      return s.isa.edge(s, inst);
    case 'select':
      return s.isa.select(s, inst);
    case 'compare':
      return s.isa.compare(s, inst);
    case 'unary':
      return unary(s, inst);
    case 'convert':
      return s.isa.convert(s, inst);
    case 'bitcast':
      return move(s, inst.dst, inst.a);
    case 'lanes':
      return lanes(s, inst);
    case 'unzip':
      return s.isa.unzip(s, inst);
    case 'extract':
      return extract(s, inst);
    case 'horizontal':
      return horizontal(s, inst);
    default:
      throw s.fail(`a vector ${inst.op}`);
  }
}

// ---- arithmetic

function unary(s: Selector, { fn, dst, a }: Of<'unary'>): void {
  const { type } = dst;
  const { elem } = type;
  const [d, x] = [s.operand(dst), s.operand(a)];
  if (elem === 'mask') return s.isa.maskNot(s, type, d, x);
  if (!isFloat(elem)) return s.isa.intUnary(s, fn, elem, d, x);
  const rounding = ROUNDINGS[fn];
  if (fn === 'sqrt') return s.emit(`vsqrt${ps(elem)}`, [d, x]);
  if (rounding !== undefined) return s.emit(`${s.isa.rounding}${ps(elem)}`, [d, x, rounding]);
  if (fn === 'neg' || fn === 'abs') return s.isa.signBits(s, fn, elem, d, x);
  throw s.fail(`${fn} of ${elem}`);
}

function binary(s: Selector, inst: Of<'binary'>): void {
  const { fn, dst, a, b } = inst;
  const { elem } = dst.type;
  const d = s.operand(dst);
  if (elem === 'mask') {
    if (fn !== 'and' && fn !== 'or' && fn !== 'xor') throw s.fail(`${fn} of masks`);
    return s.isa.maskBinary(s, fn, dst.type, { d, a: s.operand(a), b: s.operand(b) });
  }
  if (fn === 'shl' || fn === 'shr' || fn === 'sar') return s.isa.shift(s, inst);
  if (!isFloat(elem) && (fn === 'div' || fn === 'rem')) {
    return elem === 'i32' ? s.isa.divide32(s, inst) : lanewise(s, fn, dst, a, b);
  }
  if (isFloat(elem) && (fn === 'min' || fn === 'max')) return floatMinMax(s, inst, ps(elem));
  const [x, y] = s.isFolded(a) ? [b, a] : [a, b];
  combine(s, fn, elem, { d, a: s.operand(x), b: s.memoryOperand(y) });
}

/** One operation on registers of any width; the second operand may lie in memory. */
function combine(s: Selector, fn: BinaryOp, elem: Elem, operands: Operands): void {
  if (!isFloat(elem)) return s.isa.intBinary(s, fn, elem, operands);
  if (fn === 'min' || fn === 'max') return s.isa.minMax(s, fn, ps(elem), operands);
  s.emit(`v${fn}${ps(elem)}`, [operands.d, operands.a, operands.b]);
}

/** What vectors do not have: each lane through general registers. */
function lanewise(s: Selector, fn: 'div' | 'rem', dst: Reg, a: Reg, b: Reg): void {
  let result: RegUse | null = null;
  for (let lane = 0; lane < dst.type.lanes; lane++) {
    const [x, y, q] = [a, b, dst].map(() => s.use(s.temp('gp', 8), 64));
    for (const [value, to] of [
      [a, x],
      [b, y],
    ] as const) {
      const low = s.isa.laneToBottom(s, s.operand(value), lane, 8);
      s.emit('vmovq', [to, low], { foldable: -1 });
    }
    s.emit(fn === 'div' ? 'divide' : 'remainder', [q, x, y], { foldable: -1, parts: true });
    result = s.isa.withLane(s, result, q, lane);
  }
  s.emit('vmovaps', [s.operand(dst), result as RegUse], { foldable: -1 });
}

function intFma(s: Selector, { dst, a, b, c }: Of<'fma'>): void {
  const { elem } = dst.type;
  const d = s.operand(dst);
  const product = s.use(s.temp('vec', d.bits / 8), d.bits);
  combine(s, 'mul', elem, { d: product, a: s.operand(a), b: s.operand(b) });
  combine(s, 'add', elem, { d, a: product, b: s.operand(c) });
}

// ---- between scalars and lanes

function splat(s: Selector, inst: Of<'splat'>): void {
  const { elem } = inst.dst.type;
  const d = s.operand(inst.dst);
  const known = s.constant(inst.a);
  if (elem === 'mask' || (known === undefined && !isFloat(elem))) return s.isa.splat(s, inst);
  const name = isFloat(elem)
    ? `vbroadcast${bytesOf(elem) === 8 ? 'sd' : 'ss'}`
    : `vpbroadcast${dq(elem)}`;
  if (known === undefined) return s.emit(name, [d, s.operand(inst.a)]);
  if (Number(known) === 0 && !Object.is(known, -0)) {
    return s.emit('vxorps', [d, d, d], { foldable: -1 });
  }
  s.emit(name, [d, s.pooledElement(elem, known)]);
}

function lanes(s: Selector, { dst }: Of<'lanes'>): void {
  const { elem, lanes: n } = dst.type;
  const d = s.operand(dst);
  const label = s.pooled(countingBytes(elem as 'i32' | 'i64', n));
  s.emit('vmovups', [d, memUse(label, 0, d.bits)]);
}

function extract(s: Selector, inst: Of<'extract'>): void {
  const { dst, a, lane } = inst;
  const { elem } = a.type;
  if (elem === 'mask') return s.isa.extractTruth(s, inst);
  moveLow(s, dst, s.isa.laneToBottom(s, s.operand(a), lane, bytesOf(elem)));
}

/** The lowest lane as a scalar. */
function moveLow(s: Selector, dst: Reg, low: RegUse): void {
  const { elem } = dst.type;
  const d = s.operand(dst);
  if (isFloat(elem)) return s.emit('vmovaps', [d, low], { foldable: -1 });
  s.emit(bytesOf(elem) === 8 ? 'vmovq' : 'vmovd', [d, low], { foldable: -1 });
}

/** Lane i with lane i + n/2, then halves of that, to one. */
function horizontal(s: Selector, { fn, dst, a }: Of<'horizontal'>): void {
  const { elem } = a.type;
  const bytes = bytesOf(elem);
  let { bits } = s.operand(a);
  let value = s.operand(a);
  const step = (upper: RegUse, width: number): void => {
    const next = s.use(s.temp('vec', width / 8), width);
    combine(s, fn, elem, { d: next, a: s.use(value.reg, width), b: upper });
    value = next;
  };
  while (bits > 128) {
    bits /= 2;
    const upper = s.use(s.temp('vec', bits / 8), bits);
    s.emit(s.isa.upperHalf(bits), [upper, value, 1], { foldable: -1 });
    step(upper, bits);
  }
  for (let left = 128 / (8 * bytes); left > 1; left /= 2) {
    const upper = s.use(s.temp('vec', 16), 128);
    // Bits 2i and 2i+1 say which dword goes to place i.
    const order = bytes === 8 || left === 4 ? 0b11_10_11_10 : 0b11_11_01_01;
    s.emit('vpshufd', [upper, value, order], { foldable: -1 });
    step(upper, 128);
  }
  moveLow(s, dst, value);
}
