/** Operands that are not registers: memory, labels, rounding. Immediates are plain numbers. */
import { ValueError } from '../../base/index.ts';
import { broadcastKind, isVectorKind, KIND, memoryKind, SPECIAL } from './operand-kind.ts';
import { checkWriteMask, type Gp64, type MaskRegister, type Register } from './registers.ts';

/** A place in the code or in the constant pool; made by `Assembler.label` and `.constant`. */
export class Label {
  readonly kind: number = KIND.label;
  readonly signature: number = KIND.label;
  readonly name: string;
  /** Where it is in the code before layout, and how many stretches come before; -1 is unbound. */
  position = -1;
  stretch = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** Rounding of one instruction (which also reports no exceptions), or `sae`: no exceptions alone. */
export class Rounding {
  readonly kind: number = KIND.none;
  readonly signature: number = KIND.none | SPECIAL;
  readonly name: string;
  readonly control: number;

  constructor(name: string, control: number) {
    this.name = name;
    this.control = control;
  }
}

export const sae = new Rounding('{sae}', 0);
/** To nearest, ties to even; down; up; towards zero. */
export const rounding = {
  nearest: new Rounding('{rn-sae}', 0),
  down: new Rounding('{rd-sae}', 1),
  up: new Rounding('{ru-sae}', 2),
  zero: new Rounding('{rz-sae}', 3),
} as const;

export type IndexRegister = Register<'gp64' | 'xmm' | 'ymm' | 'zmm'>;

export interface MemoryOptions {
  /** A vector register makes the address that of a gather or scatter. */
  readonly index?: IndexRegister;
  readonly scale?: 1 | 2 | 4 | 8;
  /** Bytes added to the address. */
  readonly disp?: number;
  /** Bits accessed: 8 to 512. Left out, the other operands must tell. */
  readonly bits?: 8 | 16 | 32 | 64 | 128 | 256 | 512;
  /** One element for all lanes; a number where the other operands do not tell how many. */
  readonly broadcast?: boolean | 2 | 4 | 8 | 16 | 32;
  /** Write mask of a store or scatter. */
  readonly mask?: MaskRegister;
}

/**
 * [base + index * scale + disp], or with a label [rip + label + disp]. There are many: the fields are
 * declared, so that only the constructor's assignments make them.
 */
export class Memory {
  declare readonly kind: number;
  /** Its kind, and whether there is more to it. */
  declare readonly signature: number;
  declare readonly base: Gp64 | null;
  declare readonly label: Label | null;
  declare readonly index: IndexRegister | null;
  declare readonly scale: number;
  declare readonly disp: number;
  declare readonly bits: number;
  declare readonly broadcast: boolean;
  declare readonly writeMask: number;

  /** Unchecked: `mem` checks. A broadcast is to any number of lanes, or so many. */
  constructor(
    base: Gp64 | Label | null,
    index: IndexRegister | null,
    scale: number,
    disp: number,
    bits: number,
    broadcast: boolean | number,
    writeMask: number,
  ) {
    this.base = base === null || base.kind === KIND.label ? null : (base as Gp64);
    this.label = base === null || base.kind !== KIND.label ? null : (base as Label);
    this.index = index;
    this.scale = scale;
    this.disp = disp;
    this.bits = bits;
    this.broadcast = broadcast !== false;
    this.writeMask = writeMask;
    const vectors = index !== null && isVectorKind(index.kind);
    if (vectors) this.kind = KIND.indexedX + (index.kind - KIND.xmm);
    else if (broadcast === false) this.kind = memoryKind(bits);
    else this.kind = broadcastKind(broadcast === true ? 0 : broadcast);
    const special = vectors || broadcast !== false || writeMask > 0;
    this.signature = special ? this.kind | SPECIAL : this.kind;
  }
}

/** Memory at `base` (a register, a label, or nothing but an index). */
export function mem(base: Gp64 | Label | null, options: MemoryOptions = NO_OPTIONS): Memory {
  const { index = null, scale = 1, disp = 0, bits = 0, broadcast = false, mask } = options;
  if (mask !== undefined) checkWriteMask(mask);
  const memory = new Memory(base, index, scale, disp, bits, broadcast, mask?.id ?? 0);
  const problem = problemOf(memory);
  if (problem !== null) throw new ValueError({ op: 'mem', problem });
  return memory;
}

const NO_OPTIONS: MemoryOptions = {};

/** What `mem` makes of correct options, in fewer steps; only the displacement is checked. */
export function memoryAt(
  base: Gp64 | Label,
  disp: number,
  bits: number,
  index: Gp64 | null = null,
  scale = 1,
  broadcast = false,
  writeMask = 0,
): Memory {
  if (disp !== (disp | 0)) return mem(base, { disp }); // which refuses it
  return new Memory(base, index, scale, disp, bits, broadcast, writeMask);
}

/** What an instruction takes. */
export type Operand = Register | Memory | Label | Rounding | number | bigint;

function problemOf({ base, index, label, scale, disp, kind, bits, broadcast }: Memory) {
  if (base === null && index === null && label === null)
    return 'an address needs a base, an index or a label';
  if (base !== null && base.kind !== KIND.gp64)
    return `${base.name} is no base: 64-bit registers are`;
  if (index !== null) {
    if (label !== null) return 'an address relative to rip takes no index';
    if (index.kind !== KIND.gp64 && !isVectorKind(index.kind))
      return `${index.name} is no index: 64-bit and vector registers are`;
    if (index.kind === KIND.gp64 && index.id === 4) return 'rsp is no index';
  }
  if (scale !== 1 && scale !== 2 && scale !== 4 && scale !== 8)
    return `scale is ${scale}; it can be 1, 2, 4 or 8`;
  if (disp !== (disp | 0)) return `disp is ${disp}; it is an integer of 32 bits`;
  if (kind < 0)
    return broadcast ? 'a broadcast is to 2, 4, 8, 16 or 32 lanes' : `memory of ${bits} bits`;
  return null;
}
