/** A form from the parts of its row, at one width. */
import { ENCODING, type Form } from './form.ts';
import { KIND } from './operand-kind.ts';
import { type Opcode, PREFIXES } from './parse-opcode.ts';
import type { OperandPattern, Width } from './parse-operand.ts';

export interface RowParts {
  readonly row: string;
  readonly mnemonic: string;
  readonly code: Opcode;
  readonly packed: boolean;
  readonly patterns: readonly OperandPattern[];
  /** `legacy`, `vex` or `evex`, and what stands behind it. */
  readonly kind: string;
  readonly flags: readonly string[];
  readonly width: Width;
}

export function makeForm(parts: RowParts): Form {
  const { patterns, flags, width, code } = parts;
  const flag = (name: string): boolean => flags.includes(name);
  const encoding = ENCODING[parts.kind as keyof typeof ENCODING];
  const { reg, rm, vvvv, is4 } = placesOf(patterns, code.digit >= 0);
  const memoryBits = Math.max(0, ...patterns.map((p) => p.memoryBits));
  const broadcastBits = Math.max(0, ...patterns.map((p) => p.broadcastBits));
  const immediate = patterns.findIndex((p) => p.isImmediate);
  const reverse = reverseOf(flags);
  return {
    mnemonic: parts.mnemonic,
    row: parts.row,
    kinds: patterns.map((p) => p.kinds),
    fixed: patterns.map((p) => p.fixed),
    hasFixed: patterns.some((p) => p.fixed >= 0),
    encoding,
    prefix: code.prefix,
    map: code.map,
    opcode: code.opcode,
    tail: code.tail,
    digit: code.digit,
    inOpcode: code.inOpcode,
    wide: flag('w1') || (width.gp === 64 && !flag('w0')),
    length: flag('l1') ? 1 : encoding === ENCODING.legacy ? 0 : Math.log2(width.vector / 128),
    packed: parts.packed,
    operandSize16: width.gp === 16 || flag('o16'),
    lock: flag('lock'),
    hasByte: patterns.some((p) => ((p.kinds >> KIND.gp8) & 1) === 1),
    reg,
    rm,
    vvvv,
    is4,
    immediate,
    immediateBytes: immediate < 0 ? 0 : patterns[immediate].immediateBytes,
    immediateRange: immediate < 0 ? 'any' : patterns[immediate].range,
    least: least(immediate < 0 ? null : patterns[immediate]),
    most: most(immediate < 0 ? null : patterns[immediate]),
    extendedBits: immediate < 0 || width.gp === 64 ? 0 : patterns[immediate].extendedBits,
    label: patterns.findIndex((p) => p.isLabel),
    memoryBits,
    broadcastBits,
    lanes: broadcastBits === 0 ? 0 : memoryBits / broadcastBits,
    dispUnit: flag('n32') ? 4 : flag('n64') ? 8 : Math.max(1, memoryBits / 8),
    mask: flag('mask') ? 'required' : flag('kz') ? 'zero' : flag('k') ? 'merge' : 'none',
    rounding: flag('er') ? 'er' : flag('sae') ? 'sae' : 'none',
    reverseOpcode: reverse === '' ? -1 : Number.parseInt(reverse.slice(-2), 16),
    reversePrefix: PREFIXES[reverse.slice(0, -2)] ?? code.prefix,
    avx512: encoding === ENCODING.evex || patterns.some((p) => p.isMask),
  };
}

function least(pattern: OperandPattern | null): number {
  if (pattern === null || pattern.range === 'one') return 1;
  return -(2 ** (8 * pattern.immediateBytes - 1));
}

function most(pattern: OperandPattern | null): number {
  if (pattern === null || pattern.range === 'one') return 1;
  return 2 ** (8 * pattern.immediateBytes - (pattern.range === 'signed' ? 1 : 0)) - 1;
}

/** `29` of a flag `rev29`, `66d6` of `rev66d6`. */
const reverseOf = (flags: readonly string[]): string =>
  flags.find((name) => name.startsWith('rev'))?.slice(3) ?? '';

/**
 * Which operand goes to which field. The one that may be memory is `rm` (else the last); of the
 * others the first is `reg` (without a digit), then `vvvv`, then the register in an immediate.
 */
function placesOf(patterns: readonly OperandPattern[], digit: boolean) {
  const encoded = [...patterns.keys()].filter((i) => patterns[i].isEncoded);
  const memory = encoded.find((i) => patterns[i].isMemory);
  const rm = memory ?? encoded.at(-1) ?? -1;
  const others = encoded.filter((i) => i !== rm);
  // Masked stores, with memory first and three operands, have `vvvv` before `reg`.
  if (memory === 0 && others.length === 2) others.reverse();
  if (digit) others.unshift(-1);
  const [reg = -1, vvvv = -1, is4 = -1] = others;
  return { reg, rm, vvvv, is4 };
}
