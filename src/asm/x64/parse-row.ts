/**
 * Rows of the instruction tables to forms. A row is
 *
 *     mnemonic  operands  opcode  [encoding ...]
 *
 * and stands for its encodings at every width. Comments start with `#`; `_` in a mnemonic is a
 * space, `CC` a condition.
 *
 * Operands, separated by commas, alternatives by `/`, `-` for none:
 * - `v` a vector of the width; `h q e` one of a half, quarter, eighth of it (at least xmm);
 *   `x y z` xmm, ymm, zmm; `k` a mask register;
 * - `r` a general register of the operand size (16, 32 or 64), `r8 r16 r32 r64` of that size;
 *   `a`, `al`, `cl` only that register (`a` in the operand size);
 * - `m` memory as large as the register beside it, or as the row's width; `m8` to `m512` of that
 *   size; `mem` an address alone; `b32 b64` one element broadcast to the width;
 *   `gv32 gh64 ...` elements at an index vector of the width (`v`) or half of it (`h`);
 * - `i8 i16 i32 i64` an immediate, `s8 s32` a sign-extended one, `iz` as large as the operand (at
 *   most 32 bits, sign-extended), `one` the constant 1; `label` a branch target.
 *
 * Opcode: `[prefix.][map.]opcode[.second byte][/digit][+r]`.
 *
 * Encoding: none is legacy, perhaps with flags `w1 o16 lock` or operand sizes `32.64`; `vex` and
 * `evex` carry flags: `w0 w1` (else by operand size, or 0), widths, `l1`, `rev29` (opcode with
 * registers exchanged), `k` `kz` `mask` (write mask: merging, zeroing too, required), `sae` `er`,
 * `n32 n64` (bits that a disp8 counts in, where it is not the size of the memory operand).
 */
import type { Form } from './form.ts';
import { makeForm } from './make-form.ts';
import { parseOpcode } from './parse-opcode.ts';
import { type OperandPattern, parseOperand, type Width } from './parse-operand.ts';

/** A row at one encoding and width: what it takes, and what its form is made of. */
export interface Candidate {
  readonly patterns: readonly OperandPattern[];
  readonly row: string;
  readonly opcode: string;
  readonly packed: boolean;
  readonly kind: string;
  readonly flags: readonly string[];
  readonly width: Width;
}

/** What a row stands for, VEX before EVEX, narrow before wide. */
export function parseRow(row: string): Candidate[] {
  const [, operands, opcode, ...columns] = row.split(' ').filter((word) => word !== '');
  const names = operands === '-' ? [] : operands.split(',');
  const encodings = isVector(columns[0]) ? columns : [`legacy.${columns.join('.')}`];
  const packed = names.some((name) => PACKED.includes(name[0]));
  const all: Candidate[] = [];
  for (const encoding of encodings) {
    const [kind, ...flags] = encoding.split('.');
    const evex = kind === 'evex';
    const widths = packed ? vectorWidths(evex, flags) : otherWidths(names, kind, flags);
    for (const width of widths) {
      const patterns = names.map((name) => parseOperand(name, width, evex));
      all.push({ patterns, row, opcode, packed, kind, flags, width });
    }
  }
  return all;
}

/** `added` is what a condition adds to the opcode. */
export function formOf(candidate: Candidate, mnemonic: string, added: number): Form {
  return makeForm({ ...candidate, mnemonic, code: parseOpcode(candidate.opcode, added) });
}

const isVector = (column = ''): boolean => column.startsWith('vex') || column.startsWith('evex');

/** First letters of operands that follow the width of the row. */
const PACKED = 'vhqeg';

/** Widths that the flags state, else all. */
function stated(flags: readonly string[], all: readonly number[]): readonly number[] {
  const own = flags.map(Number).filter((bits) => bits >= 16);
  return own.length > 0 ? own : all;
}

const vectorWidths = (evex: boolean, flags: readonly string[]): Width[] =>
  stated(flags, evex ? [128, 256, 512] : [128, 256]).map((vector) => ({ vector, gp: 0 }));

/** What `r` stands for in turn, if the row has it; vectors are as wide as the widest. */
function otherWidths(names: readonly string[], kind: string, flags: readonly string[]): Width[] {
  const starts = (letter: string): boolean => names.some((name) => name[0] === letter);
  const vector = starts('z') ? 512 : starts('y') ? 256 : 128;
  if (!names.some(followsOperandSize)) return [{ vector, gp: 0 }];
  const all = kind === 'legacy' ? [16, 32, 64] : [32, 64];
  return stated(flags, all).map((gp) => ({ vector, gp }));
}

const followsOperandSize = (name: string): boolean =>
  name === 'r' || name === 'r/m' || name === 'm' || name === 'a';
