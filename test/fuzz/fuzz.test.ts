import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url));

test('30 random programs agree: in a small heap, and with the reference', () => {
  const args = [script, '--seed', '1', '--count', '30'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ status, text: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, text: '' });
  expect(Number(/(\d+) results compared/.exec(stdout)?.[1])).toBeGreaterThan(200);
}, 60_000);
