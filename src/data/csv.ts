/** Reads CSV files row by row: quotes, a header, typed columns. */
import { checkOptions, FormatError, given, ValueError } from '../base/index.ts';
import { type ByteSource, fileSource, type Origin, unzip, unzipped } from './byte-source.ts';
import { CsvParser, type RawRow } from './csv-parser.ts';

/** What a column's fields are read as. */
export type CsvType = 'number' | 'integer' | 'boolean' | 'string';
export type CsvValue = number | boolean | string;
export type CsvRecord = Readonly<Record<string, CsvValue>>;
export type CsvList = readonly CsvValue[];

export interface CsvOptions {
  /**
   * Whether the first line names the columns (default true); or the names, where no line does.
   * With names a row is an object, with `false` an array.
   */
  readonly header?: boolean | readonly string[];
  /** Types by column name, or by position without names; or one for all. See {@link readCsv}. */
  readonly types?: CsvType | Readonly<Record<string, CsvType>> | readonly CsvType[];
  /** One character. Default `,`. */
  readonly separator?: string;
  /** Lines to pass over at the beginning. Default 0. */
  readonly skip?: number;
  /** Characters that a row may have. Default 2^20. */
  readonly maxRow?: number;
  /** What messages call the data. Default the path, or `data`. */
  readonly name?: string;
}

type WithLists = CsvOptions & { readonly header: false };

/**
 * The rows of CSV text (or of its bytes: UTF-8, gzipped or plain); see {@link readCsv}.
 *
 * @example
 * parseCsv('name,age\nAda,36\n'); // [{ name: 'Ada', age: 36 }]
 */
export function parseCsv(text: string | Uint8Array, options: WithLists): CsvList[];
export function parseCsv(text: string | Uint8Array, options?: CsvOptions): CsvRecord[];
export function parseCsv(
  text: string | Uint8Array,
  options: CsvOptions = {},
): (CsvRecord | CsvList)[] {
  const op = 'parseCsv';
  if (typeof text !== 'string' && !(text instanceof Uint8Array)) {
    throw new ValueError({ op, problem: `takes text or bytes (Uint8Array), not ${given(text)}` });
  }
  const reader = new CsvReader(op, options, 'data');
  const rows: (CsvRecord | CsvList)[] = [];
  if (typeof text === 'string') {
    for (const row of reader.text(text.replace(/^\uFEFF/, ''))) rows.push(row);
  } else {
    const plain = unzip(text, 2 ** 29, reader.from);
    for (let at = 0; at < plain.length; at += 2 ** 16) {
      for (const row of reader.bytes(plain.subarray(at, at + 2 ** 16))) rows.push(row);
    }
  }
  for (const row of reader.end()) rows.push(row);
  return rows;
}

/**
 * The rows of a CSV source, one at a time as the bytes come: UTF-8, gzipped or plain, line ends of
 * any system, quotes as in RFC 4180. Empty lines are passed over.
 *
 * A column without a type in `types` takes it from the first row: a number if that field is one
 * (and has no leading zero, as codes have), else a string; so every row has the same types. `number`
 * reads `nan` and `inf` too, and an empty field as NaN; `integer` is a number that must be whole and
 * exact; `boolean` is true or false, 1 or 0.
 *
 * Throws FormatError, which names the source and the line, for rows of different lengths, fields
 * that are not of their column's type, quotes that do not close, rows longer than `maxRow`, columns
 * of one name, and bytes that are not UTF-8.
 *
 * @example
 * for await (const row of readCsv(createReadStream('iris.csv'))) console.log(row.species);
 */
export function readCsv(source: ByteSource, options: WithLists): AsyncGenerator<CsvList>;
export function readCsv(source: ByteSource, options?: CsvOptions): AsyncGenerator<CsvRecord>;
export function readCsv(
  source: ByteSource,
  options: CsvOptions = {},
): AsyncGenerator<CsvRecord | CsvList> {
  return stream(source, new CsvReader('readCsv', options, 'data'));
}

/**
 * {@link readCsv} of a file, which is opened when the first row is asked for.
 *
 * @example
 * const loader = new DataLoader(() => readCsvFile('iris.csv.gz'), { batchSize: 32 });
 * for await (const { sepalLength } of loader) console.log(sepalLength.shape); // [32]
 */
export function readCsvFile(path: string, options: WithLists): AsyncGenerator<CsvList>;
export function readCsvFile(path: string, options?: CsvOptions): AsyncGenerator<CsvRecord>;
export function readCsvFile(
  path: string,
  options: CsvOptions = {},
): AsyncGenerator<CsvRecord | CsvList> {
  const reader = new CsvReader('readCsvFile', options, path);
  return (async function* () {
    yield* stream((await fileSource(path, 'readCsvFile')).pieces, reader);
  })();
}

async function* stream(source: ByteSource, reader: CsvReader): AsyncGenerator<CsvRecord | CsvList> {
  for await (const piece of unzipped(source, reader.from)) yield* reader.bytes(piece);
  yield* reader.end();
}

const TYPES: readonly CsvType[] = ['number', 'integer', 'boolean', 'string'];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SPECIAL = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
]);

/** A number as CSV files write it; undefined if the field is none. */
function numberOf(field: string): number | undefined {
  const text = field.trim();
  if (NUMBER.test(text)) return Number(text);
  const [, sign, word] = /^([+-]?)(\w+)$/.exec(text) ?? [];
  const value = SPECIAL.get(word?.toLowerCase() ?? '');
  return value !== undefined && sign === '-' ? -value : value;
}

const looksNumeric = (field: string): boolean =>
  numberOf(field) !== undefined && !/^\s*[+-]?0\d/.test(field);

const READ: Readonly<Record<CsvType, (field: string) => CsvValue | undefined>> = {
  string: (field) => field,
  number: (field) => (field.trim() === '' ? Number.NaN : numberOf(field)),
  integer: (field) => {
    const value = numberOf(field);
    return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
  },
  boolean: (field) =>
    /^\s*(true|1)\s*$/i.test(field) ? true : /^\s*(false|0)\s*$/i.test(field) ? false : undefined,
};

/** From bytes to typed rows. */
class CsvReader {
  readonly from: Origin;
  private readonly parser: CsvParser;
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private readonly given: CsvOptions['types'];
  private readonly withNames: boolean;
  private names: readonly string[] | null = null;
  private types: CsvType[] | null = null;
  private width = 0;
  private skip: number;
  private skippedCr = false;
  private offset = 0;

  constructor(op: string, options: CsvOptions, fallback: string) {
    checkOptions(op, options, ['header', 'types', 'separator', 'skip', 'maxRow', 'name']);
    const { header = true, separator = ',', skip = 0, maxRow = 2 ** 20 } = options;
    this.from = { op, name: options.name ?? fallback };
    const wrong = (problem: string): never => {
      throw new ValueError({ op, problem });
    };
    if (typeof separator !== 'string' || !/^[^"\r\n\0]$/.test(separator)) {
      wrong(`the separator is one character and no quote, not ${given(separator)}`);
    }
    if (!Number.isSafeInteger(skip) || skip < 0) wrong(`skip counts lines, not ${given(skip)}`);
    if (!Number.isSafeInteger(maxRow) || maxRow < 1) {
      wrong(`maxRow counts characters, not ${given(maxRow)}`);
    }
    for (const type of typeof options.types === 'string'
      ? [options.types]
      : Object.values(options.types ?? {})) {
      if (!TYPES.includes(type)) wrong(`a type is ${TYPES.join(', ')}, not ${given(type)}`);
    }
    if (typeof header !== 'boolean' && !Array.isArray(header)) {
      wrong(`header is true, false or a list of names, not ${given(header)}`);
    }
    this.parser = new CsvParser(this.from, separator, maxRow, skip + 1);
    this.given = options.types;
    this.withNames = header !== false;
    this.skip = skip;
    if (Array.isArray(header)) this.setNames(header as string[], 0);
  }

  *bytes(piece: Uint8Array): Generator<CsvRecord | CsvList> {
    if (this.offset === 0 && (piece[0] === 0xff || piece[0] === 0xfe)) {
      throw this.error('is not UTF-8: it begins like UTF-16', 'save it as UTF-8');
    }
    yield* this.text(this.decode(piece, true));
    this.offset += piece.length;
  }

  *text(text: string): Generator<CsvRecord | CsvList> {
    const rest = this.skip > 0 || this.skippedCr ? this.passOver(text) : text;
    for (const row of this.parser.push(rest)) {
      const typed = this.row(row);
      if (typed !== null) yield typed;
    }
  }

  *end(): Generator<CsvRecord | CsvList> {
    yield* this.text(this.decode(undefined, false));
    for (const row of this.parser.end()) {
      const typed = this.row(row);
      if (typed !== null) yield typed;
    }
  }

  private decode(piece: Uint8Array | undefined, more: boolean): string {
    try {
      return this.decoder.decode(piece, { stream: more });
    } catch (error) {
      const place = more
        ? `among the bytes ${this.offset} to ${this.offset + (piece?.length ?? 0)}`
        : `at its end, byte ${this.offset}`;
      throw this.error(`is not UTF-8 text ${place}`, 'save it as UTF-8', error);
    }
  }

  /** The text after the lines to skip. */
  private passOver(text: string): string {
    let at = 0;
    if (this.skippedCr && text.length > 0) {
      this.skippedCr = false;
      if (text[0] === '\n') at = 1;
    }
    while (this.skip > 0 && at < text.length) {
      const c = text[at++];
      if (c !== '\n' && c !== '\r') continue;
      this.skip--;
      if (c === '\r' && at === text.length) this.skippedCr = true;
      else if (c === '\r' && text[at] === '\n') at++;
    }
    return text.slice(at);
  }

  private row({ fields, line }: RawRow): CsvRecord | CsvList | null {
    if (this.withNames && this.names === null) {
      this.setNames(fields, line);
      return null;
    }
    if (this.types === null) {
      if (this.names === null) this.width = fields.length;
      this.types = this.typesOf(fields);
    }
    if (fields.length !== this.width) {
      throw this.error(
        `line ${line} has ${fields.length} field${fields.length === 1 ? '' : 's'}; ` +
          `expected ${this.width}, ${this.names === null ? 'as in the first row' : 'one for each column'}`,
      );
    }
    const values = fields.map((field, i) => this.value(field, i, line));
    if (this.names === null) return values;
    const record: Record<string, CsvValue> = {};
    for (let i = 0; i < values.length; i++) record[this.names[i]] = values[i];
    return record;
  }

  private value(field: string, column: number, line: number): CsvValue {
    const type = (this.types as CsvType[])[column];
    const value = READ[type](field);
    if (value !== undefined) return value;
    const name = this.names === null ? `${column}` : `'${this.names[column]}'`;
    throw this.error(
      `line ${line}, column ${name}: expected ${type === 'integer' ? 'an' : 'a'} ${type}, found ${given(field)}`,
      this.given === undefined
        ? "the first row decides a column's type; pass types for another"
        : undefined,
    );
  }

  private setNames(names: readonly string[], line: number): void {
    const place = line === 0 ? 'header' : `line ${line}`;
    if (names.length > 2 ** 16) throw this.error(`${place} names ${names.length} columns`);
    const seen = new Set<string>();
    const twice = names.find((name) => seen.size === seen.add(name).size);
    if (twice !== undefined) throw this.error(`${place} names two columns ${given(twice)}`);
    if (names.includes('__proto__')) throw this.error(`${place}: no column can be '__proto__'`);
    this.names = [...names];
    this.width = names.length;
  }

  private typesOf(first: readonly string[]): CsvType[] {
    const { given: types, names } = this;
    if (typeof types === 'string') return new Array<CsvType>(this.width).fill(types);
    const byKey = (types ?? {}) as Readonly<Record<string, CsvType>>;
    const keys = names ?? Array.from({ length: this.width }, (_, i) => String(i));
    for (const key of Object.keys(byKey)) {
      if (Array.isArray(types) ? Number(key) < this.width : keys.includes(key)) continue;
      throw new ValueError({
        op: this.from.op,
        problem: `${this.from.name} has no column ${given(key)}, for which types has a type`,
        remedy: `its columns: ${keys.slice(0, 20).join(', ')}`,
      });
    }
    return keys.map((key, i) => {
      const chosen = Array.isArray(types)
        ? types[i]
        : Object.hasOwn(byKey, key)
          ? byKey[key]
          : undefined;
      return chosen ?? (looksNumeric(first[i] ?? '') ? 'number' : 'string');
    });
  }

  private error(problem: string, remedy?: string, cause?: unknown): FormatError {
    const { op, name } = this.from;
    const colon = /^(line|header)/.test(problem) ? ':' : '';
    return new FormatError({ op, problem: `${name}${colon} ${problem}`, remedy, cause });
  }
}
