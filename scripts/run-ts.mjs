// Runs TypeScript programs that import 'gradus' as any other would, against dist (npm run build
// first): Node 20 reads no TypeScript. Usage: node scripts/run-ts.mjs <file.ts> [arguments]
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './package-map.mjs';

/** Where 'gradus' leads to this package: a folder inside it. */
const folder = join(root, 'dist', 'programs');

/** Translates a program, and gives the path of what Node can run. */
export async function translate(file) {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${basename(file, '.ts')}-${process.pid}.mjs`);
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    tsconfigRaw: '{}',
    logLevel: 'error',
  });
  return outfile;
}

/** Runs a translated program with this process's terminal; its exit status. */
export function run(program, args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], {
      stdio: 'inherit',
    });
    // Ctrl-C reaches both; the program says what becomes of it. SIGTERM is passed on.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('close', (status) => done(status ?? 1));
  });
}

if (process.argv[1] === join(root, 'scripts/run-ts.mjs')) {
  const [file, ...args] = process.argv.slice(2);
  const programs = [await translate(file)];
  try {
    process.exitCode = await run(programs[0], args);
  } finally {
    for (const program of programs) rmSync(program, { force: true });
  }
}
