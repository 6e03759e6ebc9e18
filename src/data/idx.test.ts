import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { FormatError } from '../index.ts';
import { inPieces, mutants } from './fuzz.test-util.ts';
import { type IdxArray, parseIdx, readIdx, readIdxFile } from './index.ts';

/** An IDX file. */
function idx(type: number, shape: readonly number[], body: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return Uint8Array.of(0, 0, type, shape.length, ...sizes, ...body);
}

const small = idx(8, [2, 3], [1, 2, 3, 4, 5, 255]);
const folder = mkdtempSync(join(tmpdir(), 'gradus-idx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

describe('IDX', () => {
  test('every element type, in big-endian order', () => {
    const read = (type: number, n: number, body: number[]): unknown[] => {
      const { dtype, data } = parseIdx(idx(type, [n], body));
      return [dtype, ...data];
    };
    expect(read(0x08, 2, [1, 255])).toEqual(['uint8', 1, 255]);
    expect(read(0x09, 2, [1, 255])).toEqual(['int8', 1, -1]);
    expect(read(0x0b, 2, [1, 2, 255, 254])).toEqual(['int16', 258, -2]);
    expect(read(0x0c, 1, [1, 2, 3, 4])).toEqual(['int32', 0x01020304]);
    expect(read(0x0d, 1, [0xc0, 0x20, 0, 0])).toEqual(['float32', -2.5]);
    expect(read(0x0e, 1, [0xc0, 4, 0, 0, 0, 0, 0, 0])).toEqual(['float64', -2.5]);
    expect(parseIdx(idx(8, [0, 5], []))).toMatchObject({ shape: [0, 5] });
  });

  test('plain and gzipped, whole, in pieces and from files', async () => {
    const expected = { dtype: 'uint8', shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 255) };
    for (const bytes of [small, gzipSync(small)]) {
      const found = [
        parseIdx(bytes),
        await readIdx(bytes),
        await readIdx(inPieces(bytes)),
        await readIdxFile(file('ok', bytes)),
      ];
      for (const each of found) expect(each).toEqual(expected);
    }
  });

  test('what is wrong, and where', async () => {
    const zipped = gzipSync(small);
    const flipped = Uint8Array.from(zipped);
    flipped[zipped.length - 6] ^= 1;
    const cases: [string, Uint8Array, RegExp][] = [
      ['empty', new Uint8Array(), /empty is truncated: it ends at offset 0, within its header/],
      ['header', small.slice(0, 9), /truncated: it ends at offset 9, within its header/],
      [
        'png',
        Uint8Array.of(0x89, 0x50, 0x4e, 0x47),
        /no IDX file: expected 00 00 at offset 0, found 89 50 4e 47/,
      ],
      ['type', idx(7, [1], [1]), /unknown element type 0x07 at offset 2; expected 0x08 uint8/],
      ['rank', idx(8, [], []), /0 dimensions by its byte at offset 3; expected 1 to 16/],
      ['ranks', Uint8Array.of(0, 0, 8, 200, 0), /200 dimensions/],
      ['short', small.slice(0, -1), /short is truncated: uint8 \[2, 3\] takes 18 bytes, and it/],
      ['long', Uint8Array.of(...small, 0), /goes on after its last element: .* offset 18/],
      [
        'vast',
        idx(8, [2 ** 31, 2 ** 31], []),
        /claims uint8 \[2147483648, 2147483648\].*limit of 2147483648/,
      ],
      ['big', idx(8, [2 ** 30], []), /truncated: uint8 \[1073741824\]/],
      ['bigzip', gzipSync(idx(8, [2 ** 30], [])), /truncated: uint8 \[1073741824\]/],
      ['zip', zipped.slice(0, -9), /zip is truncated: the gzip stream ends before/],
      ['crc', flipped, /crc is damaged: incorrect data check in the gzip stream/],
    ];
    for (const [name, bytes, message] of cases) {
      expect(() => parseIdx(bytes, { name })).toThrow(message);
      expect(() => parseIdx(bytes, { name })).toThrow(FormatError);
      await expect(readIdxFile(file(name, bytes))).rejects.toThrow(message);
      await expect(readIdxFile(file(name, bytes))).rejects.toThrow(join(folder, name));
      if (name === 'big' || name === 'bigzip') continue;
      await expect(readIdx(inPieces(bytes), { name })).rejects.toThrow(message);
    }
    await expect(readIdx(inPieces(idx(8, [2 ** 30], [])))).rejects.toThrow(/ends at offset 8/);
    await expect(readIdxFile(join(folder, 'none'))).rejects.toThrow(/none cannot be read: ENOENT/);
    await expect(readIdxFile(folder)).rejects.toThrow(/not a file/);
    await expect(readIdx(['text'] as never)).rejects.toThrow(/gives string values, not bytes/);
    expect(() => parseIdx('x' as never)).toThrow(/takes bytes/);
    expect(() => parseIdx(small, { maxBytes: 5 })).toThrow(/6 bytes: more than the limit of 5/);
    expect(() => parseIdx(small, { maxBytes: -1 })).toThrow(/maxBytes/);
    const bomb = gzipSync(new Uint8Array(1e7));
    expect(() => parseIdx(bomb, { maxBytes: 1000 })).toThrow(/unpacks to more than/);
  });

  test('damaged files never do worse than a FormatError', async () => {
    const seeds = [small, gzipSync(small), idx(0x0e, [1, 2], new Array<number>(16).fill(64))];
    const tries = async (read: () => IdxArray | Promise<IdxArray>): Promise<number> => {
      try {
        const found = await read();
        return found.data.byteLength;
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        return -1;
      }
    };
    let read = 0;
    for (const bytes of mutants(seeds, 3000, 1)) {
      const whole = await tries(() => parseIdx(bytes));
      expect(whole).toBeLessThan(2000);
      expect(await tries(() => readIdx(inPieces(bytes, bytes.length)))).toBe(whole);
      if (whole >= 0) read++;
    }
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(2500);
  });
});
