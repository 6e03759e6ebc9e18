/** The instructions Gradus can encode: an index of rows by mnemonic, parsed when first used. */
import type { Form } from './form.ts';
import { mnemonicsOf, parseRow } from './parse-row.ts';
import { CONVERSION_ROWS } from './tables/conversions.ts';
import { FMA_ROWS } from './tables/fma.ts';
import { INTEGER_ROWS } from './tables/integer.ts';
import { MASK_ROWS } from './tables/masks.ts';
import { SSE_ROWS } from './tables/sse.ts';
import { VECTOR_FLOAT_ROWS } from './tables/vector-float.ts';
import { VECTOR_INTEGER_ROWS } from './tables/vector-integer.ts';

const TABLES = [
  INTEGER_ROWS,
  SSE_ROWS,
  VECTOR_FLOAT_ROWS,
  VECTOR_INTEGER_ROWS,
  FMA_ROWS,
  CONVERSION_ROWS,
  MASK_ROWS,
];

interface RowOfMnemonic {
  readonly row: string;
  /** What the mnemonic's condition adds to the opcode. */
  readonly added: number;
}

let index: Map<string, RowOfMnemonic[]> | undefined;

/** All rows, in the order of the tables. */
export const instructionRows = (): string[] =>
  TABLES.flatMap((table) => table.split('\n')).filter((row) => row !== '' && row[0] !== '#');

function rowsByMnemonic(): Map<string, RowOfMnemonic[]> {
  const rows = new Map<string, RowOfMnemonic[]>();
  for (const row of instructionRows()) {
    for (const [name, added] of mnemonicsOf(row)) {
      const list = rows.get(name);
      if (list === undefined) rows.set(name, [{ row, added }]);
      else list.push({ row, added });
    }
  }
  return rows;
}

/** The forms of a mnemonic in the order in which they are tried, or `undefined`. */
export function formsOf(mnemonic: string): readonly Form[] | undefined {
  index ??= rowsByMnemonic();
  return index.get(mnemonic)?.flatMap(({ row, added }) => parseRow(row, mnemonic, added));
}

/** Every mnemonic. */
export function mnemonics(): string[] {
  index ??= rowsByMnemonic();
  return [...index.keys()];
}
