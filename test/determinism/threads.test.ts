/** On any number of threads an engine computes the same bits. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { openNative } from '../../src/runtime/cpu/native/index.ts';
import { bundled } from '../bundled.test-util.ts';

interface Report {
  readonly engine: string;
  readonly threads: number;
  readonly results: Readonly<Record<string, string>>;
}

const outfile = bundled('determinism/threads-program.ts');
const native = openNative({ threads: 1 }).host?.cpu.isa != null;

function run(env: Record<string, string>): Report {
  const out = execFileSync(process.execPath, [outfile], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return JSON.parse(out) as Report;
}

const ENGINES: readonly Record<string, string>[] = [
  { GRADUS_CPU: 'wasm' },
  { GRADUS_CPU: 'wasm', GRADUS_WASM_RELAXED: '0' },
  ...(native ? [{ GRADUS_CPU: 'x64' }] : []),
];

test.each(ENGINES)('1, 2 and 3 threads: %o', (env) => {
  const alone = run({ ...env, GRADUS_THREADS: '1' });
  expect(alone.threads).toBe(1);
  for (const threads of [2, 3]) {
    const several = run({ ...env, GRADUS_THREADS: String(threads) });
    expect(several).toEqual({ ...alone, threads });
  }
});
