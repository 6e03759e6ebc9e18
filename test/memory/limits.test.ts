/** More memory than there is: an error that names the bytes, and a process that goes on. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNative } from '../../src/runtime/cpu/native/index.ts';

interface Report {
  readonly thrown: Readonly<Record<string, string>>;
  readonly same: boolean;
  readonly works: boolean;
  readonly grown: number;
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
// Under node_modules, so that the package of koffi is found from there.
const folder = at(`../../node_modules/.limits-test-${process.pid}`);
const outfile = join(folder, 'limits.mjs');

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  buildSync({
    entryPoints: [at('./limits.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    tsconfig: at('../../tsconfig.json'),
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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
