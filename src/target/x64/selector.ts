/**
 * Control to machine IR, and what the code for values is made of: virtual registers, operands that may
 * fold, constants.
 */

import type { Label } from '../../asm/x64/index.ts';
import {
  type Address,
  type Elem,
  type Inst,
  isPure,
  type Kernel,
  type KType,
  operandsOf,
  type Reg,
} from '../../kernel/index.ts';
import { ARG_FAULT, ARG_PARAMS } from './abi.ts';
import type { IsaCode } from './isa-code.ts';
import {
  type Class,
  type Condition,
  type Copy,
  type MemUse,
  type MInst,
  type MNode,
  type MOperand,
  memUse,
  type RegUse,
  type Remake,
  type VReg,
} from './machine.ts';

export type Of<Op extends Inst['op']> = Extract<Inst, { op: Op }>;

/** Bytes of an element in a register. */
export const bytesOf = (elem: Elem): 4 | 8 =>
  elem === 'f64' || elem === 'i64' || elem === 'index' ? 8 : 4;

export const isFloat = (elem: Elem): boolean => elem === 'f32' || elem === 'f64';

/** Bits of a vector register that holds a type; 128 for a scalar float. */
export const bitsOf = (type: KType): number =>
  type.lanes === 1 ? 128 : type.lanes * bytesOf(type.elem) * 8;

function classOf(type: KType, maskClass: Class): Class {
  if (type.elem === 'mask') return type.lanes === 1 ? 'gp' : maskClass;
  return type.lanes > 1 || isFloat(type.elem) ? 'vec' : 'gp';
}

/** Keeps a constant with the code, and tells its label. */
export type ConstantPool = (bytes: Uint8Array) => Label;

/** Instructions that are neither control nor faults. */
export type Simple = Exclude<Inst, { op: 'loop' | 'if' | 'fault' }>;

/** What makes code for values. */
export interface ValueCode {
  /** `dst` is what it assigns, if anything. */
  value(s: Selector, inst: Simple, dst: Reg | undefined): void;
  /** What sets the flags for a branch on a truth value, and the condition that then holds. */
  test(s: Selector, cond: Reg): { test: MInst; holds: Condition };
}

export class Selector {
  readonly isa: IsaCode;
  readonly pooled: ConstantPool;
  private readonly source: Kernel;
  private readonly code: ValueCode;
  private readonly regs: (VReg | undefined)[];
  /** Registers as operands of their natural width. */
  private readonly operands: (RegUse | undefined)[];
  /** The instruction that defines each register, where it is one. */
  private readonly defs: (Inst | undefined)[];
  private readonly uses: Int32Array;
  /** How many loops are around the place where each register is assigned. */
  private readonly depths: Int32Array;
  /** Pure or loading instructions that are made at their one use, by the register they assign. */
  private readonly folded: Uint8Array;
  private readonly elements = new Map<string, Label>();
  private nodes: MNode[] = [];
  /** What the kernel begins with: vectors of constants that loops read. */
  private readonly prelude: MNode[] = [];
  private readonly tables = new Map<string, VReg>();
  /** Whether the kernel asks which tiles to run. */
  tiled = false;
  private streams = false;
  private nextId = 0;
  private depth = 0;

  constructor(source: Kernel, pool: ConstantPool, code: ValueCode, isa: IsaCode) {
    this.isa = isa;
    this.source = source;
    this.code = code;
    this.pooled = pool;
    const { registers } = source;
    this.regs = new Array<undefined>(registers).fill(undefined);
    this.operands = new Array<undefined>(registers).fill(undefined);
    this.defs = new Array<undefined>(registers).fill(undefined);
    this.uses = new Int32Array(registers);
    this.depths = new Int32Array(registers).fill(-1);
    this.folded = new Uint8Array(registers);
    this.survey(source.body, new Users(registers));
  }

  kernel(): readonly MNode[] {
    const body = this.block(this.source.body);
    // Streamed stores are in no order with others; whoever is told of the end must see them.
    const end = this.streams ? [instOf('sfence', [])] : [];
    return [...this.prelude, ...body, ...end];
  }

  /** A vector past the caches, whatever its elements. */
  stream(to: MemUse, value: RegUse): void {
    this.streams = true;
    this.emit('vmovntps', [to, value], { foldable: -1 });
  }

  // ---- what is used how

  /** Backwards, so that what nothing needs is seen; and which loads and tests fold into their use. */
  private survey(block: readonly Inst[], users: Users): void {
    const { uses } = this;
    const number = ++users.blocks;
    const taken = new Set<Inst>();
    let nextWrite = block.length;
    for (let i = block.length - 1; i >= 0; i--) {
      const inst = block[i];
      const dst = resultOf(inst);
      if (dst !== undefined) {
        const { id } = dst;
        this.defs[id] = inst;
        if (uses[id] === 0 && isRemovable(inst)) continue;
        if (uses[id] === 1 && users.block[id] === number) {
          const stays = inst.op !== 'load' || users.at[id] <= nextWrite;
          const user = block[users.at[id]];
          // One operand of an instruction may lie in memory.
          if (stays && this.foldsInto(inst, user) && !taken.has(user)) {
            this.folded[id] = 1;
            taken.add(user);
          }
        }
      } else if (inst.op === 'loop') {
        for (const c of inst.carried) uses[c.next.id]++;
        this.survey(inst.body, users);
      } else if (inst.op === 'if') {
        for (const r of inst.results) {
          uses[r.then.id]++;
          uses[r.else.id]++;
        }
        this.survey(inst.then, users);
        this.survey(inst.else, users);
      }
      if (inst.op === 'store' || inst.op === 'loop' || inst.op === 'if' || inst.op === 'fault') {
        nextWrite = i;
      }
      this.count(inst, i, users, number);
    }
  }

  /** Notes what an instruction reads itself; the frequent ones without a list of it. */
  private count(inst: Inst, at: number, users: Users, block: number): void {
    switch (inst.op) {
      case 'binary':
        this.countOne(inst.a, at, users, block);
        this.countOne(inst.b, at, users, block);
        return;
      case 'load':
      case 'store': {
        const { addr } = inst;
        this.countOne(addr.base, at, users, block);
        if (addr.index !== undefined) this.countOne(addr.index, at, users, block);
        if (inst.op === 'store') this.countOne(inst.value, at, users, block);
        if (inst.mask !== undefined) this.countOne(inst.mask, at, users, block);
        return;
      }
      case 'fma':
        this.countOne(inst.a, at, users, block);
        this.countOne(inst.b, at, users, block);
        this.countOne(inst.c, at, users, block);
        return;
      case 'const':
        return;
      default: {
        const read = operandsOf(inst);
        for (let i = 0; i < read.length; i++) this.countOne(read[i], at, users, block);
      }
    }
  }

  private countOne({ id }: Reg, at: number, users: Users, block: number): void {
    this.uses[id]++;
    users.at[id] = at;
    users.block[id] = block;
  }

  private foldsInto(inst: Inst, user: Inst): boolean {
    const spreads = inst.op === 'load' && inst.splat && inst.dst.type.lanes > 1;
    return (this.isa.broadcasts || !spreads) && foldsInto(inst, user);
  }

  /** Whether code is made for what assigns a register here, and not at its use or never. */
  private needed(inst: Inst, dst: Reg): boolean {
    if (this.folded[dst.id] === 1) return false;
    return this.uses[dst.id] > 0 || !isRemovable(inst);
  }

  // ---- control

  private block(insts: readonly Inst[]): readonly MNode[] {
    const outer = this.nodes;
    this.nodes = [];
    for (let i = 0; i < insts.length; i++) {
      const inst = insts[i];
      const { op } = inst;
      const dst = resultOf(inst);
      if (dst !== undefined) {
        if (!this.needed(inst, dst)) continue;
        this.depths[dst.id] = this.depth;
        this.code.value(this, inst as Simple, dst);
      } else if (op === 'loop') this.loop(inst);
      else if (op === 'if') this.branch(inst);
      else if (op === 'fault') this.fault(inst);
      else this.code.value(this, inst as Simple, undefined);
    }
    const made = this.nodes;
    this.nodes = outer;
    return made;
  }

  private loop(inst: Of<'loop'>): void {
    const copy = (to: Reg, from: Reg): Copy => ({ to: this.reg(to), from: this.reg(from) });
    const from = this.constant(inst.from);
    const to = this.constant(inst.to);
    const entry = [copy(inst.index, inst.from), ...inst.carried.map((c) => copy(c.reg, c.init))];
    const limit = to !== undefined && isInt32(to) ? Number(to) : this.reg(inst.to);
    this.depth++;
    for (const reg of [inst.index, ...inst.carried.map((c) => c.reg)]) {
      this.depths[reg.id] = this.depth;
    }
    const body = this.block(inst.body);
    this.depth--;
    for (const c of inst.carried) this.depths[c.result.id] = this.depth;
    this.nodes.push({
      kind: 'loop',
      index: this.reg(inst.index),
      to: limit,
      step: inst.step,
      certain: from !== undefined && to !== undefined && Number(from) < Number(to),
      entry,
      body,
      turn: inst.carried.map((c) => copy(c.reg, c.next)),
      exit: inst.carried.map((c) => copy(c.result, c.reg)),
    });
  }

  private branch(inst: Of<'if'>): void {
    const { test, holds } = this.code.test(this, inst.cond);
    this.depths[inst.cond.id] = this.depth;
    const then = this.block(inst.then);
    const otherwise = this.block(inst.else);
    for (const r of inst.results) this.depths[r.dst.id] = this.depth;
    this.nodes.push({
      kind: 'if',
      test,
      unless: NEGATED[holds],
      then,
      thenCopies: inst.results.map((r) => ({ to: this.reg(r.dst), from: this.reg(r.then) })),
      else: otherwise,
      elseCopies: inst.results.map((r) => ({ to: this.reg(r.dst), from: this.reg(r.else) })),
    });
  }

  /** Lowers the fault word to the position; the first one of the first op wins. */
  private fault(inst: Of<'fault'>): void {
    const { test, holds } = this.code.test(this, inst.cond);
    const outer = this.nodes;
    this.nodes = [];
    const [word, position] = [this.temp('gp', 8), this.temp('gp', 8)];
    this.emit('vcvttsd2si', [this.use(word, 64), memUse('args', 8 * ARG_FAULT, 64)]);
    this.emit('mov', [this.use(position, 32), this.use(this.reg(inst.position), 32)]);
    this.emit('lower', [memUse(word, 0, 64), this.use(position, 64)], {
      reads: true,
      foldable: -1,
      parts: true,
    });
    const write = this.nodes;
    this.nodes = outer;
    this.nodes.push({
      kind: 'if',
      test,
      unless: NEGATED[holds],
      then: write,
      thenCopies: [],
      else: [],
      elseCopies: [],
    });
  }

  // ---- what instructions are made of

  /** The value of a constant register, else undefined. */
  constant(reg: Reg): number | bigint | undefined {
    const inst = this.defs[reg.id];
    return inst?.op === 'const' ? inst.value : undefined;
  }

  /** The instruction that defines a register. */
  definition(reg: Reg): Inst | undefined {
    return this.defs[reg.id];
  }

  /** Whether the definition of a register is made at its use: here. */
  isFolded(reg: Reg): boolean {
    return this.folded[reg.id] === 1;
  }

  /** Whether nothing needs a register after this one use of it. */
  diesHere(reg: Reg): boolean {
    return this.uses[reg.id] === 1 && this.depths[reg.id] === this.depth;
  }

  /** The virtual register of a value. */
  reg(reg: Reg): VReg {
    return this.regs[reg.id] ?? this.newReg(reg);
  }

  private newReg(reg: Reg): VReg {
    const { elem, lanes } = reg.type;
    const cls = classOf(reg.type, this.isa.maskClass);
    const whole = elem === 'mask' && lanes > 1;
    const bytes = cls !== 'vec' ? 8 : whole ? this.isa.vectorBytes : bitsOf(reg.type) / 8;
    const v = { id: this.nextId++, class: cls, bytes, remake: this.remakeOf(reg) };
    this.regs[reg.id] = v;
    return v;
  }

  private remakeOf(reg: Reg): Remake | undefined {
    const inst = this.defs[reg.id];
    if (inst === undefined) return undefined;
    const { elem, lanes } = reg.type;
    switch (inst.op) {
      case 'param':
        if (elem !== 'index' || inst.from !== undefined) return undefined;
        return { kind: 'slot', slot: ARG_PARAMS + inst.slot };
      case 'tile':
        this.tiled = true;
        return { kind: 'call', which: inst.which };
      case 'const':
        if (lanes === 1 && !isFloat(elem)) {
          return { kind: 'immediate', value: BigInt(inst.value) };
        }
        return this.remakeLanes(elem, lanes, inst.value);
      case 'splat':
        return this.remakeLanes(elem, lanes, this.constant(inst.a));
      default:
        return undefined;
    }
  }

  private remakeLanes(
    elem: Elem,
    lanes: number,
    value: number | bigint | undefined,
  ): Remake | undefined {
    if (value === undefined || elem === 'mask' || (lanes === 1 && !isFloat(elem))) return undefined;
    const spread = lanes > 1 && !this.isa.broadcasts;
    const label = spread
      ? this.lanesOf(elem, value, this.isa.vectorBytes * 8).base
      : this.element(elem, value);
    return { kind: 'broadcast', label: label as Label, elementBytes: bytesOf(elem) };
  }

  /** A register with these 64 bytes, loaded once, before everything else. */
  hoisted(bytes: Uint8Array): VReg {
    const key = bytes.join();
    let reg = this.tables.get(key);
    if (reg === undefined) {
      reg = this.temp('vec', 64);
      this.tables.set(key, reg);
      const at = memUse(this.pooled(bytes), 0, 512);
      this.prelude.push(instOf('vmovups', [this.use(reg, 512), at]));
    }
    return reg;
  }

  /** The one value of every lane, if it is known. */
  splatConstant(reg: Reg): number | bigint | undefined {
    const inst = this.defs[reg.id];
    if (inst?.op === 'const') return inst.value;
    return inst?.op === 'splat' ? this.constant(inst.a) : undefined;
  }

  temp(cls: Class, bytes: number): VReg {
    return { id: this.nextId++, class: cls, bytes, remake: undefined };
  }

  use(reg: VReg, bits: number, mask?: VReg, zeroing = false): RegUse {
    return { kind: 'reg', reg, bits, mask, zeroing, memoryBits: undefined };
  }

  /** A value as a register operand of its natural width. */
  operand(reg: Reg): RegUse {
    return this.operands[reg.id] ?? this.newOperand(reg);
  }

  private newOperand(reg: Reg): RegUse {
    const v = this.reg(reg);
    const bits =
      v.class === 'vec' ? 8 * v.bytes : v.class === 'k' ? 64 : 8 * bytesOf(reg.type.elem);
    const scalar = v.class === 'vec' && reg.type.lanes === 1;
    const memoryBits = !scalar ? undefined : bytesOf(reg.type.elem) === 8 ? 64 : 32;
    const made: RegUse = { kind: 'reg', reg: v, bits, mask: undefined, zeroing: false, memoryBits };
    this.operands[reg.id] = made;
    return made;
  }

  /** A value as the operand that may lie in memory: a load that folds, or a known constant. */
  memoryOperand(reg: Reg): RegUse | MemUse {
    const inst = this.defs[reg.id];
    if (inst !== undefined && inst.op === 'load' && this.folded[reg.id] === 1) {
      const { elem, lanes } = reg.type;
      const elementBits = 8 * bytesOf(elem);
      const bits = lanes === 1 || inst.splat ? elementBits : bitsOf(reg.type);
      return this.address(inst.addr, bits, inst.splat && lanes > 1);
    }
    return this.operand(reg);
  }

  address(addr: Address, bits: number, broadcast = false, mask?: VReg): MemUse {
    const base = this.reg(addr.base);
    const index = addr.index === undefined ? undefined : this.reg(addr.index);
    return memUse(base, addr.offset, bits, index, addr.scale, broadcast, mask);
  }

  /** One element in the pool. */
  element(elem: Elem, value: number | bigint): Label {
    const key = Object.is(value, -0) ? `${elem}-0` : elem + value;
    let label = this.elements.get(key);
    if (label === undefined) {
      label = this.pooled(elementBytes(elem, value));
      this.elements.set(key, label);
    }
    return label;
  }

  /** A pooled element for every lane, as a memory operand. */
  broadcast(elem: Elem, value: number | bigint): MemUse {
    return memUse(this.element(elem, value), 0, 8 * bytesOf(elem), undefined, 1, true);
  }

  /** A pooled element, as a memory operand. */
  pooledElement(elem: Elem, value: number | bigint): MemUse {
    return memUse(this.element(elem, value), 0, 8 * bytesOf(elem));
  }

  /** A pooled vector with one value in every lane. */
  lanesOf(elem: Elem, value: number | bigint, bits: number): MemUse {
    const one = elementBytes(elem, value);
    const all = new Uint8Array(bits / 8).map((_, i) => one[i % one.length]);
    return memUse(this.pooled(all), 0, bits);
  }

  /** Appends an instruction whose first operand it assigns, if that is a register. */
  emit(name: string, operands: readonly MOperand[], options?: InstOptions): void {
    this.nodes.push(instOf(name, operands, options));
  }

  push(node: MNode): void {
    this.nodes.push(node);
  }

  /** What `make` appends, as a list of its own. */
  apart(make: () => void): readonly MNode[] {
    const outer = this.nodes;
    this.nodes = [];
    make();
    const made = this.nodes;
    this.nodes = outer;
    return made;
  }

  fail(what: string): Error {
    return new Error(`x86-64 cannot compile ${what} (kernel ${this.source.name})`);
  }
}

/** An element as it lies in memory. */
function elementBytes(elem: Elem, value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(bytesOf(elem));
  const view = new DataView(bytes.buffer);
  if (elem === 'f32') view.setFloat32(0, Number(value), true);
  else if (elem === 'f64') view.setFloat64(0, Number(value), true);
  else if (bytes.length === 8) view.setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true);
  else view.setInt32(0, Number(BigInt.asIntN(32, BigInt(value))), true);
  return bytes;
}

export interface InstOptions {
  /** Operand 0 starts as this. */
  readonly tied?: VReg;
  /** Operand 0 is only read (compare, store). */
  readonly reads?: boolean;
  /** The register operand that may lie in memory; the last one unless given. */
  readonly foldable?: number;
  /** `emit.ts` writes several instructions for it. */
  readonly parts?: boolean;
}

const READS = new Set([
  'cmp',
  'test',
  'vucomiss',
  'vucomisd',
  'prefetcht0',
  'kortestw',
  'vptest',
  'jmp',
]);

export function instOf(name: string, operands: readonly MOperand[], options?: InstOptions): MInst {
  const first = operands[0];
  let def: VReg | null = null;
  if (typeof first === 'object' && first.kind === 'reg') {
    const reads = options?.reads ?? READS.has(name);
    if (!reads) def = first.reg;
  }
  const foldable = options?.foldable ?? usualFold(operands);
  const parts = options?.parts === true;
  return { kind: 'inst', name, operands, def, tied: options?.tied, foldable, parts };
}

/** The last register operand, unless there is memory already. */
function usualFold(operands: readonly MOperand[]): number {
  let last = -1;
  for (let i = 0; i < operands.length; i++) {
    const o = operands[i];
    if (typeof o !== 'object') continue;
    if (o.kind === 'mem') return -1;
    if (i > 0) last = i;
  }
  return last;
}

export const NEGATED = {
  e: 'ne',
  ne: 'e',
  l: 'ge',
  le: 'g',
  g: 'le',
  ge: 'l',
  b: 'ae',
  be: 'a',
  a: 'be',
  ae: 'b',
  p: 'np',
  np: 'p',
} as const;

export const isInt32 = (x: number | bigint): boolean => {
  const n = Number(x);
  return Number.isInteger(n) && n >= -(2 ** 31) && n < 2 ** 31;
};

/** The register that an instruction assigns; none of a loop or branch. */
const resultOf = (inst: Inst): Reg | undefined => (inst as { readonly dst?: Reg }).dst;

const isRemovable = (inst: Inst): boolean => isPure(inst) || inst.op === 'load';

/** Where each register is read last in its block, by `survey`. */
class Users {
  blocks = 0;
  readonly block: Int32Array;
  readonly at: Int32Array;

  constructor(registers: number) {
    this.block = new Int32Array(registers);
    this.at = new Int32Array(registers);
  }
}

/** Whether `inst` can be made inside the code of the one instruction that uses it. */
function foldsInto(inst: Inst, user: Inst): boolean {
  // A comparison sets the flags that a branch or a fault asks for.
  if (inst.op === 'compare') {
    const { elem, lanes } = inst.a.type;
    return lanes === 1 && !isFloat(elem) && (user.op === 'if' || user.op === 'fault');
  }
  if (inst.op !== 'load' || inst.mask !== undefined || inst.mem === 'u8') return false;
  const { elem, lanes } = inst.dst.type;
  if (lanes === 1 && !isFloat(elem)) return false;
  if (user.op === 'fma') return isFloat(elem) && user.c !== inst.dst && user.a !== user.b;
  if (user.op !== 'binary' || user.a === user.b) return false;
  const { fn } = user;
  if (fn !== 'add' && fn !== 'sub' && fn !== 'mul' && (fn !== 'div' || !isFloat(elem)))
    return false;
  const commutes = user.fn === 'add' || user.fn === 'mul';
  return user.b === inst.dst || commutes;
}
