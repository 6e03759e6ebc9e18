/** Splits CSV text into rows of fields, piece by piece (RFC 4180, with any line ends). */
import { FormatError } from '../base/index.ts';
import type { Origin } from './byte-source.ts';

/** A row's fields, and the line on which it began, from 1. */
export interface RawRow {
  readonly fields: readonly string[];
  readonly line: number;
}

const QUOTE = 34;
const LF = 10;
const CR = 13;

type State = 'start' | 'plain' | 'quoted' | 'closed';

/** Takes text in pieces; gives the rows that each completes. Empty lines are no rows. */
export class CsvParser {
  private readonly from: Origin;
  private readonly separator: number;
  /** Characters that a row may have: an open quote must not swallow a whole file. */
  private readonly maxRow: number;
  private state: State = 'start';
  private fields: string[] = [];
  private field = '';
  private line: number;
  private rowLine: number;
  private quoteLine: number;
  /** Characters of the open row in earlier pieces. */
  private held = 0;
  private afterCr = false;

  constructor(from: Origin, separator: string, maxRow: number, firstLine: number) {
    this.from = from;
    this.separator = separator.charCodeAt(0);
    this.maxRow = maxRow;
    this.line = firstLine;
    this.rowLine = firstLine;
    this.quoteLine = firstLine;
  }

  push(text: string): RawRow[] {
    const rows: RawRow[] = [];
    let start = 0; // of what belongs to the field and is not in `field` yet
    let rowStart = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (this.afterCr) {
        this.afterCr = false;
        if (c === LF) {
          if (this.state === 'quoted') continue; // its line was counted with the CR
          start = i + 1;
          rowStart = i + 1;
          continue;
        }
      }
      if (c === 0) {
        throw this.error(this.line, 'is not text: it holds a NUL character', 'is it a CSV file?');
      }
      if (this.state === 'quoted') {
        if (c === QUOTE) {
          this.field += text.slice(start, i);
          this.state = 'closed';
        } else if (c === LF || c === CR) {
          this.line++;
          this.afterCr = c === CR;
        }
      } else if (c === this.separator || c === LF || c === CR) {
        if (this.state === 'plain') this.field += text.slice(start, i);
        const empty = this.state === 'start' && this.fields.length === 0;
        if (c === this.separator || !empty) this.fields.push(this.field);
        this.field = '';
        this.state = 'start';
        start = i + 1;
        if (c !== this.separator) {
          if (this.fields.length > 0) rows.push({ fields: this.fields, line: this.rowLine });
          this.fields = [];
          this.line++;
          this.rowLine = this.line;
          this.afterCr = c === CR;
          this.held = 0;
          rowStart = i + 1;
        }
      } else if (this.state === 'closed') {
        if (c !== QUOTE) {
          throw this.error(
            this.line,
            `has ${JSON.stringify(text[i])} after a closing quote; expected the separator or the line's end`,
            'a quote inside a quoted field is written twice',
          );
        }
        this.state = 'quoted';
        start = i; // of the two quotes one is kept
      } else if (this.state === 'start') {
        this.state = c === QUOTE ? 'quoted' : 'plain';
        if (c === QUOTE) this.quoteLine = this.line;
        start = c === QUOTE ? i + 1 : i;
      }
      if (this.held + i - rowStart >= this.maxRow) throw this.tooLong();
    }
    if (this.state === 'plain' || this.state === 'quoted') this.field += text.slice(start);
    this.held += text.length - rowStart;
    return rows;
  }

  /** The last row, if it does not end with a line end. */
  end(): RawRow[] {
    if (this.state === 'quoted') {
      throw this.error(
        this.quoteLine,
        'opens a quote that is never closed: the data ends inside it',
        'is the file cut off?',
      );
    }
    return this.push('\n');
  }

  private tooLong(): FormatError {
    return this.state === 'quoted'
      ? this.error(
          this.quoteLine,
          `opens a quote that is not closed within ${this.maxRow} characters`,
          'is the quote a mistake? a longer row needs a larger maxRow',
        )
      : this.error(
          this.rowLine,
          `is longer than ${this.maxRow} characters`,
          'is it a CSV file? a longer row needs a larger maxRow',
        );
  }

  private error(line: number, problem: string, remedy?: string): FormatError {
    const { op, name } = this.from;
    return new FormatError({ op, problem: `${name}: line ${line} ${problem}`, remedy });
  }
}
