/** What is thrown for operands that cannot be encoded. */
import { ValueError } from '../../base/index.ts';
import type { Form } from './form.ts';
import type { Operand, Rounding } from './operands.ts';
import { operandText } from './print.ts';

/** Throws a `ValueError` that names the instruction, its operands, and what it could take. */
export function refuse(
  mnemonic: string,
  operands: readonly Operand[],
  rounding: Rounding | null,
  problem: string,
  forms: readonly Form[] = [],
): never {
  const list = [...operands.map((operand) => operandText(operand)), ...namesOf(rounding)];
  const rows = new Set(forms.map((form) => form.row.split(/\s+/)[1]));
  throw new ValueError({
    op: `x64 ${mnemonic}`,
    problem: `${problem}\n  given: ${list.join(', ') || 'no operands'}`,
    remedy: rows.size === 0 ? undefined : `it takes ${[...rows].join(' or ')}`,
  });
}

const namesOf = (rounding: Rounding | null): string[] => (rounding === null ? [] : [rounding.name]);
