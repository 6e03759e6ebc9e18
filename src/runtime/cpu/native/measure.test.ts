import { describe, expect, test } from 'vitest';
import { PIECE_BYTES, probeCode } from '../../../target/x64/index.ts';
import { hostOf } from './host.test-util.ts';
import { measureHost } from './measure.ts';

const pair = hostOf(2);
const isas = pair?.cpu.isa === 'avx512' ? (['avx512', 'avx2'] as const) : (['avx2'] as const);

describe.skipIf(pair === null)('probes', () => {
  if (pair === null) return;
  const { memory, code } = pair;

  test.each(isas)('%s: every tile copies its piece and no other', (isa) => {
    const pieces = 4;
    const [from, to] = [0, 1].map(() => memory.allocate(pieces * PIECE_BYTES));
    from.u8.forEach((_, i) => (from.u8[i] = i % 251));
    for (const kind of ['copy', 'stream'] as const) {
      const { address } = code.write(probeCode(kind, isa));
      to.u8.fill(0);
      // Two tiles more than pieces: they begin again.
      pair.runKernel(address, pieces + 2, from.address, pieces - 1, to.address);
      expect(Buffer.compare(from.u8, to.u8)).toBe(0);
      to.u8.fill(0);
      pair.runKernel(address, 1, from.address, pieces - 1, to.address);
      expect(to.u8.subarray(PIECE_BYTES).every((x) => x === 0)).toBe(true);
    }
  });

  test.each(isas)('%s: reading and multiplying take longer if there is more to do', (isa) => {
    const buffer = memory.allocate(PIECE_BYTES);
    const timeOf = (kind: 'read' | 'fma', tiles: number, ...operands: number[]): number => {
      const { address } = code.write(probeCode(kind, isa));
      const times = [0, 1, 2].map(() => {
        const start = performance.now();
        pair.runKernel(address, tiles, ...operands);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    expect(timeOf('read', 40_000, buffer.address, 0)).toBeGreaterThan(
      timeOf('read', 100, buffer.address, 0),
    );
    expect(timeOf('fma', 40, 100_000)).toBeGreaterThan(timeOf('fma', 1, 100));
  });

  test.each([1, 2])('the machine, by %i threads', (threads) => {
    const measured = Object.entries(measureHost(pair, threads));
    expect(measured.length).toBe(5);
    expect(measured.filter(([, value]) => !(value > 0.01 && value < 1e5))).toEqual([]);
  });
});
