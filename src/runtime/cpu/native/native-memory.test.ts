import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hostOf } from './host.test-util.ts';

/** The kernel's flags of the mapping in which an address lies. */
function flagsAt(address: number): readonly string[] {
  const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  const found = mappings.find((text) => {
    const [from, to] = (/^([0-9a-f]+)-([0-9a-f]+)/.exec(text) ?? []).slice(1);
    return Number.parseInt(from, 16) <= address && address < Number.parseInt(to, 16);
  });
  return (
    /^VmFlags: (.*)$/m
      .exec(found ?? '')?.[1]
      .trim()
      .split(' ') ?? []
  );
}

const host = hostOf(1);

describe.skipIf(host === null)('memory of tensors', () => {
  if (host === null) return;
  const { memory } = host;

  test('large buffers are aligned and ask for large pages, small ones do not', () => {
    // A kernel without large pages knows no such flag.
    let possible = true;
    try {
      readFileSync('/sys/kernel/mm/transparent_hugepage/enabled');
    } catch {
      possible = false;
    }
    for (const bytes of [64, 2 ** 20, 2 ** 22, 2 ** 24 + 64]) {
      const { buffer, offset, address } = memory.allocateBuffer(bytes);
      expect(address % 64).toBe(0);
      expect(offset + bytes).toBeLessThanOrEqual(buffer.byteLength);
      const bytesOfAll = new Uint8Array(buffer, offset, bytes);
      bytesOfAll.fill(7);
      expect(bytesOfAll[bytes - 1]).toBe(7);
      const middle = address + Math.floor(bytes / 2);
      if (bytes >= 2 ** 22) expect(flagsAt(middle).includes('hg')).toBe(possible);
    }
  });
});
