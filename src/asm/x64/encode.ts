/**
 * Writes one instruction: reads the form, knows no instruction by name. The bytes and where the next
 * one goes are local variables that functions take and give back: this runs for every instruction of
 * every kernel before the engine has compiled it, when each call and each property costs the most.
 */
import type { CodeBuffer } from './code-buffer.ts';
import { ENCODING, type Form } from './form.ts';
import { isVectorKind, KIND } from './operand-kind.ts';
import type { Memory, Operand, Rounding } from './operands.ts';
import type { Register } from './registers.ts';

/** An instruction has at most 15 bytes. */
const MAX_INSTRUCTION_BYTES = 15;

const LEGACY_PREFIXES = [0, 0x66, 0xf3, 0xf2];
const { legacy: LEGACY, evex: EVEX } = ENCODING;
/** The first kind of memory; registers have lower ones. */
const FIRST_MEMORY = KIND.memory;

/**
 * Appends the instruction to `out`. Returns where its four bytes relative to
 * rip are (to be filled in when addresses are known), or -1.
 */
export function encode(
  form: Form,
  operands: readonly Operand[],
  rounding: Rounding | null,
  out: CodeBuffer,
): number {
  const { encoding } = form;
  let at = out.length;
  if (out.bytes.length - at < MAX_INSTRUCTION_BYTES) out.reserve(MAX_INSTRUCTION_BYTES);
  const { bytes } = out;
  const reg = form.reg < 0 ? 0 : (operands[form.reg] as Register).id;
  const vvvv = form.vvvv < 0 ? 0 : (operands[form.vvvv] as Register).id;
  // What may be memory is one or the other.
  let rm: Register | null = null;
  let memory: Memory | null = null;
  if (form.rm >= 0) {
    const operand = operands[form.rm] as Register | Memory;
    if (operand.kind >= FIRST_MEMORY) memory = operand as Memory;
    else rm = operand as Register;
  }
  let unit = 1;
  if (encoding === LEGACY) {
    at = writeLegacyHead(form, operands, reg, rm, memory, bytes, at);
  } else if (encoding === EVEX) {
    at = writeEvexPrefix(form, reg, vvvv, rm, memory, operands[0], rounding, bytes, at);
    unit = dispUnitOf(form, memory);
  } else if (form.reverseOpcode >= 0 && rm !== null && reg < 8 && rm.id >= 8) {
    // The register that needs an extension bit goes where the short prefix has one.
    at = writeVexPrefix(form, form.reversePrefix, rm.id, vvvv, false, false, bytes, at);
    bytes[at] = form.reverseOpcode;
    bytes[at + 1] = 0xc0 | ((rm.id & 7) << 3) | reg;
    out.length = at + 2;
    return -1;
  } else {
    const x = memory !== null && memory.index !== null && memory.index.id >= 8;
    const base = memory === null ? rm : memory.base;
    const b = base !== null && base.id >= 8;
    at = writeVexPrefix(form, form.prefix, reg, vvvv, x, b, bytes, at);
  }
  bytes[at++] = form.inOpcode ? form.opcode + ((rm as Register).id & 7) : form.opcode;
  if (form.tail >= 0) bytes[at++] = form.tail;
  const field = ((form.digit < 0 ? reg : form.digit) & 7) << 3;
  let relative = -1;
  if (memory !== null) {
    at = writeAddress(field, memory, unit, bytes, at);
    if (memory.label !== null) relative = at - 4;
  } else if (rm !== null && !form.inOpcode) {
    bytes[at++] = 0xc0 | field | (rm.id & 7);
  }
  if (form.is4 >= 0) bytes[at++] = (operands[form.is4] as Register).id << 4;
  out.length = at;
  if (form.immediateBytes > 0) {
    out.integer(operands[form.immediate] as number | bigint, form.immediateBytes);
  }
  return relative;
}

/** Bytes one step of an EVEX disp8 stands for. */
const dispUnitOf = (form: Form, memory: Memory | null): number =>
  memory !== null && memory.broadcast ? form.broadcastBits / 8 : form.dispUnit;

/** What stands before the opcode, of all but VEX and EVEX. */
function writeLegacyHead(
  form: Form,
  operands: readonly Operand[],
  reg: number,
  rm: Register | null,
  memory: Memory | null,
  bytes: Uint8Array,
  start: number,
): number {
  let at = start;
  if (form.operandSize16) bytes[at++] = 0x66;
  if (form.lock) bytes[at++] = 0xf0;
  if (form.prefix > 0) bytes[at++] = LEGACY_PREFIXES[form.prefix];
  let rex = (form.wide ? 8 : 0) | ((reg >> 3) << 2);
  if (memory !== null) {
    if (memory.index !== null) rex |= (memory.index.id >> 3) << 1;
    if (memory.base !== null) rex |= memory.base.id >> 3;
  } else if (rm !== null) {
    rex |= rm.id >> 3;
  }
  if (rex !== 0 || (form.hasByte && needsRex(operands, form))) bytes[at++] = 0x40 | rex;
  if (form.map > 0) bytes[at++] = 0x0f;
  if (form.map > 1) bytes[at++] = form.map === 2 ? 0x38 : 0x3a;
  return at;
}

/** spl, bpl, sil and dil share their numbers with ah to bh; an empty REX tells them apart. */
function needsRex(operands: readonly Operand[], form: Form): boolean {
  for (let i = 0; i < form.kinds.length; i++) {
    const operand = operands[i];
    if (typeof operand !== 'object' || operand.kind !== KIND.gp8) continue;
    if ((operand as Register).id >= 4) return true;
  }
  return false;
}

/** `x` and `b` say whether index and base (or the register instead) are of the upper eight. */
function writeVexPrefix(
  form: Form,
  prefix: number,
  reg: number,
  vvvv: number,
  x: boolean,
  b: boolean,
  bytes: Uint8Array,
  at: number,
): number {
  const r = reg < 8 ? 0x80 : 0;
  const low = ((~vvvv & 15) << 3) | (form.length << 2) | prefix;
  if (form.map === 1 && !form.wide && !x && !b) {
    bytes[at] = 0xc5;
    bytes[at + 1] = r | low;
    return at + 2;
  }
  bytes[at] = 0xc4;
  bytes[at + 1] = r | (x ? 0 : 0x40) | (b ? 0 : 0x20) | form.map;
  bytes[at + 2] = (form.wide ? 0x80 : 0) | low;
  return at + 3;
}

function writeEvexPrefix(
  form: Form,
  reg: number,
  vvvv: number,
  rm: Register | null,
  memory: Memory | null,
  first: Operand,
  rounding: Rounding | null,
  bytes: Uint8Array,
  at: number,
): number {
  let x = 0;
  let b = 0;
  let v = vvvv >> 4;
  let broadcast = false;
  if (memory !== null) {
    const { base, index } = memory;
    b = base === null ? 0 : (base.id >> 3) & 1;
    if (index !== null) {
      x = (index.id >> 3) & 1;
      if (isVectorKind(index.kind)) v = index.id >> 4;
    }
    broadcast = memory.broadcast;
  } else if (rm !== null) {
    b = (rm.id >> 3) & 1;
    x = rm.id >> 4;
  }
  const r = (reg >> 3) & 1;
  // With rounding the vector is 512 bits (or a scalar) and the field holds the direction instead.
  const length = rounding === null ? form.length : rounding.control;
  const guarded = first as Register | Memory;
  const zeroing = guarded.kind < FIRST_MEMORY && (guarded as Register).zeroing;
  bytes[at] = 0x62;
  bytes[at + 1] =
    ((r ^ 1) << 7) | ((x ^ 1) << 6) | ((b ^ 1) << 5) | (((reg >> 4) ^ 1) << 4) | form.map;
  bytes[at + 2] = (form.wide ? 0x80 : 0) | ((~vvvv & 15) << 3) | 4 | form.prefix;
  bytes[at + 3] =
    (zeroing ? 0x80 : 0) |
    (length << 5) |
    (broadcast || rounding !== null ? 0x10 : 0) |
    ((v ^ 1) << 3) |
    guarded.writeMask;
  return at + 4;
}

/** ModRM, SIB and displacement. */
function writeAddress(
  field: number,
  memory: Memory,
  unit: number,
  bytes: Uint8Array,
  start: number,
): number {
  const { base, index, disp } = memory;
  let at = start;
  if (base === null) {
    if (index === null) {
      bytes[at++] = field | 5; // relative to rip
    } else {
      bytes[at++] = field | 4;
      bytes[at++] = (SCALES[memory.scale] << 6) | ((index.id & 7) << 3) | 5;
    }
    return write32(disp, bytes, at);
  }
  const low = base.id & 7;
  // A base of rbp or r13 without displacement means something else.
  const none = disp === 0 && low !== 5;
  const short = !none && disp % unit === 0 && disp >= -128 * unit && disp <= 127 * unit;
  const mod = none ? 0 : short ? 0x40 : 0x80;
  if (index !== null) {
    bytes[at++] = mod | field | 4;
    bytes[at++] = (SCALES[memory.scale] << 6) | ((index.id & 7) << 3) | low;
  } else {
    bytes[at++] = mod | field | low;
    if (low === 4) bytes[at++] = 0x24; // rsp and r12 need a SIB byte, without index
  }
  if (none) return at;
  if (!short) return write32(disp, bytes, at);
  bytes[at] = disp / unit;
  return at + 1;
}

function write32(value: number, bytes: Uint8Array, at: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >> 8;
  bytes[at + 2] = value >> 16;
  bytes[at + 3] = value >> 24;
  return at + 4;
}

const SCALES = [0, 0, 1, 0, 2, 0, 0, 0, 3];
