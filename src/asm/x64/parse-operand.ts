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
  immediateBytes: number;
  range: ImmediateRange;
  isLabel: boolean;
  isMask: boolean;
  /** May be memory. */
  isMemory: boolean;
  /** Has a field in the encoding that names a register or address. */
  isEncoded: boolean;
}

const FRACTIONS: Readonly<Record<string, number>> = { v: 1, h: 2, q: 4, e: 8 };
const FIXED_VECTORS: Readonly<Record<string, number>> = { x: 128, y: 256, z: 512 };

const bit = (kind: number): number => 1 << kind;
const vectorBit = (bits: number): number => bit(KIND.xmm + Math.log2(Math.max(bits, 128) / 128));
const gpBit = (bits: number): number => bit(KIND.gp8 + Math.log2(bits / 8));

export function parseOperand(text: string, width: Width): OperandPattern {
  const pattern: OperandPattern = {
    kinds: 0,
    fixed: -1,
    memoryBits: 0,
    broadcastBits: 0,
    immediateBytes: 0,
    range: 'any',
    isLabel: false,
    isMask: false,
    isMemory: false,
    isEncoded: true,
  };
  const alternatives = text.split('/');
  for (const token of alternatives) {
    const known =
      parseRegister(token, width, pattern) ||
      parseMemory(token, alternatives[0], width, pattern) ||
      parseConstant(token, width, pattern);
    if (!known) throw new Error(`bad operand in the instruction tables: ${text}`);
  }
  return pattern;
}

function parseRegister(token: string, width: Width, pattern: OperandPattern): boolean {
  const gp = /^r(8|16|32|64)?$/.exec(token);
  if (gp !== null) {
    pattern.kinds |= gpBit(gp[1] === undefined ? width.gp : Number(gp[1]));
  } else if (token in FRACTIONS) {
    pattern.kinds |= vectorBit(width.vector / FRACTIONS[token]);
  } else if (token in FIXED_VECTORS) {
    pattern.kinds |= vectorBit(FIXED_VECTORS[token]);
  } else if (token === 'k') {
    pattern.kinds |= bit(KIND.mask);
    pattern.isMask = true;
  } else if (token === 'a' || token === 'al' || token === 'cl') {
    pattern.kinds |= gpBit(token === 'a' ? width.gp : 8);
    pattern.fixed = token === 'cl' ? 1 : 0;
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
  const sized = /^m(\d*)$/.exec(token);
  const broadcast = /^b(\d+)$/.exec(token);
  const indexed = /^g([vh])(\d+)$/.exec(token);
  if (sized !== null) {
    const own = width.gp > 0 ? width.gp : width.vector / (FRACTIONS[beside] ?? 1);
    pattern.memoryBits = sized[1] === '' ? own : Number(sized[1]);
    pattern.kinds |= bit(KIND.memory) | bit(memoryKind(pattern.memoryBits));
  } else if (token === 'mem') {
    for (let kind: number = KIND.memory; kind <= KIND.memory512; kind++) pattern.kinds |= bit(kind);
  } else if (broadcast !== null) {
    pattern.broadcastBits = Number(broadcast[1]);
    const lanes = pattern.memoryBits / pattern.broadcastBits;
    pattern.kinds |= bit(KIND.broadcast) | bit(KIND.broadcast + Math.log2(lanes));
  } else if (indexed !== null) {
    const bits = width.vector / FRACTIONS[indexed[1]];
    pattern.kinds |= bit(KIND.indexedX + Math.log2(Math.max(bits, 128) / 128));
    pattern.memoryBits = Number(indexed[2]);
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
  const immediate = /^([is])(8|16|32|64|z)$/.exec(token);
  if (immediate === null && token !== 'one') return false;
  pattern.kinds |= bit(KIND.immediate);
  if (immediate === null) {
    pattern.range = 'one';
    return true;
  }
  const [, sign, size] = immediate;
  pattern.immediateBytes = size === 'z' ? Math.min(width.gp, 32) / 8 : Number(size) / 8;
  if (sign === 's' || (size === 'z' && width.gp === 64)) pattern.range = 'signed';
  return true;
}
