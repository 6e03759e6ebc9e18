import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { FormatError } from '../index.ts';
import { inPieces, mutants } from './fuzz.test-util.ts';
import { type CsvOptions, parseCsv, readCsv, readCsvFile } from './index.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const all = async <T>(rows: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
};
const folder = mkdtempSync(join(tmpdir(), 'gradus-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('CSV', () => {
  test('header, types from the first row, any line end', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = ['name,age,zip', 'Ada,36,0123', '', 'Bob,,9'].join(end);
      for (const each of [text, text + end, bytesOf(`\uFEFF${text}`)]) {
        expect(parseCsv(each)).toEqual([
          { name: 'Ada', age: 36, zip: '0123' },
          { name: 'Bob', age: Number.NaN, zip: '9' },
        ]);
      }
    }
    expect(parseCsv('1,2\n3,4', { header: false })).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(parseCsv('1;2', { header: ['a', 'b'], separator: ';' })).toEqual([{ a: 1, b: 2 }]);
    expect(parseCsv('junk "\r\nmore\r\n1,x', { header: false, skip: 2 })).toEqual([[1, 'x']]);
    expect(parseCsv('')).toEqual([]);
    expect(parseCsv('a,b\n')).toEqual([]);
  });

  test('quotes', () => {
    const text = 'a,b\n"x,""y""","two\r\nlines"\n"",it"s\n';
    expect(parseCsv(text)).toEqual([
      { a: 'x,"y"', b: 'two\r\nlines' },
      { a: '', b: 'it"s' },
    ]);
  });

  test('types that are asked for', () => {
    const types = { n: 'integer', ok: 'boolean', id: 'string' } as const;
    expect(parseCsv('n,ok,id,v\n-3,True,007,1e-3\n4,0,8,-inf', { types })).toEqual([
      { n: -3, ok: true, id: '007', v: 0.001 },
      { n: 4, ok: false, id: '8', v: Number.NEGATIVE_INFINITY },
    ]);
    expect(parseCsv('a\n1', { types: 'string' })).toEqual([{ a: '1' }]);
    expect(parseCsv('1,2', { header: false, types: ['string'] })).toEqual([['1', 2]]);
    for (const bad of ['1.5', '1e300', '', '0x10', 'one']) {
      expect(() => parseCsv(`a,b\n${bad},1`, { types: 'integer' })).toThrow(
        `data: line 2, column 'a': expected an integer, found '${bad}'`,
      );
    }
  });

  test('a stream, a file and a gzipped one give the same rows', async () => {
    const text = `a,b\n${Array.from({ length: 3000 }, (_, i) => `${i},"é,\n""${i}"""`).join('\r\n')}`;
    const rows = parseCsv(text);
    expect(rows).toHaveLength(3000);
    expect(rows[2999]).toEqual({ a: 2999, b: 'é,\n"2999"' });
    expect(await all(readCsv(inPieces(bytesOf(text))))).toEqual(rows);
    const path = join(folder, 'rows.csv');
    for (const bytes of [bytesOf(text), gzipSync(text)]) {
      writeFileSync(path, bytes);
      expect(await all(readCsvFile(path))).toEqual(rows);
      expect(parseCsv(bytes)).toEqual(rows);
      for await (const row of readCsvFile(path)) {
        expect(row).toEqual(rows[0]);
        break;
      }
    }
  });

  test('what is wrong, and on which line', async () => {
    const cases: [string | Uint8Array, RegExp, CsvOptions?][] = [
      ['a,b\n1,2\n\n3\n', /bad: line 4 has 1 field; expected 2, one for each column/],
      [
        '1,2\n1,2,3',
        /bad: line 2 has 3 fields; expected 2, as in the first row/,
        { header: false },
      ],
      ['a\n1\nx', /bad: line 3, column 'a': expected a number, found 'x'[^]*pass types/],
      ['x\na,b\n"1\n2",3\n4', /bad: line 5 has 1 field/, { skip: 1 }],
      ['a\n"1\n2', /bad: line 2 opens a quote that is never closed/],
      ['a\n"1"2', /bad: line 2 has "2" after a closing quote/],
      ['a,a\n', /bad: line 1 names two columns 'a'/],
      ['a,__proto__\n', /no column can be '__proto__'/],
      [
        `a\n"${'x'.repeat(200)}"`,
        /line 2 opens a quote that is not closed within 100/,
        { maxRow: 100 },
      ],
      [`a\n${'x'.repeat(200)}`, /line 2 is longer than 100 characters/, { maxRow: 100 }],
      [Uint8Array.of(97, 10, 0, 1), /bad: line 2 is not text: it holds a NUL/],
      [Uint8Array.of(97, 10, 0xc3, 0x28), /bad is not UTF-8 text among the bytes 0 to 4/],
      [Uint8Array.of(97, 10, 0xc3), /bad is not UTF-8 text at its end, byte 3/],
      [Uint8Array.of(0xff, 0xfe, 97, 0), /begins like UTF-16/],
      [gzipSync('a\n1').subarray(0, 12), /bad is truncated: the gzip stream/],
    ];
    for (const [text, message, options] of cases) {
      const given = { ...options, name: 'bad' };
      expect(() => parseCsv(text, given)).toThrow(message);
      expect(() => parseCsv(text, given)).toThrow(FormatError);
      const bytes = typeof text === 'string' ? bytesOf(text) : text;
      await expect(all(readCsv(bytes, given))).rejects.toThrow(message);
    }
    await expect(all(readCsvFile(join(folder, 'none')))).rejects.toThrow(/none cannot be read/);
  });

  test('options that make no sense', () => {
    const refuse = (options: object, message: RegExp): void => {
      expect(() => parseCsv('a,b\n1,2', options as CsvOptions)).toThrow(message);
    };
    refuse({ separator: '"' }, /separator/);
    refuse({ separator: ';;' }, /separator/);
    refuse({ skip: -1 }, /skip/);
    refuse({ maxRow: 0 }, /maxRow/);
    refuse({ types: 'int' }, /a type is number, integer/);
    refuse({ types: { c: 'number' } }, /no column 'c'.*\n.*\n.*a, b/);
    refuse({ header: 'a' }, /header/);
    refuse({ delimiter: ';' }, /no option 'delimiter'/);
    expect(() => parseCsv(3 as never)).toThrow(/takes text or bytes/);
  });

  test('damaged files never do worse than a FormatError', async () => {
    const text = 'a,b,c\n1,"x,\n""y""",2.5\n2,é,3\r\n3,"",nan\n';
    const seeds = [bytesOf(text), gzipSync(text)];
    let read = 0;
    for (const bytes of mutants(seeds, 3000, 2)) {
      const whole = ((): unknown => {
        try {
          return parseCsv(bytes, { maxRow: 1000 });
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          return null;
        }
      })();
      const pieces = await all(readCsv(inPieces(bytes, bytes.length), { maxRow: 1000 })).catch(
        (error: unknown) => {
          if (!(error instanceof FormatError)) throw error;
          return null;
        },
      );
      expect(pieces).toEqual(whole);
      if (whole !== null) read++;
    }
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(2700);
  });
});
