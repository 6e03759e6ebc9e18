/**
 * Threads in a real browser, on its main thread and in a worker: needs a Chromium, named by
 * GRADUS_CHROMIUM or found on the path; without one there is nothing to run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Format } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error: a script without types
import { pick, readPackage, root, sourceOf } from '../../scripts/package-map.mjs';

const names = [process.env.GRADUS_CHROMIUM, 'chromium-headless-shell', 'chromium', 'google-chrome'];
const browser = names.find(
  (name) => name && spawnSync(name, ['--version'], { timeout: 20_000 }).status === 0,
);

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
let script = '';

/** The sources as a browser's bundler sees them: each '#name' without the `node` condition. */
async function bundle(format: Format): Promise<string> {
  const entries = Object.entries(readPackage().imports) as [string, unknown][];
  const alias = entries.map(([name, entry]) => {
    const source = sourceOf(pick(entry, ['browser', 'default'])) as string;
    return [name, join(root, source)];
  });
  const result = await build({
    entryPoints: [fileURLToPath(new URL('./page.ts', import.meta.url))],
    bundle: true,
    minify: true,
    platform: 'browser',
    format,
    alias: Object.fromEntries(alias),
    tsconfigRaw: '{}',
    write: false,
    // It warns of import.meta in classic scripts.
    logLevel: 'error',
  });
  return result.outputFiles[0].text;
}

interface Found {
  readonly engine?: string;
  readonly threads?: number;
  /** That have begun, beside the thread that computes. */
  readonly workers?: number;
  readonly notice?: string;
  readonly sum?: number;
  readonly isolated?: boolean;
  readonly error?: string;
}

/** Opens a page with these headers whose scripts are `html`, and returns what it reports. */
async function visit(html: string, headers: Record<string, string>): Promise<Found> {
  const profile = mkdtempSync(join(tmpdir(), 'gradus-browser-'));
  let told: (found: Found) => void = () => {};
  const report = new Promise<Found>((done) => (told = done));
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/report') {
      let text = '';
      request.on('data', (part) => (text += part));
      request.on('end', () => told(JSON.parse(text)));
    }
    const type = request.url === '/page.js' ? 'text/javascript' : 'text/html';
    response.writeHead(200, { 'Content-Type': type, ...headers });
    response.end(request.url === '/page.js' ? script : request.url === '/' ? html : '');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const child = spawn(
    browser as string,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--remote-debugging-port=0',
      '--no-proxy-server',
      `--user-data-dir=${profile}`,
      `http://127.0.0.1:${port}/`,
    ],
    // A group of its own: the browser's other processes must not outlive it.
    { stdio: 'ignore', detached: true },
  );
  const timer = setTimeout(() => told({ error: 'the page reported nothing' }), 40_000);
  const closed = new Promise((done) => child.once('close', done));
  try {
    return await report;
  } finally {
    clearTimeout(timer);
    process.kill(-(child.pid as number), 'SIGKILL');
    await closed;
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

const PAGE = '<!doctype html><script type="module" src="/page.js"></script>';
const WORKER = '<!doctype html><script>new Worker("/page.js", { type: "module" })</script>';

describe.runIf(browser !== undefined)('a browser', () => {
  beforeAll(async () => {
    script = await bundle('esm');
  });

  test('has threads on an isolated page and in its workers; without, one, and says why', async () => {
    const isolated = await visit(PAGE, ISOLATED);
    expect(isolated.error).toBe(undefined);
    expect(isolated.isolated).toBe(true);
    const cores = isolated.threads as number;
    expect(cores).toBeGreaterThanOrEqual(1);
    expect(isolated.workers).toBe(cores - 1);
    expect(isolated.notice).not.toContain('threads');

    const inWorker = await visit(WORKER, ISOLATED);
    expect(inWorker).toEqual(isolated);

    const plain = await visit(PAGE, {});
    const { sum, engine } = isolated;
    expect(plain).toMatchObject({ sum, engine, threads: 1, workers: 0, isolated: false });
    expect(plain.notice).toContain('the page is not cross-origin isolated');

    const policy = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
    const strict = await visit(PAGE, { ...ISOLATED, 'Content-Security-Policy': policy });
    expect(strict).toMatchObject({ sum, engine, threads: 1, workers: 0, isolated: true });
    if (cores > 1) expect(strict.notice).toContain('no more threads: ');
  });

  test('runs a bundle that is a classic script', async () => {
    script = await bundle('iife');
    const found = await visit(PAGE.replace(' type="module"', ''), ISOLATED);
    expect(found.error).toBe(undefined);
    expect(found.workers).toBe((found.threads as number) - 1);
  });
});
