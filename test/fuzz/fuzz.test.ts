import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openNative } from '../../src/runtime/cpu/native/index.ts';

const script = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url));

const native = openNative({ threads: 1 }).host !== null;
const CASES = [
  ['wasm', 'in a small heap, and with the reference', 30],
  ...(native ? ([['x64', 'between guard pages, on one thread and on all', 60]] as const) : []),
] as const;

test.each(CASES)(
  'random programs agree on %s: %s',
  (cpu, _, count) => {
    const args = [script, '--seed', '1', '--count', String(count), '--cpu', cpu];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, text: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, text: '' });
    expect(Number(/(\d+) results compared/.exec(stdout)?.[1])).toBeGreaterThan(200);
  },
  60_000,
);
