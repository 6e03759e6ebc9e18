/** What happens to the process: exits, signals, faults and isolates, each in a child process. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostOf } from './host.test-util.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
// Under node_modules, so that the package of koffi is found from there.
const folder = join(root, `node_modules/.native-test-${process.pid}`);
const native = hostOf(1) !== null;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await build({
    stdin: {
      contents: `
        export * from './open-native.ts';
        export * from './host.test-util.ts';
        export * from './kernels.test-util.ts';
        export * from './guarded-buffer.test-util.ts';`,
      resolveDir: join(root, 'src/runtime/cpu/native'),
      loader: 'ts',
    },
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(folder, 'native.mjs'),
    logLevel: 'error',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that has `host` (two threads, warm) and `counter`. */
function programFile(name: string, body: string): string {
  const file = join(folder, `${name}.mjs`);
  const text = `
    import { Worker, isMainThread, parentPort, threadId } from 'node:worker_threads';
    import * as native from './native.mjs';
    const host = native.hostOf(2);
    const counter = new native.Counter(host, 4096);
    const work = (turns = 100) => counter.run(64, turns);
    const file = new URL(import.meta.url);
    const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
    ${body}`;
  writeFileSync(file, text);
  return file;
}

function runProgram(
  name: string,
  body: string,
): { status: number | null; signal: string | null; output: string } {
  const file = programFile(name, body);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [file], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, signal, output: stdout + stderr };
}

describe.runIf(native)('a process with threads', () => {
  test('ends by itself', () => {
    const result = runProgram('plain', "work(); console.log('done');");
    expect(result).toEqual({ status: 0, signal: null, output: 'done\n' });
  });

  test('exits while threads still spin, and after they sleep', () => {
    expect(runProgram('exit', 'work(); process.exit(7);').status).toBe(7);
    expect(runProgram('late', 'work(); await sleep(50); process.exit(8);').status).toBe(8);
  });

  test('exits on an uncaught error', () => {
    expect(runProgram('throw', "work(); throw new Error('no');").status).toBe(1);
  });

  test('exits at once while another isolate computes', () => {
    const body = `
      if (isMainThread) {
        const worker = new Worker(file);
        worker.once('message', () => { work(); process.exit(9); });
      } else { parentPort.postMessage('on'); for (;;) work(50_000); }`;
    expect(runProgram('exit-busy', body).status).toBe(9);
  });

  test('leaves SIGINT to JavaScript: its handler runs, between kernels', async () => {
    const body = `
      let stop = false;
      process.on('SIGINT', () => { console.log('interrupted'); stop = true; });
      console.log('ready');
      while (!stop) { for (let i = 0; i < 20; i++) work(2000); await sleep(0); }
      process.exit(5);`;
    expect(await interrupted('handler', body)).toEqual({ code: 5, signal: null, handled: true });
  });

  test('dies of SIGINT without a handler, even inside a kernel', async () => {
    const body = `
      console.log('ready');
      const code = native.place(host, native.FOREVER);
      setTimeout(() => host.runKernel(code, 2), 1);`;
    expect(await interrupted('forever', body)).toEqual({
      code: null,
      signal: 'SIGINT',
      handled: false,
    });
  });

  test('gives one pool to all isolates, whose sums are all right', () => {
    const body = `
      import { readdirSync } from 'node:fs';
      const loop = (n) => { for (let i = 0; i < n; i++) work(20); return counter.sum === BigInt(n) * 2080n; };
      if (isMainThread) {
        work(); counter.clear();
        const before = readdirSync('/proc/self/task').length;
        const workers = [1, 2, 3].map(() => new Worker(file));
        const exits = Promise.all(workers.map((w) => new Promise((done) => w.on('exit', done))));
        const sums = Promise.all(workers.map((w) => new Promise((done, fail) => { w.on('message', done); w.on('error', fail); })));
        const mine = [];
        for (let i = 0; i < 20; i++) { counter.clear(); mine.push(loop(500)); await sleep(1); }
        const theirs = await sums;
        await exits;
        await sleep(20);
        const after = readdirSync('/proc/self/task').length;
        console.log(mine.every(Boolean), theirs.join(), after - before);
      } else parentPort.postMessage(loop(10_000));`;
    const output = 'true true,true,true 0\n';
    expect(runProgram('isolates', body)).toEqual({ status: 0, signal: null, output });
  });

  test('survives isolates that are terminated while they compute', () => {
    const body = `
      if (isMainThread) {
        for (let i = 0; i < 10; i++) {
          const worker = new Worker(file);
          await new Promise((done) => worker.once('message', done));
          await sleep(Math.random() * 5);
          await worker.terminate();
          counter.clear();
          for (let k = 0; k < 200; k++) work();
          if (counter.sum !== 200n * 2080n) throw new Error('wrong sum');
        }
        // The pool is free again: both threads take part.
        for (let k = 0; k < 500 && counter.threads !== 3; k++) work(20_000);
        console.log(counter.threads);
      } else { work(); parentPort.postMessage('on'); for (;;) work(500); }`;
    expect(runProgram('terminate', body)).toEqual({ status: 0, signal: null, output: '3\n' });
  });

  test.each([
    ['atEnd', 100],
    ['atStart', -1],
  ])('a stray byte beside a guarded buffer kills it: %s', (where, at) => {
    const touch = (index: number): string => `
      const { ${where} } = native.guardedBuffer(host.system, 100);
      const code = native.place(host, native.TOUCH);
      host.args.set([code, 1, ${where}.address + ${index}]);
      host.call();`;
    expect(runProgram(`inside-${where}`, touch(at < 0 ? 0 : 99)).status).toBe(0);
    expect(runProgram(`outside-${where}`, touch(at)).signal).toBe('SIGSEGV');
  });

  test('freed code traps', () => {
    const body = `
      const block = host.code.write(Uint8Array.of(0xc3));
      host.args.set([block.address, 1]);
      host.call();
      host.code.free(block);
      host.call();`;
    expect(runProgram('freed', body).signal).toBe('SIGTRAP');
  });

  test('has none where koffi is not installed', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'no-koffi-'));
    try {
      copyFileSync(join(folder, 'native.mjs'), join(elsewhere, 'native.mjs'));
      const script = `
        import { openNative } from ${JSON.stringify(join(elsewhere, 'native.mjs'))};
        console.log(openNative().reason);`;
      const args = ['--input-type=module', '-e', script];
      expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe(
        'the optional package @koromix/koffi-linux-x64 is not installed\n',
      );
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });
});

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly handled: boolean;
}

/** Sends SIGINT to a program some time after it is ready. */
function interrupted(name: string, body: string): Promise<Ending> {
  const child = spawn(process.execPath, [programFile(name, body)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    if (part.includes('ready')) setTimeout(() => child.kill('SIGINT'), 100);
  });
  return new Promise((done) => {
    child.on('close', (code, signal) =>
      done({ code, signal, handled: text.includes('interrupted') }),
    );
  });
}
