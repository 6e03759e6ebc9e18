/**
 * Every row of the instruction tables, swept over its operands, against GNU as: its recorded bytes
 * (`UPDATE_GOLDEN=1` records them anew where as is installed), and as itself where it is there.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { Assembler } from './assembler.ts';
import { assembleEach, gnuAsVersion } from './gnu-as.test-util.ts';
import { instructionRows } from './instruction-set.ts';
import { Memory, type MemoryOptions, mem, type Operand } from './operands.ts';
import { k } from './registers.ts';
import { hashOf, type SweepCase, sweepRow } from './sweep.test-util.ts';

interface Encoded {
  readonly row: string;
  readonly cases: readonly SweepCase[];
  readonly texts: readonly string[];
  readonly bytes: readonly string[];
}

/** Recorded: rows in order, each with a hash of its text, one of its instructions, and bytes. */
interface Fixture {
  readonly assembler: string;
  readonly seed: number;
  readonly rows: readonly (readonly [row: number, texts: number, bytes: string])[];
}

const SEED = 1;
const FILE = fileURLToPath(new URL('./fixtures/gnu-as.json.gz', import.meta.url));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function encodeRow(row: string): Encoded {
  const assembler = new Assembler({ listing: true });
  const cases = sweepRow(row, SEED);
  for (const { mnemonic, operands } of cases) assembler.emit(mnemonic, ...operands);
  const { listing } = assembler.finish();
  return { row, cases, texts: listing.map((l) => l.text), bytes: listing.map((l) => hex(l.bytes)) };
}

function record(encoded: readonly Encoded[], assembler: string): void {
  const bytes = assembleEach(encoded.flatMap(({ texts }) => texts)).map(hex);
  let at = 0;
  const rows = encoded.map(({ row, texts }) => {
    const own = bytes.slice(at, (at += texts.length));
    return [hashOf(row), hashOf(texts.join('\n')), own.join(' ')] as const;
  });
  const fixture: Fixture = { assembler, seed: SEED, rows };
  writeFileSync(FILE, gzipSync(JSON.stringify(fixture), { level: 9 }));
}

function withoutSize(operand: Operand): Operand {
  if (!(operand instanceof Memory)) return operand;
  const { base, index, scale, disp, bits, broadcast, writeMask } = operand;
  if (bits === 0 && !broadcast) return operand;
  const mask = writeMask > 0 ? k(writeMask) : undefined;
  const options = { index: index ?? undefined, scale, disp, broadcast, mask };
  return mem(base, options as MemoryOptions);
}

/** Emits the instruction if the size of its memory operand is known; says whether it did. */
function tryToEmit(assembler: Assembler, { mnemonic, operands }: SweepCase): boolean {
  try {
    assembler.emit(mnemonic, ...operands);
    return true;
  } catch (error) {
    expect(String(error)).toContain('the size of the memory operand is not known');
    return false;
  }
}

/** The first differences, as lines that say what to look at. */
function differences(encoded: Encoded, expected: readonly string[]): string[] {
  return encoded.bytes.flatMap((bytes, i) =>
    bytes === expected[i] ? [] : [`${encoded.texts[i]}: ${bytes}, as: ${expected[i]}`],
  );
}

describe('encodings', () => {
  const encoded: Encoded[] = [];
  const version = gnuAsVersion();

  beforeAll(() => {
    for (const row of instructionRows()) encoded.push(encodeRow(row));
    if (process.env.UPDATE_GOLDEN === '1' && version !== undefined) record(encoded, version);
  }, 120_000);

  it('are those that GNU as gave when recorded', () => {
    expect(existsSync(FILE)).toBe(true);
    const fixture: Fixture = JSON.parse(gunzipSync(readFileSync(FILE)).toString());
    const recorded = new Map(fixture.rows.map(([row, texts, bytes]) => [row, { texts, bytes }]));
    const wrong = encoded.flatMap((row) => {
      const expected = recorded.get(hashOf(row.row));
      if (expected === undefined || expected.texts !== hashOf(row.texts.join('\n')))
        return [`${row.row}: not recorded; UPDATE_GOLDEN=1 records it`];
      return differences(row, expected.bytes.split(' '));
    });
    expect(wrong.slice(0, 40)).toEqual([]);
    const count = encoded.reduce((sum, row) => sum + row.bytes.length, 0);
    expect(count).toBeGreaterThan(25_000);
  });

  it('do not change when a size that other operands tell is left out', () => {
    let told = 0;
    for (const { cases, bytes, row } of encoded) {
      const assembler = new Assembler();
      for (const { mnemonic, operands } of cases) {
        const open = operands.map(withoutSize);
        const changed = open.some((operand, i) => operand !== operands[i]);
        if (changed && tryToEmit(assembler, { mnemonic, operands: open })) told += 1;
        else assembler.emit(mnemonic, ...operands);
      }
      expect(`${row} ${hex(assembler.finish().bytes)}`).toBe(`${row} ${bytes.join('')}`);
    }
    expect(told).toBeGreaterThan(15_000);
  });

  it.skipIf(version === undefined)('are those of the GNU as that is installed', () => {
    const bytes = assembleEach(encoded.flatMap(({ texts }) => texts)).map(hex);
    let at = 0;
    const wrong = encoded.flatMap((row) =>
      differences(row, bytes.slice(at, (at += row.texts.length))),
    );
    expect(wrong.slice(0, 40)).toEqual([]);
  });
});
