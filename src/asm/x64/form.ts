/** One instruction form: what it takes and how it is encoded. */

export const ENCODING = { legacy: 0, vex: 1, evex: 2 } as const;

/** How an immediate is written: sign-extended ones are checked against the signed range only. */
export type ImmediateRange = 'any' | 'signed' | 'one';

/**
 * A row of the tables for one width. Positions are indices of operands, -1 where there is none.
 * `parse-row.ts` makes forms, `select-form.ts` picks one, `encode.ts` writes it.
 */
export interface Form {
  readonly mnemonic: string;
  /** The row it comes from, for messages and tests. */
  readonly row: string;
  /** For each operand, the kinds it takes: bit `kind`. */
  readonly kinds: readonly number[];
  /** For each operand, the number of the one register it can be, or -1. */
  readonly fixed: readonly number[];
  readonly hasFixed: boolean;

  readonly encoding: 0 | 1 | 2;
  /** 0 none, 1 66, 2 f3, 3 f2: prefix of legacy forms, field `pp` of the others. */
  readonly prefix: number;
  /** 0 one byte, 1 0f, 2 0f38, 3 0f3a. */
  readonly map: number;
  readonly opcode: number;
  /** A second opcode byte, or -1. */
  readonly tail: number;
  /** Opcode extension in the reg field of ModRM, or -1. */
  readonly digit: number;
  /** The register's number is added to the opcode, there is no ModRM. */
  readonly inOpcode: boolean;
  readonly wide: boolean;
  /** 0, 1, 2 for 128, 256, 512 bits. */
  readonly length: number;
  /** A row of several vector widths, so not a scalar. */
  readonly packed: boolean;
  readonly operandSize16: boolean;
  readonly lock: boolean;
  /** An operand may be a register of 8 bits. */
  readonly hasByte: boolean;

  readonly reg: number;
  readonly rm: number;
  readonly vvvv: number;
  /** A register in the upper half of an immediate byte. */
  readonly is4: number;
  readonly immediate: number;
  readonly immediateBytes: number;
  readonly immediateRange: ImmediateRange;
  /** The range itself, inclusive; wrapped values (see `extendedBits`) are beyond it. */
  readonly least: number;
  readonly most: number;
  /** Bits to which a sign-extended byte extends: 2^32 - 1 is -1 where they are 32. Else 0. */
  readonly extendedBits: number;
  readonly label: number;

  /** Bits of the memory operand; 0 where an address alone is meant, or there is none. */
  readonly memoryBits: number;
  /** Bits of the element that may be broadcast, or 0. */
  readonly broadcastBits: number;
  /** Lanes a broadcast fills. */
  readonly lanes: number;
  /** An EVEX disp8 counts in this many bytes (a broadcast in elements). */
  readonly dispUnit: number;
  readonly mask: 'none' | 'merge' | 'zero' | 'required';
  readonly rounding: 'none' | 'sae' | 'er';
  /** Opcode and prefix of the same move with its registers exchanged, or -1. */
  readonly reverseOpcode: number;
  readonly reversePrefix: number;
  /** Needs AVX-512, though perhaps encoded with VEX (instructions on masks). */
  readonly avx512: boolean;
}
