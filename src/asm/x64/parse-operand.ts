/** One operand of a row, at one width. `parse-row.ts` describes the notation. */
import type { ImmediateRange } from './form.ts';
import { KIND, memoryKind } from './operand-kind.ts';

/** What `v` and `r` stand for, in bits; 0 where the row has none. */
export interface Width {
  readonly vector: number;
  readonly gp: number;
}

export interface OperandPattern {
  kinds: number;
  fixed: number;
  memoryBits: number;
  broadcastBits: number;
  isImmediate: boolean;
  immediateBytes: number;
  range: ImmediateRange;
  extendedBits: number;
  isLabel: boolean;
  isMask: boolean;
  /** May be memory. */
  isMemory: boolean;
  /** Has a field in the encoding that names a register or address. */
  isEncoded: boolean;
}

const FRACTIONS: Readonly<Record<string, number>> = { v: 1, h: 2, q: 4, e: 8 };
const FIXED_VECTORS: Readonly<Record<string, number>> = { x: 128, y: 256, z: 512 };
/** Registers that alone can stand somewhere: number, and bits or 0 for the operand size. */
const FIXED_GP: Readonly<Record<string, readonly [id: number, bits: number]>> = {
  a: [0, 0],
  al: [0, 8],
  cl: [1, 8],
};

const bit = (kind: number): number => 1 << kind;
/** The kind of a vector of `bits`, or of an address with an index vector of so many. */
const vectorBit = (first: number, bits: number): number =>
  bit(first + Math.log2(Math.max(bits, 128) / 128));
const gpBit = (bits: number): number => bit(KIND.gp8 + Math.log2(bits / 8));

/** By text; then by width and encoding. */
const parsed = new Map<string, OperandPattern[]>();

/** Broadcasts are left out of an operand unless the encoding, EVEX, has them. */
export function parseOperand(text: string, width: Width, evex: boolean): OperandPattern {
  let patterns = parsed.get(text);
  if (patterns === undefined) {
    patterns = [];
    parsed.set(text, patterns);
  }
  // Vectors have 128, 256 or 512 bits, general registers 16, 32 or 64, or there are none.
  const key = ((width.vector >> 7) << 4) | ((width.gp >> 4) << 1) | (evex ? 1 : 0);
  patterns[key] ??= parseAlternatives(text, width, evex);
  return patterns[key];
}

function parseAlternatives(text: string, width: Width, evex: boolean): OperandPattern {
  const pattern: OperandPattern = {
    kinds: 0,
    fixed: -1,
    memoryBits: 0,
    broadcastBits: 0,
    isImmediate: false,
    immediateBytes: 0,
    range: 'any',
    extendedBits: 0,
    isLabel: false,
    isMask: false,
    isMemory: false,
    isEncoded: true,
  };
  const alternatives = text.split('/');
  for (const token of alternatives) {
    if (token[0] === 'b' && !evex) continue;
    const known =
      parseRegister(token, width, pattern) ||
      parseMemory(token, alternatives[0], width, pattern) ||
      parseConstant(token, width, pattern);
    if (!known) throw new Error(`bad operand in the instruction tables: ${text}`);
  }
  return pattern;
}

function parseRegister(token: string, width: Width, pattern: OperandPattern): boolean {
  if (token[0] === 'r') {
    pattern.kinds |= gpBit(token === 'r' ? width.gp : Number(token.slice(1)));
  } else if (token in FRACTIONS) {
    pattern.kinds |= vectorBit(KIND.xmm, width.vector / FRACTIONS[token]);
  } else if (token in FIXED_VECTORS) {
    pattern.kinds |= vectorBit(KIND.xmm, FIXED_VECTORS[token]);
  } else if (token === 'k') {
    pattern.kinds |= bit(KIND.mask);
    pattern.isMask = true;
  } else if (token in FIXED_GP) {
    const [id, bits] = FIXED_GP[token];
    pattern.kinds |= gpBit(bits || width.gp);
    pattern.fixed = id;
    pattern.isEncoded = false;
  } else {
    return false;
  }
  return true;
}

function parseMemory(
  token: string,
  beside: string,
  width: Width,
  pattern: OperandPattern,
): boolean {
  if (token === 'mem') {
    for (let kind: number = KIND.memory; kind <= KIND.memory512; kind++) pattern.kinds |= bit(kind);
  } else if (token[0] === 'm') {
    const own = width.gp > 0 ? width.gp : width.vector / (FRACTIONS[beside] ?? 1);
    pattern.memoryBits = token === 'm' ? own : Number(token.slice(1));
    pattern.kinds |= bit(KIND.memory) | bit(memoryKind(pattern.memoryBits));
  } else if (token[0] === 'b') {
    pattern.broadcastBits = Number(token.slice(1));
    const lanes = pattern.memoryBits / pattern.broadcastBits;
    pattern.kinds |= bit(KIND.broadcast) | bit(KIND.broadcast + Math.log2(lanes));
  } else if (token[0] === 'g') {
    pattern.kinds |= vectorBit(KIND.indexedX, width.vector / FRACTIONS[token[1]]);
    pattern.memoryBits = Number(token.slice(2));
  } else {
    return false;
  }
  pattern.isMemory = true;
  return true;
}

function parseConstant(token: string, width: Width, pattern: OperandPattern): boolean {
  pattern.isEncoded = false;
  if (token === 'label') {
    pattern.kinds |= bit(KIND.label);
    pattern.isLabel = true;
    return true;
  }
  pattern.kinds |= bit(KIND.immediate);
  pattern.isImmediate = true;
  if (token === 'one') {
    pattern.range = 'one';
    return true;
  }
  const size = token.slice(1);
  pattern.immediateBytes = size === 'z' ? Math.min(width.gp, 32) / 8 : Number(size) / 8;
  if (token[0] === 's' || (size === 'z' && width.gp === 64)) pattern.range = 'signed';
  if (token === 's8') pattern.extendedBits = width.gp;
  return token[0] === 's' || token[0] === 'i';
}
