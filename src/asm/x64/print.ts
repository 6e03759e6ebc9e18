/** Instructions as text: Intel syntax, as GNU as reads it. */
import { ENCODING, type Form } from './form.ts';
import { Memory, type Operand, type Rounding } from './operands.ts';

const SIZE_NAMES: Readonly<Record<number, string>> = {
  8: 'BYTE',
  16: 'WORD',
  32: 'DWORD',
  64: 'QWORD',
  128: 'XMMWORD',
  256: 'YMMWORD',
  512: 'ZMMWORD',
};

/** One operand; `form` tells sizes that the operand leaves open. */
export function operandText(operand: Operand, form?: Form): string {
  if (typeof operand !== 'object') return String(operand);
  return operand instanceof Memory ? memoryText(operand, form) : operand.name;
}

function memoryText(m: Memory, form: Form | undefined): string {
  const bits = m.bits || (m.broadcast ? form?.broadcastBits : form?.memoryBits) || 0;
  const size = bits === 0 ? '' : `${SIZE_NAMES[bits]} PTR `;
  const parts = m.label === null ? [] : ['rip', m.label.name];
  if (m.base !== null) parts.push(m.base.name);
  if (m.index !== null) parts.push(`${m.index.name}*${m.scale}`);
  const sign = m.disp < 0 ? '-' : '+';
  const disp = m.disp === 0 ? '' : `${sign}0x${Math.abs(m.disp).toString(16)}`;
  const lanes = m.broadcast ? `{1to${form?.lanes ?? 'n'}}` : '';
  const mask = m.writeMask > 0 ? `{k${m.writeMask}}` : '';
  return `${size}[${parts.join('+')}${disp}]${lanes}${mask}`;
}

/** The whole instruction; with `{evex}` where VEX would do too but is longer. */
export function instructionText(
  form: Form,
  operands: readonly Operand[],
  rounding: Rounding | null,
  vexFits: boolean,
): string {
  const texts = form.kinds.map((_, i) => operandText(operands[i], form));
  // The rounding stands before an immediate.
  if (rounding !== null)
    texts.splice(form.immediate < 0 ? texts.length : form.immediate, 0, rounding.name);
  const name =
    form.encoding === ENCODING.evex && vexFits ? `{evex} ${form.mnemonic}` : form.mnemonic;
  return texts.length === 0 ? name : `${name} ${texts.join(', ')}`;
}
