/** The instructions Gradus can encode: an index of rows by mnemonic, parsed when first used. */

import { conditionOf, mnemonicsOf } from './condition.ts';
import type { Form } from './form.ts';
import type { OperandPattern } from './parse-operand.ts';
import { type Candidate, formOf, parseRow } from './parse-row.ts';
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

/** Rows as they stand in a table: where each begins and ends. */
interface Rows {
  readonly table: string;
  /** Start and end of each row in turn. */
  readonly spans: number[];
}

let index: Map<string, Rows> | undefined;

/** Rows by first word, without making a string of each: this runs when the first code is made. */
function indexRows(): Map<string, Rows> {
  const rows = new Map<string, Rows>();
  for (const table of TABLES) {
    for (let start = 0; start < table.length; ) {
      const end = table.indexOf('\n', start);
      if (end > start && table[start] !== '#') {
        const name = table.slice(start, table.indexOf(' ', start));
        const found = rows.get(name);
        if (found === undefined) rows.set(name, { table, spans: [start, end] });
        else found.spans.push(start, end);
      }
      start = end + 1;
    }
  }
  return rows;
}

const rowsNamed = (name: string): string[] => {
  const { table, spans } = index?.get(name) ?? { table: '', spans: [] };
  return Array.from({ length: spans.length / 2 }, (_, i) =>
    table.slice(spans[2 * i], spans[2 * i + 1]),
  );
};

/** All rows, in the order of the tables. */
export function instructionRows(): string[] {
  index ??= indexRows();
  return [...index.keys()].flatMap(rowsNamed);
}

const parsed = new Map<string, readonly Candidate[]>();

function candidatesNamed(name: string): readonly Candidate[] {
  let found = parsed.get(name);
  if (found === undefined) {
    found = rowsNamed(name).flatMap(parseRow);
    parsed.set(name, found);
  }
  return found;
}

/** The forms of a mnemonic in the order in which they are tried; none if there is no such one. */
export const formsOf = (mnemonic: string): Form[] => formsWith(mnemonic, () => true);

/** Those of the forms whose operands are wanted; the others are not made. */
export function formsWith(
  mnemonic: string,
  wanted: (patterns: readonly OperandPattern[]) => boolean,
): Form[] {
  index ??= indexRows();
  const plain = candidatesNamed(mnemonic.replace(' ', '_'));
  const condition = plain.length > 0 ? undefined : conditionOf(mnemonic);
  const all = condition === undefined ? plain : candidatesNamed(condition.row);
  const forms: Form[] = [];
  for (const c of all) {
    if (wanted(c.patterns)) forms.push(formOf(c, mnemonic, condition?.code ?? 0));
  }
  return forms;
}

/** Every mnemonic. */
export function mnemonics(): string[] {
  index ??= indexRows();
  return [...index.keys()].flatMap(mnemonicsOf);
}
