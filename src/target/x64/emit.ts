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
 *
 * Most kernels are made before the engine has compiled this code: what runs for each instruction
 * goes without iterators, closures and objects of its own.
 */
import {
  type Assembler,
  Label,
  type Memory,
  masked,
  mem,
  memoryAt,
  type Operand,
  type Register,
  rsp,
  SYSTEM_V,
} from '../../asm/x64/index.ts';
import type { Allocation, Registers } from './allocate.ts';
import type { Isa } from './isa-code.ts';
import {
  type Class,
  type Condition,
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
import {
  ARGS,
  GP8,
  GP32,
  GP64,
  MASKS,
  RAX,
  RCX,
  RDX,
  REGISTERS,
  RSI,
  SCRATCH,
  VECTORS,
  WAITING,
} from './registers.ts';
import type { Selected } from './select.ts';

const JUMPS: Readonly<Record<Condition, string>> = {
  e: 'je',
  ne: 'jne',
  l: 'jl',
  le: 'jle',
  g: 'jg',
  ge: 'jge',
  b: 'jb',
  be: 'jbe',
  a: 'ja',
  ae: 'jae',
  p: 'jp',
  np: 'jnp',
};

const slots: Memory[] = [];

/** A slot of the argument block. */
function slotOperand(slot: number): Memory {
  slots[slot] ??= memoryAt(GP64[ARGS], 8 * slot, 64);
  return slots[slot];
}

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
  private readonly places: readonly Place[];
  private readonly isa: Isa;
  private readonly scratches: Registers;
  private readonly saved: readonly number[];
  private readonly tiled: boolean;
  /** Scratch registers that hold something in the present instruction. */
  private readonly taken = { gp: 0, vec: 0, k: 0 };
  /** Vector registers of values that hold something else in the present instruction. */
  private borrowed: number[] = [];
  private present: MInst | null = null;

  constructor(asm: Assembler, allocation: Allocation, isa: Isa, tiled: boolean) {
    this.asm = asm;
    this.at = allocation;
    this.places = allocation.places;
    this.isa = isa;
    this.scratches = SCRATCH[isa];
    this.tiled = tiled;
    this.saved = SYSTEM_V.gpSaved.map((r) => r.id).filter((id) => allocation.used.has(id));
  }

  // ---- the frame: spills at a multiple of 64, above them the caller's stack pointer and the call's
  // tiles and thread

  private get framed(): boolean {
    return this.tiled || this.at.stackBytes > 0;
  }

  private frame(place: keyof typeof FRAME): Operand {
    return memoryAt(rsp, this.at.stackBytes + FRAME[place], 64);
  }

  prologue(): void {
    const { asm } = this;
    for (const id of this.saved) asm.emit('push', GP64[id]);
    if (!this.framed) return;
    asm.emit('mov', GP64[RAX], rsp);
    asm.emit('sub', rsp, this.at.stackBytes + 64);
    asm.emit('and', rsp, -64);
    asm.emit('mov', this.frame('caller'), GP64[RAX]);
    if (!this.tiled) return;
    asm.emit('mov', this.frame('first'), GP64[RSI]);
    asm.emit('mov', this.frame('end'), GP64[RDX]);
    asm.emit('mov', this.frame('thread'), GP64[RCX]);
  }

  epilogue(): void {
    const { asm } = this;
    if (this.framed) asm.emit('mov', rsp, this.frame('caller'));
    for (const id of this.saved.toReversed()) asm.emit('pop', GP64[id]);
    asm.emit('vzeroupper');
    asm.emit('ret');
  }

  // ---- control

  block(nodes: readonly MNode[]): void {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node.kind === 'inst') this.inst(node);
      else if (node.kind === 'loop') this.loop(node);
      else this.branch(node);
    }
  }

  private loop(node: MLoop): void {
    const { asm } = this;
    const top = asm.label();
    const end = asm.label();
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
    const place = this.places[node.index.id];
    const index = place.kind === 'register' ? GP64[place.number] : this.memoryOf(place, 64);
    this.asm.emit('add', index, node.step);
  }

  private compare({ index, to }: MLoop): void {
    this.takeNone();
    const counter = GP64[this.loadNumber(index)];
    this.asm.emit('cmp', counter, typeof to === 'number' ? to : GP64[this.loadNumber(to)]);
  }

  private branch(node: MIf): void {
    const { asm } = this;
    const otherwise = asm.label();
    const end = asm.label();
    this.inst(node.test);
    asm.emit(JUMPS[node.unless], otherwise);
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
    const { name, operands, def, tied } = inst;
    const place = def === null ? null : this.places[def.id];
    // What can be made again is made where it is read.
    if (place !== null && place.kind !== 'register' && place.kind !== 'stack') return;
    if (inst.parts) return this.inParts(inst);
    this.takeNone();
    this.present = inst;
    let target = -1;
    if (def !== null && place !== null) {
      target = place.kind === 'register' ? place.number : this.scratchFor(def.class, tied);
      if (tied !== undefined) this.moveInto(def.class, target, tied, this.places[tied.id]);
    }
    const count = operands.length;
    const a = count > 0 ? this.operand(operands[0], 0, inst, target) : undefined;
    const b = count > 1 ? this.operand(operands[1], 1, inst, target) : undefined;
    const c = count > 2 ? this.operand(operands[2], 2, inst, target) : undefined;
    const d = count > 3 ? this.operand(operands[3], 3, inst, target) : undefined;
    const e = count > 4 ? this.operand(operands[4], 4, inst, target) : undefined;
    this.asm.emit(name, a, b, c, d, e);
    if (def !== null && place !== null && place.kind === 'stack') {
      this.storeTo(place, def.class, target, def.bytes);
    }
    if (this.borrowed.length > 0) this.giveBack();
  }

  /** What is no one instruction of the processor. */
  private inParts(inst: MInst): void {
    if (inst.name === 'lower') this.lower(inst);
    else this.divide(inst);
  }

  /** Where a result is made that lies in memory. */
  private scratchFor(cls: Class, tied: VReg | undefined): number {
    // Written when all is read: unless it starts as something, it may lie where an operand was.
    return (tied === undefined ? this.scratches[cls][0] : undefined) ?? this.scratch(cls);
  }

  private operand(o: MOperand, i: number, inst: MInst, target: number): Operand {
    if (typeof o !== 'object') return o;
    if (o.kind === 'mem') return this.memory(o);
    let number = target;
    if (i > 0 || target < 0) {
      const place = this.places[o.reg.id];
      if (place.kind !== 'register') return this.operandFrom(place, o, i, inst, target);
      number = place.number;
    }
    const register = this.register(o, number);
    return o.mask === undefined ? register : this.withMask(register, o.mask, o.zeroing);
  }

  /** An operand that is in no register. */
  private operandFrom(place: Place, o: RegUse, i: number, inst: MInst, target: number): Operand {
    if (i === inst.foldable) {
      const folded = this.foldedPlace(place, o);
      if (folded !== null) return folded;
    }
    // The result may be one of the operands too.
    const known = target >= 0 && inst.def === o.reg;
    return this.register(o, known ? target : this.loadToScratch(o.reg, place));
  }

  /** A register operand that may lie in memory, as such; null for what memory does not hold. */
  private foldedPlace(place: Place, o: RegUse): Operand | null {
    const { reg } = o;
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
    return this.memoryOf(place, (o.memoryBits ?? o.bits) as 64);
  }

  private memory(m: MemUse): Operand {
    const { base, index, disp, bits, broadcast = false, mask } = m;
    let inRegister = true;
    let from: Register<'gp64'> | Label = GP64[ARGS];
    const guard = mask === undefined ? 0 : this.loadNumber(mask);
    if (typeof base === 'string') {
      if (base !== 'args') return this.frame(base);
    } else if (base instanceof Label) {
      from = base;
    } else {
      inRegister = this.places[base.id].kind === 'register';
      from = GP64[this.loadNumber(base)];
    }
    if (index === undefined) return memoryAt(from, disp, bits, null, 1, broadcast, guard);
    const { scale = 1 } = m;
    const scaled = GP64[this.loadNumber(index)];
    if (inRegister || this.places[index.id].kind === 'register') {
      return memoryAt(from, disp, bits, scaled, scale, broadcast, guard);
    }
    // Both in one, so that a scratch register is left.
    this.asm.emit('lea', from, memoryAt(from, disp, 64, scaled, scale));
    this.taken.gp--;
    return memoryAt(from, 0, bits, null, 1, broadcast, guard);
  }

  // ---- values in memory

  private takeNone(): void {
    const { taken } = this;
    taken.gp = 0;
    taken.vec = 0;
    taken.k = 0;
  }

  private scratch(cls: Class): number {
    const number = this.scratches[cls][this.taken[cls]++] ?? this.borrow(cls);
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
      const place = this.places[reg.id];
      if (reg.class === 'vec' && place.kind === 'register') named.add(place.number);
    }
    const number = REGISTERS.avx2.vec.find((n) => !named.has(n)) as number;
    borrowed.push(number);
    this.asm.emit('vmovups', memoryAt(rsp, -32 * borrowed.length, 256), VECTORS[32][number]);
    return number;
  }

  private giveBack(): void {
    this.borrowed.forEach((number, i) => {
      this.asm.emit('vmovups', VECTORS[32][number], memoryAt(rsp, -32 * (i + 1), 256));
    });
    this.borrowed = [];
  }

  /** The number of the register in which a value is, or was loaded. */
  private loadNumber(v: VReg): number {
    const place = this.places[v.id];
    return place.kind === 'register' ? place.number : this.loadToScratch(v, place);
  }

  private loadToScratch(v: VReg, place: Place): number {
    const number = this.scratch(v.class);
    this.moveInto(v.class, number, v, place);
    return number;
  }

  private memoryOf(place: Place, bits: number): Operand {
    if (place.kind === 'stack') return memoryAt(rsp, place.offset, bits);
    throw new Error(`${place.kind} is no place in memory`);
  }

  /** Puts a value into a register, from wherever it is. Keeps the flags. */
  private moveInto(cls: Class, to: number, v: VReg, place: Place): void {
    const { asm } = this;
    if (place.kind === 'register') {
      if (place.number === to) return;
      if (cls === 'gp') asm.emit('mov', GP64[to], GP64[place.number]);
      else if (cls === 'k') asm.emit('kmovq', MASKS[to], MASKS[place.number]);
      else asm.emit('vmovaps', VECTORS[v.bytes][to], VECTORS[v.bytes][place.number]);
      return;
    }
    if (place.kind === 'slot') return asm.emit('vcvttsd2si', GP64[to], slotOperand(place.slot));
    if (place.kind === 'immediate') return asm.moveConstant(GP64[to], signed(place.value));
    if (place.kind === 'broadcast') {
      const bits = 8 * place.elementBytes;
      const scalar = bits === 64 ? 'vmovsd' : 'vmovss';
      const spread = bits === 64 ? 'vbroadcastsd' : 'vbroadcastss';
      const from = memoryAt(place.label, 0, bits);
      return asm.emit(v.bytes === 16 ? scalar : spread, VECTORS[v.bytes][to], from);
    }
    if (place.kind === 'call') return asm.emit('mov', GP64[to], this.frame(place.which));
    if (cls === 'gp') asm.emit('mov', GP64[to], this.memoryOf(place, 64));
    else if (cls === 'k') asm.emit('kmovq', MASKS[to], this.memoryOf(place, 64));
    else asm.emit('vmovups', VECTORS[v.bytes][to], this.memoryOf(place, 8 * v.bytes));
  }

  private storeTo(place: Place, cls: Class, from: number, bytes: number): void {
    const { asm } = this;
    if (cls === 'gp') asm.emit('mov', this.memoryOf(place, 64), GP64[from]);
    else if (cls === 'k') asm.emit('kmovq', this.memoryOf(place, 64), MASKS[from]);
    else asm.emit('vmovups', this.memoryOf(place, 8 * bytes), VECTORS[bytes][from]);
  }

  private register(o: RegUse, number: number): Register {
    const { bits } = o;
    const cls = o.reg.class;
    if (cls === 'vec') return VECTORS[bits / 8][number];
    if (cls === 'k') return MASKS[number];
    return bits === 64 ? GP64[number] : bits === 32 ? GP32[number] : GP8[number];
  }

  private withMask(register: Register, mask: VReg, zeroing = false): Register {
    return masked(register as Register<'zmm'>, MASKS[this.loadNumber(mask)], zeroing);
  }

  // ---- copies

  /** All are read before one is written. */
  private copies(list: readonly Copy[]): void {
    if (list.length === 1) this.copyOne(list[0]);
    else if (list.length > 1) this.copyAll(list);
  }

  private copyOne({ from, to }: Copy): void {
    const source = this.places[from.id];
    const target = this.places[to.id];
    const reads = keyOf(from, source);
    if (reads < 0 || reads !== keyOf(to, target)) this.copy(from, target, source);
  }

  private copyAll(list: readonly Copy[]): void {
    let left: Move[] = [];
    // How many of what is left read a place.
    const readers: number[] = [];
    for (let i = 0; i < list.length; i++) {
      const { from, to } = list[i];
      const source = this.places[from.id];
      const target = this.places[to.id];
      const reads = keyOf(from, source);
      const writes = keyOf(to, target);
      if (reads >= 0 && reads === writes) continue;
      left.push({ from, source, target, reads, writes });
      if (reads >= 0) readers[reads] = (readers[reads] ?? 0) + 1;
    }
    while (left.length > 0) {
      const blocked: Move[] = [];
      const ready: Move[] = [];
      for (let i = 0; i < left.length; i++) {
        ((readers[left[i].writes] ?? 0) > 0 ? blocked : ready).push(left[i]);
      }
      for (let i = 0; i < ready.length; i++) {
        const { from, target, source, reads } = ready[i];
        this.copy(from, target, source);
        if (reads >= 0) readers[reads]--;
      }
      if (ready.length === 0) this.breakCycle(blocked, readers);
      left = blocked;
    }
  }

  /** Only cycles are left: one value waits elsewhere. */
  private breakCycle(blocked: readonly Move[], readers: number[]): void {
    const { from, source, reads } = blocked[0];
    const waiting = WAITING[this.isa][from.class];
    this.copy(from, waiting, source);
    for (const move of blocked) {
      if (move.reads !== reads) continue;
      move.source = waiting;
      move.reads = keyOf(from, waiting);
    }
    readers[reads] = 0;
  }

  private copy(from: VReg, target: Place, source: Place): void {
    const { class: cls, bytes } = from;
    if (target.kind === 'stack') {
      const number = source.kind === 'register' ? source.number : this.scratches[cls][0];
      this.moveInto(cls, number, from, source);
      this.storeTo(target, cls, number, bytes);
    } else if (target.kind === 'register') this.moveInto(cls, target.number, from, source);
  }

  // ---- faults

  /** Lowers what is in memory to a register, unsigned and atomically: other threads may do so too. */
  private lower({ operands }: MInst): void {
    const { asm } = this;
    const [word, value] = operands as [MemUse, RegUse];
    // rax is taken: it is what the word is compared with.
    this.takeNone();
    this.taken.gp = 1;
    const at = this.memory(word);
    const wanted = GP64[this.loadNumber(value.reg)];
    const [retry, kept] = [asm.label(), asm.label()];
    asm.emit('mov', GP64[RAX], at);
    asm.bind(retry);
    asm.emit('cmp', wanted, GP64[RAX]);
    asm.emit('jae', kept);
    asm.emit('lock_cmpxchg', at, wanted);
    asm.emit('jne', retry);
    asm.bind(kept);
  }

  // ---- division

  /** By 0 gives 0; the most negative by -1 wraps, where the processor would trap. */
  private divide({ name, operands, def }: MInst): void {
    const { asm } = this;
    const [d, a, b] = operands as [RegUse, RegUse, RegUse];
    const { bits } = d;
    const wide = bits === 64;
    const reg = (number: number) => (wide ? GP64 : GP32)[number];
    const divisorPlace = this.places[b.reg.id];
    const divisor =
      divisorPlace.kind === 'register'
        ? reg(divisorPlace.number)
        : this.memoryOf(divisorPlace, wide ? 64 : 32);
    const [zero, minus, end] = [asm.label(), asm.label(), asm.label()];
    this.moveInto('gp', RAX, a.reg, this.places[a.reg.id]);
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
    asm.emit('xor', GP32[RAX], GP32[RAX]);
    asm.bind(end);
    if (def === null) return;
    const place = this.places[def.id];
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
