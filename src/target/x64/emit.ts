/**
 * Machine IR to bytes: operands get their registers, what lies in memory is loaded and stored around
 * each instruction, copies become moves.
 *
 * A kernel is called with the address of its argument block in rdi. It keeps what System V lets a
 * callee keep, and leaves the upper halves of vectors clear. rax, rdx and rcx, the last vector
 * registers (two of 32, one of 16) and the last two masks hold what comes from memory.
 *
 * Where that one is not enough, another is borrowed: it waits below the stack pointer, in the 128
 * bytes that System V leaves to a function that calls none.
 */
import {
  type Assembler,
  gp8,
  gp32,
  gp64,
  k,
  Label,
  masked,
  mem,
  type Operand,
  type Register,
  rsp,
  SYSTEM_V,
  vector,
  ymm,
} from '../../asm/x64/index.ts';
import type { Allocation } from './allocate.ts';
import type { Isa } from './isa-code.ts';
import {
  type Class,
  type Copy,
  type MemUse,
  type MIf,
  type MInst,
  type MLoop,
  type MNode,
  type MOperand,
  type Place,
  type RegUse,
  readsOf,
  type VReg,
} from './machine.ts';
import { ARGS, RAX, RCX, RDX, REGISTERS, RSI, SCRATCH, WAITING } from './registers.ts';
import type { Selected } from './select.ts';

/** Bytes above the spills. */
const FRAME = { caller: 0, first: 8, end: 16, thread: 24 } as const;

export function emitKernel(
  asm: Assembler,
  { body, tiled }: Selected,
  allocation: Allocation,
  isa: Isa,
): void {
  const emitter = new Emitter(asm, allocation, isa, tiled);
  emitter.prologue();
  emitter.block(body);
  emitter.epilogue();
}

class Emitter {
  private readonly asm: Assembler;
  private readonly at: Allocation;
  private readonly isa: Isa;
  private readonly saved: readonly number[];
  private readonly tiled: boolean;
  /** Scratch registers that hold something in the present instruction. */
  private taken = { gp: 0, vec: 0, k: 0 };
  /** Vector registers of values that hold something else in the present instruction. */
  private borrowed: number[] = [];
  private present: MInst | null = null;

  constructor(asm: Assembler, allocation: Allocation, isa: Isa, tiled: boolean) {
    this.asm = asm;
    this.at = allocation;
    this.isa = isa;
    this.tiled = tiled;
    this.saved = SYSTEM_V.gpSaved.map((r) => r.id).filter((id) => allocation.used.has(id));
  }

  // ---- the frame: spills at a multiple of 64, above them the caller's stack pointer and the call's
  // tiles and thread

  private get framed(): boolean {
    return this.tiled || this.at.stackBytes > 0;
  }

  private frame(place: keyof typeof FRAME): Operand {
    return mem(rsp, { disp: this.at.stackBytes + FRAME[place], bits: 64 });
  }

  prologue(): void {
    const { asm } = this;
    for (const id of this.saved) asm.emit('push', gp64(id));
    if (!this.framed) return;
    asm.emit('mov', gp64(RAX), rsp);
    asm.emit('sub', rsp, this.at.stackBytes + 64);
    asm.emit('and', rsp, -64);
    asm.emit('mov', this.frame('caller'), gp64(RAX));
    if (!this.tiled) return;
    asm.emit('mov', this.frame('first'), gp64(RSI));
    asm.emit('mov', this.frame('end'), gp64(RDX));
    asm.emit('mov', this.frame('thread'), gp64(RCX));
  }

  epilogue(): void {
    const { asm } = this;
    if (this.framed) asm.emit('mov', rsp, this.frame('caller'));
    for (const id of this.saved.toReversed()) asm.emit('pop', gp64(id));
    asm.emit('vzeroupper');
    asm.emit('ret');
  }

  // ---- control

  block(nodes: readonly MNode[]): void {
    for (const node of nodes) {
      if (node.kind === 'inst') this.inst(node);
      else if (node.kind === 'loop') this.loop(node);
      else this.branch(node);
    }
  }

  private loop(node: MLoop): void {
    const { asm } = this;
    const [top, end] = [asm.label(), asm.label()];
    this.copies(node.entry);
    if (!node.certain) {
      this.compare(node);
      asm.emit('jge', end);
    }
    asm.align(16);
    asm.bind(top);
    this.block(node.body);
    this.copies(node.turn);
    this.step(node);
    this.compare(node);
    asm.emit('jl', top);
    asm.bind(end);
    this.copies(node.exit);
  }

  private step(node: MLoop): void {
    const place = this.at.placeOf(node.index);
    const index = place.kind === 'register' ? gp64(place.number) : this.memoryOf(place, 64);
    this.asm.emit('add', index, node.step);
  }

  private compare({ index, to }: MLoop): void {
    this.taken = { gp: 0, vec: 0, k: 0 };
    const place = this.at.placeOf(index);
    const counter = place.kind === 'register' ? gp64(place.number) : this.load(index, 64);
    this.asm.emit('cmp', counter as Register, typeof to === 'number' ? to : this.load(to, 64));
  }

  private branch(node: MIf): void {
    const { asm } = this;
    const [otherwise, end] = [asm.label(), asm.label()];
    this.inst(node.test);
    asm.emit(`j${node.unless}`, otherwise);
    this.block(node.then);
    this.copies(node.thenCopies);
    if (node.else.length + node.elseCopies.length > 0) asm.emit('jmp', end);
    asm.bind(otherwise);
    this.block(node.else);
    this.copies(node.elseCopies);
    asm.bind(end);
  }

  // ---- instructions

  private inst(inst: MInst): void {
    const { asm } = this;
    const { def, tied } = inst;
    const place = def === null ? null : this.at.placeOf(def);
    // What can be made again is made where it is read.
    if (place !== null && place.kind !== 'register' && place.kind !== 'stack') return;
    if (inst.name === 'divide' || inst.name === 'remainder') return this.divide(inst);
    this.taken = { gp: 0, vec: 0, k: 0 };
    this.present = inst;
    const spilled = place?.kind === 'stack';
    let target: number | null = null;
    if (def !== null && place !== null) {
      // Written when all is read: unless it starts as something, it may lie where an operand was.
      const free = tied === undefined ? SCRATCH[this.isa][def.class][0] : -1;
      target = !spilled
        ? (place as { number: number }).number
        : free >= 0
          ? free
          : this.scratch(def.class);
      if (tied !== undefined) this.moveInto(def.class, target, tied);
    }
    const { operands } = inst;
    const operand = (i: number): Operand | undefined =>
      i < operands.length ? this.operand(operands[i], i, inst, target) : undefined;
    asm.emit(inst.name, operand(0), operand(1), operand(2), operand(3), operand(4));
    if (spilled && def !== null && target !== null) {
      this.storeTo(place as Place, def.class, target, def.bytes);
    }
    this.giveBack();
  }

  private operand(o: MOperand, i: number, inst: MInst, target: number | null): Operand {
    if (typeof o !== 'object') return o;
    if (o.kind === 'mem') return this.memory(o);
    if (i === 0 && target !== null) return this.withMask(this.register(o, target), o);
    const place = this.at.placeOf(o.reg);
    if (place.kind === 'register') return this.withMask(this.register(o, place.number), o);
    if (i === inst.foldable) {
      const folded = this.foldedPlace(place, o);
      if (folded !== null) return folded;
    }
    // The result may be one of the operands too.
    if (target !== null && inst.def === o.reg) return this.register(o, target);
    return this.register(o, this.loadToScratch(o.reg));
  }

  /** A register operand that may lie in memory, as such; null for what memory does not hold. */
  private foldedPlace(place: Place, { reg, ...o }: RegUse): Operand | null {
    const bits = o.memoryBits ?? o.bits;
    if (place.kind === 'call') return this.frame(place.which);
    if (place.kind === 'broadcast') {
      if (reg.class !== 'vec') return null;
      const elementBits = (8 * place.elementBytes) as 32 | 64;
      if (o.memoryBits !== undefined) return mem(place.label, { bits: elementBits });
      if (this.isa === 'avx512') return mem(place.label, { bits: elementBits, broadcast: true });
      // There the constant of a vector is written in full.
      return reg.bytes < 32 ? null : mem(place.label, { bits: o.bits as 128 | 256 });
    }
    if (place.kind !== 'stack' || reg.class === 'k') return null;
    return this.memoryOf(place, bits as 64);
  }

  private memory(m: MemUse): Operand {
    const { bits, disp, broadcast = false, mask, scale = 1 } = m;
    if (typeof m.base === 'string' && m.base !== 'args') return this.frame(m.base);
    const guard = mask === undefined ? undefined : k(this.loadNumber(mask));
    const base =
      m.base === 'args' ? gp64(ARGS) : m.base instanceof Label ? m.base : this.base(m.base);
    if (m.index === undefined) return mem(base, { disp, bits, broadcast, mask: guard });
    const index = gp64(this.loadNumber(m.index));
    if (typeof m.base !== 'object' || this.isInRegister(m.base) || this.isInRegister(m.index)) {
      return mem(base, { index, scale, disp, bits, broadcast, mask: guard });
    }
    // Both in one, so that a scratch register is left.
    const both = base as Register<'gp64'>;
    this.asm.emit('lea', both, mem(both, { index, scale, disp, bits: 64 }));
    this.taken.gp--;
    return mem(both, { bits, broadcast, mask: guard });
  }

  private isInRegister = (v: VReg | Label): boolean =>
    v instanceof Label || this.at.placeOf(v).kind === 'register';

  private base(v: VReg): Register<'gp64'> {
    return gp64(this.loadNumber(v));
  }

  // ---- values in memory

  private scratch(cls: Class): number {
    const number = SCRATCH[this.isa][cls][this.taken[cls]++] ?? this.borrow(cls);
    if (number === undefined) throw new Error(`an instruction needs too many ${cls} registers`);
    return number;
  }

  /** A register that the present instruction does not name; its value waits. Keeps the flags. */
  private borrow(cls: Class): number | undefined {
    const { present, borrowed } = this;
    if (cls !== 'vec' || present === null || this.isa !== 'avx2') return undefined;
    const named = new Set(borrowed);
    for (const reg of present.def === null
      ? readsOf(present)
      : [present.def, ...readsOf(present)]) {
      const place = this.at.placeOf(reg);
      if (reg.class === 'vec' && place.kind === 'register') named.add(place.number);
    }
    const number = REGISTERS.avx2.vec.find((n) => !named.has(n)) as number;
    borrowed.push(number);
    this.asm.emit('vmovups', mem(rsp, { disp: -32 * borrowed.length, bits: 256 }), ymm(number));
    return number;
  }

  private giveBack(): void {
    this.borrowed.forEach((number, i) => {
      this.asm.emit('vmovups', ymm(number), mem(rsp, { disp: -32 * (i + 1), bits: 256 }));
    });
    this.borrowed = [];
  }

  /** The number of the register in which a value is, or was loaded. */
  private loadNumber(v: VReg): number {
    const place = this.at.placeOf(v);
    return place.kind === 'register' ? place.number : this.loadToScratch(v);
  }

  private loadToScratch(v: VReg): number {
    const number = this.scratch(v.class);
    this.moveInto(v.class, number, v);
    return number;
  }

  private load(v: VReg, bits: 32 | 64): Register {
    const number = this.loadNumber(v);
    return bits === 64 ? gp64(number) : gp32(number);
  }

  private memoryOf(place: Place, bits: 32 | 64 | 128 | 256 | 512): Operand {
    if (place.kind === 'stack') return mem(rsp, { disp: place.offset, bits });
    throw new Error(`${place.kind} is no place in memory`);
  }

  /** Puts a value into a register, from wherever it is. Keeps the flags. */
  private moveInto(cls: Class, to: number, v: VReg, place = this.at.placeOf(v)): void {
    const { asm } = this;
    if (place.kind === 'register') {
      if (place.number === to) return;
      if (cls === 'gp') asm.emit('mov', gp64(to), gp64(place.number));
      else if (cls === 'k') asm.emit('kmovq', k(to), k(place.number));
      else asm.emit('vmovaps', vector(v.bytes, to), vector(v.bytes, place.number));
      return;
    }
    if (place.kind === 'immediate') return asm.moveConstant(gp64(to), signed(place.value));
    if (place.kind === 'broadcast') {
      const bits = (8 * place.elementBytes) as 32 | 64;
      const at = mem(place.label, { bits });
      const scalar = bits === 64 ? 'vmovsd' : 'vmovss';
      const spread = bits === 64 ? 'vbroadcastsd' : 'vbroadcastss';
      return asm.emit(v.bytes === 16 ? scalar : spread, vector(v.bytes, to), at);
    }
    if (place.kind === 'call') return asm.emit('mov', gp64(to), this.frame(place.which));
    if (place.kind === 'slot') {
      return asm.emit('vcvttsd2si', gp64(to), mem(gp64(ARGS), { disp: 8 * place.slot, bits: 64 }));
    }
    if (cls === 'gp') asm.emit('mov', gp64(to), this.memoryOf(place, 64));
    else if (cls === 'k') asm.emit('kmovq', k(to), this.memoryOf(place, 64));
    else {
      const bits = (8 * v.bytes) as 128 | 256 | 512;
      asm.emit('vmovups', vector(v.bytes, to), this.memoryOf(place, bits));
    }
  }

  private storeTo(place: Place, cls: Class, from: number, bytes: number): void {
    const { asm } = this;
    if (cls === 'gp') asm.emit('mov', this.memoryOf(place, 64), gp64(from));
    else if (cls === 'k') asm.emit('kmovq', this.memoryOf(place, 64), k(from));
    else {
      const bits = (8 * bytes) as 128 | 256 | 512;
      asm.emit('vmovups', this.memoryOf(place, bits), vector(bytes, from));
    }
  }

  private register({ bits, reg }: RegUse, number: number): Register {
    if (reg.class === 'k') return k(number);
    if (reg.class === 'vec') return vector(bits / 8, number);
    return bits === 64 ? gp64(number) : bits === 32 ? gp32(number) : gp8(number);
  }

  private withMask(register: Register, { mask, zeroing = false }: RegUse): Register {
    if (mask === undefined) return register;
    return masked(register as Register<'zmm'>, k(this.loadNumber(mask)), zeroing);
  }

  // ---- copies

  /** All are read before one is written. */
  private copies(list: readonly Copy[]): void {
    if (list.length === 0) return;
    let left: Move[] = [];
    // How many of what is left read a place.
    const readers = new Map<number, number>();
    const read = (at: number, more: number): void => {
      if (at >= 0) readers.set(at, (readers.get(at) ?? 0) + more);
    };
    for (const { from, to } of list) {
      const source = this.at.placeOf(from);
      const target = this.at.placeOf(to);
      const move = { from, source, target, reads: keyOf(from, source), writes: keyOf(to, target) };
      if (move.reads >= 0 && move.reads === move.writes) continue;
      left.push(move);
      read(move.reads, 1);
    }
    while (left.length > 0) {
      const blocked: Move[] = [];
      const ready: Move[] = [];
      for (const m of left) ((readers.get(m.writes) ?? 0) > 0 ? blocked : ready).push(m);
      for (const m of ready) {
        this.copy(m.from, m.target, m.source);
        read(m.reads, -1);
      }
      if (ready.length === 0) {
        // Only cycles are left: one value waits elsewhere.
        const [{ from, source, reads }] = left;
        const waiting = WAITING[this.isa][from.class];
        this.copy(from, waiting, source);
        for (const m of blocked) {
          if (m.reads !== reads) continue;
          m.source = waiting;
          m.reads = keyOf(from, waiting);
        }
        readers.delete(reads);
      }
      left = blocked;
    }
  }

  private copy(from: VReg, target: Place, source: Place): void {
    const { class: cls, bytes } = from;
    if (target.kind === 'stack') {
      const number = source.kind === 'register' ? source.number : SCRATCH[this.isa][cls][0];
      this.moveInto(cls, number, from, source);
      this.storeTo(target, cls, number, bytes);
    } else if (target.kind === 'register') this.moveInto(cls, target.number, from, source);
  }

  // ---- division

  /** By 0 gives 0; the most negative by -1 wraps, where the processor would trap. */
  private divide({ name, operands, def }: MInst): void {
    const { asm } = this;
    const [d, a, b] = operands as [RegUse, RegUse, RegUse];
    const { bits } = d;
    const wide = bits === 64;
    const reg = (number: number) => (wide ? gp64(number) : gp32(number));
    const divisorPlace = this.at.placeOf(b.reg);
    const divisor =
      divisorPlace.kind === 'register'
        ? reg(divisorPlace.number)
        : this.memoryOf(divisorPlace, wide ? 64 : 32);
    const [zero, minus, end] = [asm.label(), asm.label(), asm.label()];
    this.moveInto('gp', RAX, a.reg);
    asm.emit('cmp', divisor, 0);
    asm.emit('je', zero);
    asm.emit('cmp', divisor, -1);
    asm.emit('je', minus);
    asm.emit(wide ? 'cqo' : 'cdq');
    asm.emit('idiv', divisor);
    if (name === 'remainder') asm.emit('mov', reg(RAX), reg(RDX));
    asm.emit('jmp', end);
    asm.bind(minus);
    if (name === 'divide') {
      asm.emit('neg', reg(RAX));
      asm.emit('jmp', end);
    }
    asm.bind(zero);
    asm.emit('xor', gp32(RAX), gp32(RAX));
    asm.bind(end);
    if (def === null) return;
    const place = this.at.placeOf(def);
    if (place.kind === 'register') asm.emit('mov', reg(place.number), reg(RAX));
    else this.storeTo(place, 'gp', RAX, 8);
  }
}

interface Move {
  readonly from: VReg;
  source: Place;
  readonly target: Place;
  /** Keys of the two places. */
  reads: number;
  readonly writes: number;
}

/** A number for a register or a place on the stack; -1 for what is made again. */
function keyOf({ class: cls }: VReg, place: Place): number {
  if (place.kind !== 'register' && place.kind !== 'stack') return -1;
  const at = place.kind === 'register' ? place.number : 32 + place.offset / 8;
  return 3 * at + (cls === 'gp' ? 0 : cls === 'vec' ? 1 : 2);
}

const signed = (value: bigint): number | bigint =>
  value >= -(2n ** 31n) && value < 2n ** 32n ? Number(value) : value;
