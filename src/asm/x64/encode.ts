/** Writes one instruction: reads the form, knows no instruction by name. */
import type { CodeBuffer } from './code-buffer.ts';
import { ENCODING, type Form } from './form.ts';
import { isVectorKind, KIND } from './operand-kind.ts';
import { Memory, type Operand, type Rounding } from './operands.ts';
import { Register } from './registers.ts';

/** An instruction has at most 15 bytes. */
export const MAX_INSTRUCTION_BYTES = 15;

const LEGACY_PREFIXES = [0, 0x66, 0xf3, 0xf2];

/**
 * Appends the instruction to `out`, which has room for it. Returns where its four bytes relative to
 * rip are (to be filled in when addresses are known), or -1.
 */
export function encode(
  form: Form,
  operands: readonly Operand[],
  rounding: Rounding | null,
  out: CodeBuffer,
): number {
  const rm = form.rm < 0 ? null : (operands[form.rm] as Register | Memory);
  const reg = form.reg < 0 ? 0 : (operands[form.reg] as Register).id;
  if (form.encoding === ENCODING.legacy) return encodeLegacy(form, operands, reg, rm, out);

  const vvvv = form.vvvv < 0 ? 0 : (operands[form.vvvv] as Register).id;
  if (form.encoding === ENCODING.evex) {
    const guarded = operands[0] as Register | Memory;
    encodeEvexPrefix(form, reg, vvvv, rm, guarded, rounding, out);
  } else if (canReverse(form, reg, rm)) {
    // The register that needs an extension bit goes where the short prefix has one.
    encodeVexPrefix(form, form.reversePrefix, (rm as Register).id, vvvv, null, 0, out);
    out.byte(form.reverseOpcode);
    out.byte(0xc0 | (((rm as Register).id & 7) << 3) | reg);
    return -1;
  } else {
    const rmId = rm instanceof Memory || rm === null ? 0 : rm.id;
    encodeVexPrefix(form, form.prefix, reg, vvvv, rm instanceof Memory ? rm : null, rmId, out);
  }
  out.byte(form.opcode);
  const unit = form.encoding === ENCODING.evex ? dispUnitOf(form, rm) : 1;
  const relative = rm === null ? -1 : encodeModRm(form.digit < 0 ? reg : form.digit, rm, unit, out);
  encodeImmediate(form, operands, out);
  return relative;
}

const canReverse = (form: Form, reg: number, rm: Register | Memory | null): boolean =>
  form.reverseOpcode >= 0 && reg < 8 && rm !== null && !(rm instanceof Memory) && rm.id >= 8;

/** Bytes one step of an EVEX disp8 stands for. */
export function dispUnitOf(form: Form, rm: Register | Memory | null): number {
  return rm instanceof Memory && rm.broadcast ? form.broadcastBits / 8 : form.dispUnit;
}

function encodeLegacy(
  form: Form,
  operands: readonly Operand[],
  reg: number,
  rm: Register | Memory | null,
  out: CodeBuffer,
): number {
  if (form.operandSize16) out.byte(0x66);
  if (form.lock) out.byte(0xf0);
  if (form.prefix > 0) out.byte(LEGACY_PREFIXES[form.prefix]);
  const rex = rexOf(form, operands, reg, rm);
  if (rex !== 0) out.byte(rex);
  if (form.map > 0) out.byte(0x0f);
  if (form.map > 1) out.byte(form.map === 2 ? 0x38 : 0x3a);
  out.byte(form.inOpcode ? form.opcode + ((rm as Register).id & 7) : form.opcode);
  if (form.tail >= 0) out.byte(form.tail);
  const relative =
    rm === null || form.inOpcode ? -1 : encodeModRm(form.digit < 0 ? reg : form.digit, rm, 1, out);
  encodeImmediate(form, operands, out);
  return relative;
}

function rexOf(
  form: Form,
  operands: readonly Operand[],
  reg: number,
  rm: Register | Memory | null,
): number {
  let bits = (form.wide ? 8 : 0) | ((reg >> 3) << 2);
  if (rm instanceof Memory) {
    if (rm.index !== null) bits |= (rm.index.id >> 3) << 1;
    if (rm.base !== null) bits |= rm.base.id >> 3;
  } else if (rm !== null) {
    bits |= rm.id >> 3;
  }
  if (bits !== 0) return 0x40 | bits;
  return needsRex(operands, form) ? 0x40 : 0;
}

/** spl, bpl, sil and dil share their numbers with ah to bh; an empty REX tells them apart. */
function needsRex(operands: readonly Operand[], form: Form): boolean {
  for (let i = 0; i < form.kinds.length; i++) {
    const operand = operands[i];
    if (operand instanceof Register && operand.kind === KIND.gp8 && operand.id >= 4) return true;
  }
  return false;
}

function encodeVexPrefix(
  form: Form,
  prefix: number,
  reg: number,
  vvvv: number,
  memory: Memory | null,
  rmId: number,
  out: CodeBuffer,
): void {
  const r = reg < 8 ? 0x80 : 0;
  const x = memory !== null && memory.index !== null && memory.index.id >= 8 ? 0 : 0x40;
  const extended = memory === null ? rmId >= 8 : memory.base !== null && memory.base.id >= 8;
  const low = ((~vvvv & 15) << 3) | (form.length << 2) | prefix;
  if (form.map === 1 && !form.wide && x !== 0 && !extended) {
    out.byte(0xc5);
    out.byte(r | low);
    return;
  }
  out.byte(0xc4);
  out.byte(r | x | (extended ? 0 : 0x20) | form.map);
  out.byte((form.wide ? 0x80 : 0) | low);
}

function encodeEvexPrefix(
  form: Form,
  reg: number,
  vvvv: number,
  rm: Register | Memory | null,
  guarded: Register | Memory,
  rounding: Rounding | null,
  out: CodeBuffer,
): void {
  let x = 0;
  let b = 0;
  let v = vvvv >> 4;
  let broadcast = false;
  if (rm instanceof Memory) {
    b = rm.base === null ? 0 : (rm.base.id >> 3) & 1;
    if (rm.index !== null) {
      x = (rm.index.id >> 3) & 1;
      if (isVectorKind(rm.index.kind)) v = rm.index.id >> 4;
    }
    broadcast = rm.broadcast;
  } else if (rm !== null) {
    b = (rm.id >> 3) & 1;
    x = rm.id >> 4;
  }
  const r = (reg >> 3) & 1;
  // With rounding the vector is 512 bits (or a scalar) and the field holds the direction instead.
  const length = rounding === null ? form.length : rounding.control;
  const zeroing = guarded instanceof Memory ? false : guarded.zeroing;
  out.byte(0x62);
  out.byte(((r ^ 1) << 7) | ((x ^ 1) << 6) | ((b ^ 1) << 5) | (((reg >> 4) ^ 1) << 4) | form.map);
  out.byte((form.wide ? 0x80 : 0) | ((~vvvv & 15) << 3) | 4 | form.prefix);
  out.byte(
    (zeroing ? 0x80 : 0) |
      (length << 5) |
      (broadcast || rounding !== null ? 0x10 : 0) |
      ((v ^ 1) << 3) |
      guarded.writeMask,
  );
}

/** ModRM, SIB and displacement. */
function encodeModRm(reg: number, rm: Register | Memory, unit: number, out: CodeBuffer): number {
  const field = (reg & 7) << 3;
  if (!(rm instanceof Memory)) {
    out.byte(0xc0 | field | (rm.id & 7));
    return -1;
  }
  const { base, index, disp } = rm;
  if (rm.label !== null) {
    out.byte(field | 5);
    out.integer(disp, 4);
    return out.length - 4;
  }
  if (base === null) {
    out.byte(field | 4);
    out.byte((SCALES[rm.scale] << 6) | (((index as Register).id & 7) << 3) | 5);
    out.integer(disp, 4);
    return -1;
  }
  const low = base.id & 7;
  const short = disp % unit === 0 && disp >= -128 * unit && disp <= 127 * unit;
  // A base of rbp or r13 without displacement means something else.
  const mod = disp === 0 && low !== 5 ? 0 : short ? 0x40 : 0x80;
  if (index !== null || low === 4) {
    out.byte(mod | field | 4);
    const scaled = index === null ? 4 << 3 : (SCALES[rm.scale] << 6) | ((index.id & 7) << 3);
    out.byte(scaled | low);
  } else {
    out.byte(mod | field | low);
  }
  if (mod === 0x40) out.byte(disp / unit);
  else if (mod === 0x80) out.integer(disp, 4);
  return -1;
}

const SCALES = [0, 0, 1, 0, 2, 0, 0, 0, 3];

function encodeImmediate(form: Form, operands: readonly Operand[], out: CodeBuffer): void {
  if (form.is4 >= 0) out.byte((operands[form.is4] as Register).id << 4);
  if (form.immediateBytes === 0) return;
  out.integer(operands[form.immediate] as number | bigint, form.immediateBytes);
}
