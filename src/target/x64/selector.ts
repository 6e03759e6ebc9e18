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
import type {
  Class,
  Condition,
  Copy,
  MemUse,
  MIf,
  MInst,
  MNode,
  MOperand,
  RegUse,
  Remake,
  VReg,
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
  value(s: Selector, inst: Simple): void;
  /** What sets the flags for a branch on a truth value, and the condition that then holds. */
  test(s: Selector, cond: Reg): { test: MInst; holds: Condition };
}

export class Selector {
  readonly isa: IsaCode;
  readonly pooled: ConstantPool;
  private readonly source: Kernel;
  private readonly code: ValueCode;
  private readonly regs = new Map<number, VReg>();
  /** The instruction that defines each register, where it is one. */
  private readonly defs = new Map<number, Inst>();
  private readonly uses: number[];
  /** The loop in which each register is assigned, and whether it is read in a deeper one. */
  private readonly depths = new Map<number, number>();
  /** Pure or loading instructions that are made at their one use. */
  private readonly folded = new Set<Inst>();
  private nodes: MNode[] = [];
  /** Whether the kernel asks which tiles to run. */
  tiled = false;
  private nextId = 0;
  private depth = 0;

  constructor(source: Kernel, pool: ConstantPool, code: ValueCode, isa: IsaCode) {
    this.isa = isa;
    this.source = source;
    this.code = code;
    this.pooled = pool;
    this.uses = new Array<number>(source.registers).fill(0);
    this.survey(source.body);
  }

  kernel(): readonly MNode[] {
    return this.block(this.source.body);
  }

  // ---- what is used how

  /** Backwards, so that what nothing needs is seen; and which loads and tests fold into their use. */
  private survey(block: readonly Inst[]): void {
    const users = new Map<number, { at: number; inst: Inst }>();
    const taken = new Set<Inst>();
    let nextWrite = block.length;
    for (let i = block.length - 1; i >= 0; i--) {
      const inst = block[i];
      if ('dst' in inst) {
        const { id } = inst.dst;
        this.defs.set(id, inst);
        if (this.uses[id] === 0 && isRemovable(inst)) continue;
        const user = users.get(id);
        if (this.uses[id] === 1 && user !== undefined) {
          const stays = inst.op !== 'load' || user.at <= nextWrite;
          // One operand of an instruction may lie in memory.
          if (stays && this.foldsInto(inst, user.inst) && !taken.has(user.inst)) {
            this.folded.add(inst);
            taken.add(user.inst);
          }
        }
      } else if (inst.op === 'loop') {
        for (const c of inst.carried) this.uses[c.next.id]++;
        this.survey(inst.body);
      } else if (inst.op === 'if') {
        for (const r of inst.results) {
          this.uses[r.then.id]++;
          this.uses[r.else.id]++;
        }
        this.survey(inst.then);
        this.survey(inst.else);
      }
      if (inst.op === 'store' || inst.op === 'loop' || inst.op === 'if' || inst.op === 'fault') {
        nextWrite = i;
      }
      for (const reg of operandsOf(inst)) {
        this.uses[reg.id]++;
        users.set(reg.id, { at: i, inst });
      }
    }
  }

  private foldsInto(inst: Inst, user: Inst): boolean {
    const spreads = inst.op === 'load' && inst.splat && inst.dst.type.lanes > 1;
    return (this.isa.broadcasts || !spreads) && foldsInto(inst, user);
  }

  private needed(inst: Inst): boolean {
    return !('dst' in inst) || this.uses[inst.dst.id] > 0 || !isRemovable(inst);
  }

  // ---- control

  private block(insts: readonly Inst[]): readonly MNode[] {
    const outer = this.nodes;
    this.nodes = [];
    for (const inst of insts) {
      if (!this.needed(inst) || this.folded.has(inst)) continue;
      if (inst.op === 'loop') this.loop(inst);
      else if (inst.op === 'if') this.branch(inst);
      else if (inst.op === 'fault') this.fault(inst);
      else this.simple(inst);
    }
    const made = this.nodes;
    this.nodes = outer;
    return made;
  }

  private simple(inst: Simple): void {
    if ('dst' in inst) this.depths.set(inst.dst.id, this.depth);
    this.code.value(this, inst);
  }

  private loop(inst: Of<'loop'>): void {
    const copy = (to: Reg, from: Reg): Copy => ({ to: this.reg(to), from: this.reg(from) });
    const from = this.constant(inst.from);
    const to = this.constant(inst.to);
    const entry = [copy(inst.index, inst.from), ...inst.carried.map((c) => copy(c.reg, c.init))];
    const limit = to !== undefined && isInt32(to) ? Number(to) : this.reg(inst.to);
    this.depth++;
    for (const reg of [inst.index, ...inst.carried.map((c) => c.reg)]) {
      this.depths.set(reg.id, this.depth);
    }
    const body = this.block(inst.body);
    this.depth--;
    for (const c of inst.carried) this.depths.set(c.result.id, this.depth);
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
    this.depths.set(inst.cond.id, this.depth);
    const then = this.block(inst.then);
    const otherwise = this.block(inst.else);
    for (const r of inst.results) this.depths.set(r.dst.id, this.depth);
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
    const slot: MemUse = { kind: 'mem', base: 'args', disp: 8 * ARG_FAULT, bits: 64 };
    this.emit('vcvttsd2si', [this.use(word, 64), slot]);
    this.emit('mov', [this.use(position, 32), this.use(this.reg(inst.position), 32)]);
    const at: MemUse = { kind: 'mem', base: word, disp: 0, bits: 64 };
    const lower: MIf = {
      kind: 'if',
      test: instOf('cmp', [at, this.use(position, 64)]),
      unless: 'be',
      then: [instOf('mov', [at, this.use(position, 64)])],
      thenCopies: [],
      else: [],
      elseCopies: [],
    };
    const write = [...this.nodes, lower];
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
    const inst = this.defs.get(reg.id);
    return inst?.op === 'const' ? inst.value : undefined;
  }

  /** The instruction that defines a register. */
  definition(reg: Reg): Inst | undefined {
    return this.defs.get(reg.id);
  }

  /** Whether the definition of a register is made at its use: here. */
  isFolded(reg: Reg): boolean {
    const inst = this.defs.get(reg.id);
    return inst !== undefined && this.folded.has(inst);
  }

  /** Whether nothing needs a register after this one use of it. */
  diesHere(reg: Reg): boolean {
    return this.uses[reg.id] === 1 && this.depths.get(reg.id) === this.depth;
  }

  /** The virtual register of a value. */
  reg(reg: Reg): VReg {
    let v = this.regs.get(reg.id);
    if (v === undefined) {
      const { elem, lanes } = reg.type;
      const cls = classOf(reg.type, this.isa.maskClass);
      const whole = elem === 'mask' && lanes > 1;
      const bytes = cls !== 'vec' ? 8 : whole ? this.isa.vectorBytes : bitsOf(reg.type) / 8;
      v = { id: this.nextId++, class: cls, bytes, ...this.remakeOf(reg) };
      this.regs.set(reg.id, v);
    }
    return v;
  }

  private remakeOf(reg: Reg): { remake?: Remake } {
    const inst = this.defs.get(reg.id);
    if (inst?.op === 'param' && reg.type.elem === 'index') {
      return { remake: { kind: 'slot', slot: ARG_PARAMS + inst.slot } };
    }
    if (inst?.op === 'tile') {
      this.tiled = true;
      return { remake: { kind: 'call', which: inst.which } };
    }
    const { elem, lanes } = reg.type;
    if (inst?.op === 'const' && lanes === 1 && !isFloat(elem)) {
      return { remake: { kind: 'immediate', value: BigInt(inst.value) } };
    }
    const value = this.splatConstant(reg);
    if (value !== undefined && elem !== 'mask' && (lanes > 1 || isFloat(elem))) {
      const elementBytes = bytesOf(elem);
      const spread = lanes > 1 && !this.isa.broadcasts;
      const label = spread
        ? this.lanesOf(elem, value, this.isa.vectorBytes * 8).base
        : this.element(elem, value);
      return { remake: { kind: 'broadcast', label: label as Label, elementBytes } };
    }
    return {};
  }

  /** The one value of every lane, if it is known. */
  splatConstant(reg: Reg): number | bigint | undefined {
    const inst = this.defs.get(reg.id);
    if (inst?.op === 'const') return inst.value;
    return inst?.op === 'splat' ? this.constant(inst.a) : undefined;
  }

  temp(cls: Class, bytes: number): VReg {
    return { id: this.nextId++, class: cls, bytes };
  }

  use(reg: VReg, bits: number, mask?: VReg, zeroing = false): RegUse {
    return mask === undefined
      ? { kind: 'reg', reg, bits }
      : { kind: 'reg', reg, bits, mask, zeroing };
  }

  /** A value as a register operand of its natural width. */
  operand(reg: Reg): RegUse {
    const v = this.reg(reg);
    const bits =
      v.class === 'vec' ? 8 * v.bytes : v.class === 'k' ? 64 : 8 * bytesOf(reg.type.elem);
    const use = this.use(v, bits);
    if (v.class !== 'vec' || reg.type.lanes > 1) return use;
    return { ...use, memoryBits: bytesOf(reg.type.elem) === 8 ? 64 : 32 };
  }

  /** A value as the operand that may lie in memory: a load that folds, or a known constant. */
  memoryOperand(reg: Reg): RegUse | MemUse {
    const inst = this.defs.get(reg.id);
    if (inst !== undefined && inst.op === 'load' && this.folded.has(inst)) {
      const { elem, lanes } = reg.type;
      const elementBits = 8 * bytesOf(elem);
      const bits = lanes === 1 || inst.splat ? elementBits : bitsOf(reg.type);
      return this.address(inst.addr, bits, inst.splat && lanes > 1);
    }
    return this.operand(reg);
  }

  address(addr: Address, bits: number, broadcast = false): MemUse {
    return {
      kind: 'mem',
      base: this.reg(addr.base),
      ...(addr.index === undefined ? {} : { index: this.reg(addr.index), scale: addr.scale ?? 1 }),
      disp: addr.offset,
      bits: bits as MemUse['bits'],
      broadcast,
    };
  }

  /** One element in the pool. */
  element(elem: Elem, value: number | bigint): Label {
    return this.pooled(elementBytes(elem, value));
  }

  /** A pooled element for every lane, as a memory operand. */
  broadcast(elem: Elem, value: number | bigint): MemUse {
    const bits = (8 * bytesOf(elem)) as MemUse['bits'];
    return { kind: 'mem', base: this.element(elem, value), disp: 0, bits, broadcast: true };
  }

  /** A pooled vector with one value in every lane. */
  lanesOf(elem: Elem, value: number | bigint, bits: number): MemUse {
    const one = elementBytes(elem, value);
    const all = new Uint8Array(bits / 8).map((_, i) => one[i % one.length]);
    return { kind: 'mem', base: this.pooled(all), disp: 0, bits: bits as MemUse['bits'] };
  }

  /** Appends an instruction whose first operand it assigns, if that is a register. */
  emit(name: string, operands: readonly MOperand[], options: InstOptions = {}): void {
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

export function instOf(
  name: string,
  operands: readonly MOperand[],
  { tied, reads = READS.has(name), foldable }: InstOptions = {},
): MInst {
  const [first] = operands;
  const def = !reads && typeof first === 'object' && first.kind === 'reg' ? first.reg : null;
  const hasMemory = operands.some((o) => typeof o === 'object' && o.kind === 'mem');
  const last = operands.findLastIndex((o) => typeof o === 'object' && o.kind === 'reg');
  const usual = hasMemory || last <= 0 ? -1 : last;
  return {
    kind: 'inst',
    name,
    operands,
    def,
    ...(tied === undefined ? {} : { tied }),
    foldable: foldable ?? usual,
  };
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

const isRemovable = (inst: Inst): boolean => isPure(inst) || inst.op === 'load';

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
  if (!['add', 'sub', 'mul', 'div'].includes(user.fn) || (!isFloat(elem) && user.fn === 'div')) {
    return false;
  }
  const commutes = user.fn === 'add' || user.fn === 'mul';
  return user.b === inst.dst || commutes;
}
