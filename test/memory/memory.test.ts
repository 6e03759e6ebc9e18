import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Own processes: the memory of the test runner is not what is measured.
let dir = '';
beforeAll(() => {
  // Beside the packages that the program needs.
  dir = mkdtempSync(fileURLToPath(new URL('../../node_modules/.gradus-memory-', import.meta.url)));
});
afterAll(() => rmSync(dir, { recursive: true }));

function run<T>(
  program: string,
  args: string[],
  env: Record<string, string> = {},
  options: string[] = [],
): T {
  const outfile = join(dir, `${program}.mjs`);
  buildSync({
    entryPoints: [fileURLToPath(new URL(`./${program}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    alias: {
      '#v8-flags': fileURLToPath(
        new URL('../../src/target/wasm/v8-flags.node.ts', import.meta.url),
      ),
    },
  });
  const out = execFileSync(process.execPath, [...options, outfile, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return JSON.parse(out) as T;
}

// A step takes the reference seconds.
const trains = process.env.GRADUS_CPU !== 'reference';

test.runIf(trains).each(['sync', 'async'])(
  '2,000 %s training steps without dispose stay flat',
  (mode) => {
    const { samples, last } = run<{ samples: number[]; last: number }>('training-loop', [
      mode,
      '2000',
    ]);
    expect(Number.isFinite(last)).toBe(true);
    expect(samples).toHaveLength(20);
    expect(Math.max(...samples)).toBeLessThan(500);
    // Flat: after the first thousand steps no new peak beyond one step of the heap. Peaks, since the heap grows in steps of 64 MB
    // and the collector gives back what it held beside it when it likes.
    const peak = (from: number, to: number) => Math.max(...samples.slice(from, to));
    expect(peak(10, 20) / peak(2, 10)).toBeLessThan(1.25);
  },
  120_000,
);

test.runIf(trains)(
  '2,000 compiled steps with loops and choices in them stay flat',
  () => {
    // A synchronous loop fills the heap of WebAssembly before anything leaves it: a small one is soon full.
    const { samples, last } = run<{ samples: number[]; last: number }>('loops', ['2000'], {
      GRADUS_WASM_HEAP: '64',
    });
    expect(Number.isFinite(last)).toBe(true);
    expect(Math.max(...samples.slice(5)) / Math.max(...samples.slice(1, 5))).toBeLessThan(1.25);
  },
  120_000,
);

test('a synchronous loop leaves nothing in JavaScript of the tensors it made', () => {
  const { grown } = run<{ grown: number }>('garbage', ['30000'], {}, ['--expose-gc']);
  expect(grown).toBeLessThan(0.5);
}, 60_000);

test.each(['1', '2', '3'])(
  'a heap much too small loses nothing (seed %s)',
  (seed) => {
    const { wrong, checked } = run<{ wrong: number; checked: number }>('pressure', [seed], {
      GRADUS_CPU: 'wasm',
      GRADUS_WASM_HEAP: '4',
    });
    expect(checked).toBeGreaterThan(1000);
    expect(wrong).toBe(0);
  },
  60_000,
);

test('training gives the same bits in a small heap as in a large one', () => {
  const losses = ['4', '256'].map(
    (megabytes) =>
      run<{ last: number }>('training-loop', ['sync', '60'], {
        GRADUS_CPU: 'wasm',
        GRADUS_WASM_HEAP: megabytes,
      }).last,
  );
  expect(losses[0]).toBeGreaterThan(0);
  expect(losses[0]).toBe(losses[1]);
}, 60_000);

test('a working set of twice the heap computes right', () => {
  const { right, tensors } = run<{ right: boolean; tensors: number }>('working-set', [], {
    GRADUS_CPU: 'wasm',
    GRADUS_WASM_HEAP: '64',
  });
  expect(tensors).toBe(32);
  expect(right).toBe(true);
}, 60_000);

test.each(['x64', 'wasm'])(
  'attention over 4,096 positions holds no scores (%s)',
  (engine) => {
    interface Report {
      readonly before: number;
      readonly after: number;
      readonly scoresMb: number;
      readonly finite: boolean;
    }
    const { before, after, scoresMb, finite } = run<Report>('long-attention', [], {
      GRADUS_CPU: engine,
    });
    expect(finite).toBe(true);
    expect(scoresMb).toBe(512);
    // At once the gradient would take three times the scores.
    expect(after - before).toBeLessThan(scoresMb / 2);
  },
  120_000,
);
