/** What becomes of a process whose WebAssembly kernels run on several threads. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradus-wasm-process-'));
  await build({
    entryPoints: [join(root, 'src/index.ts')],
    absWorkingDir: root,
    bundle: true,
    // As users' bundlers may: the workers' program must survive it.
    minify: true,
    keepNames: true,
    platform: 'node',
    format: 'esm',
    outfile: join(folder, 'gradus.mjs'),
    logLevel: 'error',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a program that has `gradus` and `work(n)`: products on two threads that are known to run. */
function runProgram(name: string, body: string): Result {
  const file = join(folder, `${name}.mjs`);
  const text = `
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    import * as gradus from './gradus.mjs';
    const file = new URL(import.meta.url);
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
    const work = (n = 1) => {
      const a = gradus.ones([256, 256]);
      let last = 0;
      for (let i = 0; i < n; i++) last = a.matmul(a).at(7, 9).item();
      return last;
    };
    ${body}`;
  writeFileSync(file, text);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, GRADUS_CPU: 'wasm', GRADUS_THREADS: '3' },
  });
  return { status, output: stdout + stderr };
}

test('ends by itself: while workers start, spin and sleep', () => {
  const body = (then: string): string =>
    `${then}; console.log(work(), gradus.devices()[0].threads)`;
  for (const then of ['work()', 'work(500)', 'work(500); await sleep(50)']) {
    expect(runProgram('plain', body(then))).toEqual({ status: 0, output: '256 3\n' });
  }
});

test('exits when told, and on an uncaught error', () => {
  expect(runProgram('early', 'work(); process.exit(6);').status).toBe(6);
  expect(runProgram('exit', 'work(500); process.exit(7);').status).toBe(7);
  expect(runProgram('late', 'work(500); await sleep(50); process.exit(8);').status).toBe(8);
  const thrown = runProgram('throw', "work(500); throw new Error('no');");
  expect(thrown.status).toBe(1);
  expect(thrown.output).toContain('Error: no');
});

test('exits at once while another isolate computes', () => {
  const body = `
    if (isMainThread) new Worker(file).once('message', () => { work(50); process.exit(9); });
    else { work(); parentPort.postMessage('on'); for (;;) work(50); }`;
  expect(runProgram('busy', body).status).toBe(9);
});

test('isolates compute side by side, and may be terminated while they do', () => {
  const body = `
    if (isMainThread) {
      for (let i = 0; i < 5; i++) {
        const worker = new Worker(file);
        await new Promise((done) => worker.once('message', done));
        if (work(20) !== 256) throw new Error('wrong');
        await sleep(Math.random() * 20);
        await worker.terminate();
      }
      console.log(work(20));
    } else { work(50); parentPort.postMessage('on'); for (;;) work(50); }`;
  expect(runProgram('terminate', body)).toEqual({ status: 0, output: '256\n' });
});

test('no thread starts before a launch is worth it', () => {
  const body = `
    import { readdirSync, readFileSync } from 'node:fs';
    const tasks = () => readdirSync('/proc/self/task').length;
    const before = tasks();
    gradus.ones([4]).add(1).sum().item();
    const small = tasks() - before;
    work(2);
    console.log(small, tasks() > before);`;
  if (process.platform !== 'linux') return;
  expect(runProgram('lazy', body)).toEqual({ status: 0, output: '0 true\n' });
});
