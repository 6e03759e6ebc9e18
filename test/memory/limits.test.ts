/** More memory than there is: an error that names the bytes, and a process that goes on. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { openNative } from '../../src/runtime/cpu/native/index.ts';
import { bundled } from '../bundled.test-util.ts';

interface Report {
  readonly thrown: Readonly<Record<string, string>>;
  readonly same: boolean;
  readonly works: boolean;
  readonly grown: number;
}

const outfile = bundled('memory/limits.ts');

const native = openNative({ threads: 1 }).host !== null;
const ENGINES = ['wasm', 'reference', ...(native ? ['x64'] : [])];

test.each(ENGINES)(
  '%s says how many bytes there are not, and goes on',
  (GRADUS_CPU) => {
    const env = { ...process.env, GRADUS_CPU };
    const out = execFileSync(process.execPath, [outfile], { env, encoding: 'utf8' });
    const { thrown, same, works, grown } = JSON.parse(out) as Report;
    for (const [name, text] of Object.entries(thrown)) {
      const bytes = 4 * 2 ** 40;
      expect(`${name}: ${text}`).toContain(`${name}: DeviceError: allocate: `);
      expect(text).toContain(`${bytes} more bytes`);
    }
    expect({ same, works }).toEqual({ same: true, works: true });
    expect(grown).toBeLessThan(64);
  },
  120_000,
);
