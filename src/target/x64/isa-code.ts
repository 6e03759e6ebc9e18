/**
 * What differs between ISA classes: code for the same values, from the instructions each has.
 * `avx512.ts` and `avx2.ts` are the two.
 */
import type { BinaryOp, Elem, KType, Reg, UnaryOp } from '../../kernel/index.ts';
import type { MemUse, RegUse, VReg } from './machine.ts';
import type { Of, Selector } from './selector.ts';

/** The ISA classes that machine code is made for. */
export type Isa = 'avx512' | 'avx2';

export interface IsaCode {
  readonly isa: Isa;
  readonly vectorBytes: 32 | 64;
  /** Where the truth values of lanes lie: a bit each in a mask register, or all bits of each lane. */
  readonly maskClass: 'k' | 'vec';
  /** Whether an operand may be one element in memory for all lanes. */
  readonly broadcasts: boolean;
  /** Begins the name of what rounds floats to integers. */
  readonly rounding: 'vrndscale' | 'vround';

  // Floats, in one lane or many: the suffix is ss, sd, ps or pd.
  /** The smaller or larger one; NaN if either is; -0 is below 0. `known` is b, if a constant. */
  minMax(s: Selector, fn: MinMax, suffix: string, operands: Operands, known?: number): void;
  /** Changes or clears the sign. */
  signBits(s: Selector, fn: 'neg' | 'abs', elem: Elem, d: RegUse, x: RegUse): void;

  // Scalars, whose truth values are 0 or 1 in general registers.
  compareFloats(s: Selector, dst: VReg, suffix: string, a: RegUse, b: MayFold, how: number): void;
  selectFloat(s: Selector, inst: Of<'select'>): void;
  /** To an integer: truncated, saturated, NaN as 0. */
  saturate(s: Selector, dst: Reg, a: Reg): void;

  // Lanes
  maskNot(s: Selector, type: KType, d: RegUse, x: RegUse): void;
  maskBinary(s: Selector, fn: 'and' | 'or' | 'xor', type: KType, operands: Operands): void;
  intUnary(s: Selector, fn: UnaryOp, elem: Elem, d: RegUse, x: RegUse): void;
  intBinary(s: Selector, fn: BinaryOp, elem: Elem, operands: Operands): void;
  shift(s: Selector, inst: Of<'binary'>): void;
  divide32(s: Selector, inst: Of<'binary'>): void;
  compare(s: Selector, inst: Of<'compare'>): void;
  select(s: Selector, inst: Of<'select'>): void;
  edge(s: Selector, inst: Of<'edge'>): void;
  /** Between truth values and numbers, and between elements of one size. */
  convert(s: Selector, inst: Of<'convert'>): void;
  splat(s: Selector, inst: Of<'splat'>): void;
  extractTruth(s: Selector, inst: Of<'extract'>): void;
  zip(s: Selector, inst: Of<'zip'>): void;
  load(s: Selector, inst: Of<'load'>): void;
  store(s: Selector, inst: Of<'store'>): void;
  /** One lane at the bottom of an xmm register. */
  laneToBottom(s: Selector, a: RegUse, lane: number, bytes: number): RegUse;
  /** `lanes` with an 8-byte lane replaced by what a general register holds; all of them at first. */
  withLane(s: Selector, lanes: RegUse | null, value: RegUse, lane: number): RegUse;
  /** The instruction that takes the upper half of a vector of twice so many bits. */
  upperHalf(bits: number): string;
}

export type MinMax = 'min' | 'max';
export type MayFold = RegUse | MemUse;

/** The second operand may lie in memory. */
export interface Operands {
  readonly d: RegUse;
  readonly a: RegUse;
  readonly b: MayFold;
}
