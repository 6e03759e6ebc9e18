/** The same seed gives the same bits: in another process, with another heap, on other engines. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

interface Report {
  readonly engine: string;
  readonly finite: boolean;
  readonly results: Readonly<Record<string, string>>;
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
let dir = '';
let outfile = '';
beforeAll(() => {
  // Beside the packages that the program needs.
  dir = mkdtempSync(at('../../node_modules/.gradus-determinism-'));
  outfile = join(dir, 'program.mjs');
  buildSync({
    entryPoints: [at('./program.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    alias: { '#v8-flags': at('../../src/target/wasm/v8-flags.node.ts') },
  });
});
afterAll(() => rmSync(dir, { recursive: true }));

function run(seed: number, env: Record<string, string> = {}): Report {
  const out = execFileSync(process.execPath, [outfile, String(seed)], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return JSON.parse(out) as Report;
}

test('two processes of one seed agree bit by bit, also in training', () => {
  const first = run(7);
  expect(first.finite).toBe(true);
  expect(run(7)).toEqual(first);
  // A heap so small that tensors leave it and come back changes no bit.
  expect(run(7, { GRADUS_CPU: 'wasm', GRADUS_WASM_HEAP: '1' })).toEqual(
    run(7, { GRADUS_CPU: 'wasm' }),
  );
  const other = run(8).results;
  for (const [name, hash] of Object.entries(first.results)) expect(other[name]).not.toBe(hash);
});

test('whole numbers, uniforms and masks are the same on every engine', () => {
  const [fused, plain, reference] = [
    run(7),
    run(7, { GRADUS_CPU: 'wasm', GRADUS_WASM_RELAXED: '0' }),
    run(7, { GRADUS_CPU: 'reference' }),
  ];
  expect([plain.engine, reference.engine]).toEqual([
    'WebAssembly SIMD (wasm)',
    'reference interpreter (float64)',
  ]);
  for (const name of ['rand', 'randint', 'randperm', 'bernoulli', 'dropout']) {
    expect([name, plain.results[name]]).toEqual([name, fused.results[name]]);
    expect([name, reference.results[name]]).toEqual([name, fused.results[name]]);
  }
  expect(plain.finite && reference.finite).toBe(true);
});
