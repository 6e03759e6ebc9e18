/** The README's programs do what it says. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const programs = [...readme.matchAll(/```ts\n(.*?)```/gs)]
  .map((match) => match[1])
  .filter((code) => code.includes('import '));

/** What a program prints when it runs on the sources. */
function run(code: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'gradus-readme-'));
  try {
    const entry = join(dir, 'program.ts');
    const outfile = join(dir, 'program.mjs');
    writeFileSync(entry, code);
    buildSync({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      alias: {
        gradus: join(root, 'src/index.ts'),
        'gradus/data': join(root, 'src/data/index.ts'),
        'gradus/formats': join(root, 'src/format/index.ts'),
        'gradus/train': join(root, 'src/train/index.ts'),
        '#data-node': join(root, 'src/data/node-modules.node.ts'),
        '#format-files': join(root, 'src/format/bytes/files.node.ts'),
        '#deflate': join(root, 'src/format/npz/deflate.node.ts'),
        '#v8-flags': join(root, 'src/target/wasm/v8-flags.node.ts'),
      },
      // The bundle looks for the shipped digits beside itself.
      define: { 'import.meta.url': JSON.stringify(`file://${root}src/data/x.ts`) },
    });
    return execFileSync(process.execPath, [outfile], { encoding: 'utf8', cwd: dir });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test('the ten lines learn the digits', () => {
  expect(programs).toHaveLength(5);
  expect(Number(run(programs[0]))).toBeGreaterThan(0.95);
});

test('the compiled step is recorded for whole batches and for the last one', () => {
  const text = run(programs[1]);
  expect(text).toMatch(
    /recorded 2 times[^]*x\w*: float32\[64, 1, 8, 8\][^]*x\w* is float32\[5, 1, 8, 8\]/,
  );
});

test('the Trainer learns the digits, saves and resumes', () => {
  const lines = run(programs[3]).trim().split('\n');
  expect(lines.filter((line) => line.startsWith('epoch'))).toHaveLength(10);
  expect(Number(/^(0\.\d+) Sequential\(/m.exec(lines.join('\n'))?.[1])).toBeGreaterThan(0.9);
});

test('the module and the second derivative', () => {
  const use = 'console.log(new Net().namedParameters().length);';
  expect(run(`${programs[2]}\n${use}`).trim()).toBe('4');
  const second = 2 * Math.cos(0.5) - 0.5 * Math.sin(0.5);
  expect(Number(run(programs[4]))).toBeCloseTo(second, 5);
});
