/**
 * Machine IR: x86-64 instructions over virtual registers, in the kernel's own structure of loops
 * and branches. Made by `select.ts`; `liveness.ts` and `allocate.ts` give the registers places;
 * `emit.ts` writes it.
 *
 * An instruction that overwrites its first source names that source as `tied`: the result starts
 * as a copy of it, which vanishes where both get one register.
 */
import type { Label } from '../../asm/x64/index.ts';

/** General, vector (xmm, ymm, zmm) and mask registers. */
export type Class = 'gp' | 'vec' | 'k';

/** A virtual register. */
export interface VReg {
  readonly id: number;
  readonly class: Class;
  /** Bytes it holds: what a spill keeps. Masks 8. */
  readonly bytes: number;
  /** How to make it again without a spill: a constant, or a slot of the argument block. */
  readonly remake?: Remake | undefined;
}

export type Remake =
  | { readonly kind: 'immediate'; readonly value: bigint }
  /** An address or a count in a slot of the argument block: a float64. */
  | { readonly kind: 'slot'; readonly slot: number }
  /** What the kernel was called with, kept in its frame: a number of a tile or of the thread. */
  | { readonly kind: 'call'; readonly which: CallValue }
  /** A constant in memory, the same for every element. */
  | { readonly kind: 'broadcast'; readonly label: Label; readonly elementBytes: 4 | 8 };

export type CallValue = 'first' | 'end' | 'thread';

/** Where a register's value lies. */
export type Place =
  | { readonly kind: 'register'; readonly number: number }
  /** Bytes from the stack pointer. */
  | { readonly kind: 'stack'; readonly offset: number }
  | Remake;

/** How a virtual register is read in an operand: its width, and a write mask. */
export interface RegUse {
  readonly kind: 'reg';
  readonly reg: VReg;
  /** Bits: 8, 32, 64 general; 128, 256, 512 vector; 64 mask. */
  readonly bits: number;
  readonly mask?: VReg | undefined;
  readonly zeroing?: boolean;
  /** Bits that are read where it lies in memory, if fewer: of a scalar, its own. */
  readonly memoryBits?: 32 | 64 | undefined;
}

export interface MemUse {
  readonly kind: 'mem';
  /** A register, the argument block, a value of the call, or a constant. */
  readonly base: VReg | 'args' | CallValue | Label;
  readonly index?: VReg | undefined;
  readonly scale?: 1 | 2 | 4 | 8;
  readonly disp: number;
  readonly bits: 8 | 16 | 32 | 64 | 128 | 256 | 512;
  readonly broadcast?: boolean;
  readonly mask?: VReg | undefined;
}

/** All memory operands are made here: what reads them is quicker if they all have one shape. */
export const memUse = (
  base: MemUse['base'],
  disp: number,
  bits: number,
  index?: VReg,
  scale: MemUse['scale'] = 1,
  broadcast = false,
  mask?: VReg,
): MemUse => ({
  kind: 'mem',
  base,
  index,
  scale,
  disp,
  bits: bits as MemUse['bits'],
  broadcast,
  mask,
});

export type MOperand = RegUse | MemUse | number | bigint;

export interface MInst {
  readonly kind: 'inst';
  readonly name: string;
  readonly operands: readonly MOperand[];
  /** Virtual register that operand 0 assigns, if it is one. */
  readonly def: VReg | null;
  /** What operand 0 starts as. Operand 0 is then read too. */
  readonly tied?: VReg | undefined;
  /** The register operand that may lie in memory instead, or -1. */
  readonly foldable: number;
  /** Whether `emit.ts` writes several instructions for it. */
  readonly parts: boolean;
}

/** Assigns registers at once: all are read before one is written. */
export interface Copy {
  readonly to: VReg;
  readonly from: VReg;
}

export interface MLoop {
  readonly kind: 'loop';
  readonly index: VReg;
  readonly to: VReg | number;
  readonly step: number;
  /** Whether it surely runs once. */
  readonly certain: boolean;
  readonly entry: readonly Copy[];
  readonly body: readonly MNode[];
  readonly turn: readonly Copy[];
  readonly exit: readonly Copy[];
}

export interface MIf {
  readonly kind: 'if';
  /** Sets the flags; then the branch is taken unless `unless` holds. */
  readonly test: MInst;
  readonly unless: Condition;
  readonly then: readonly MNode[];
  readonly thenCopies: readonly Copy[];
  readonly else: readonly MNode[];
  readonly elseCopies: readonly Copy[];
}

export type Condition = 'e' | 'ne' | 'l' | 'le' | 'g' | 'ge' | 'b' | 'be' | 'a' | 'ae' | 'p' | 'np';

export type MNode = MInst | MLoop | MIf;

/** What an instruction reads before it writes. */
export function readsOf(inst: MInst): VReg[] {
  const out: VReg[] = inst.tied === undefined ? [] : [inst.tied];
  inst.operands.forEach((o, i) => {
    if (typeof o !== 'object') return;
    if (o.kind === 'mem') {
      if (typeof o.base === 'object' && 'class' in o.base) out.push(o.base);
      if (o.index !== undefined) out.push(o.index);
    } else if (i > 0 || inst.def === null) out.push(o.reg);
    if (o.mask !== undefined) out.push(o.mask);
  });
  return out;
}
