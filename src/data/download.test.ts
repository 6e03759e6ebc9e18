import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DownloadProgress, download, type RemoteFile } from './download.ts';
import { DownloadError } from './download-error.ts';
import { obtain } from './locate.ts';

const body = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i) >> 3));
const sha256 = createHash('sha256').update(body).digest('hex');
const folder = mkdtempSync(join(tmpdir(), 'gradus-download-'));
const target = join(folder, 'sub', 'file.bin');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let answer: Answer = () => {};
let requests: (string | undefined)[] = [];
const server = createServer((request, response) => {
  requests.push(request.headers.range);
  answer(request, response);
});
let url = '';
beforeAll(async () => {
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  requests = [];
  rmSync(join(folder, 'sub'), { recursive: true, force: true });
});

/** Where each request began. */
const starts = (): number[] => requests.map((range) => Number(/\d+/.exec(range ?? '0')?.[0]));
const remote = (more: Partial<RemoteFile> = {}): RemoteFile => ({
  path: 'sub/file.bin',
  urls: [url],
  bytes: body.length,
  sha256,
  ...more,
});
const left = (): string[] =>
  existsSync(join(folder, 'sub')) ? readdirSync(join(folder, 'sub')) : [];
const leave = (name: string, bytes: Uint8Array): void => {
  mkdirSync(join(folder, 'sub'), { recursive: true });
  writeFileSync(join(folder, 'sub', name), bytes);
};
const failure = async (work: Promise<unknown>): Promise<DownloadError> => {
  const error: unknown = await work.then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(DownloadError);
  return error as DownloadError;
};

/** A server that knows ranges. */
const good: Answer = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start === 0) response.writeHead(200);
  else {
    response.writeHead(206, {
      'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
    });
  }
  response.end(body.subarray(start));
};
/** One that breaks off after some bytes at the first `times` requests. */
const breaking = (bytes: number, times: number): Answer => {
  return (request, response) => {
    if (requests.length > times) return good(request, response);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start === 0 ? 200 : 206, {
      'content-length': body.length - start,
      ...(start === 0
        ? {}
        : { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` }),
    });
    response.write(body.subarray(start, start + bytes), () =>
      setTimeout(() => response.destroy(), 100),
    );
  };
};

describe('download', () => {
  test('brings the file, tells how far it is, and leaves nothing beside it', async () => {
    answer = good;
    const told: DownloadProgress[] = [];
    await download(remote(), target, { onProgress: (p) => told.push(p) });
    expect(readFileSync(target).equals(body)).toBe(true);
    expect(left()).toEqual(['file.bin']);
    expect(told[0]).toEqual({ file: 'sub/file.bin', url, received: 0, total: body.length });
    expect(told[told.length - 1].received).toBe(body.length);
    expect(told.length).toBeLessThan(110);
  });

  test('two callers share one download', async () => {
    answer = good;
    await Promise.all([download(remote(), target), download(remote(), target)]);
    expect(requests).toHaveLength(1);
  });

  test('goes on where the connection broke', async () => {
    answer = breaking(70_000, 2);
    await download(remote(), target);
    expect(readFileSync(target).equals(body)).toBe(true);
    // What was sent just before the break may not have been read: that much may be asked for again.
    const [first, second, third, ...more] = starts();
    expect([first, more]).toEqual([0, []]);
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThanOrEqual(70_000);
    expect(third).toBeGreaterThan(second);
    expect(third).toBeLessThanOrEqual(second + 70_000);
  });

  test('goes on with what an earlier call, or a process that is no more, left', async () => {
    answer = breaking(10_000, 100);
    const error = await failure(download(remote(), target));
    expect(error.code).toBe('truncated');
    const had = Number(/the connection broke after (\d+) of 200000 bytes/.exec(error.message)?.[1]);
    expect(had).toBeLessThanOrEqual(40_000);
    expect(had).toBeGreaterThanOrEqual(Math.max(...starts()));
    expect(error.message).toMatch(/remedy: call again to go on from there/);
    expect(left()).toEqual(['file.bin.part']);
    answer = good;
    requests = [];
    await download(remote(), target);
    expect(requests).toEqual([`bytes=${had}-`]);
    expect(left()).toEqual(['file.bin']);

    rmSync(target);
    leave('file.bin.4194999.part', body.subarray(0, 500)); // beyond Linux's largest process id
    leave(`file.bin.${process.ppid}.part`, body.subarray(0, 900));
    requests = [];
    await download(remote(), target);
    expect(requests).toEqual(['bytes=500-']);
    expect(left().sort()).toEqual(['file.bin', `file.bin.${process.ppid}.part`]);
  });

  test('a server without ranges, remains of another file, remains that are whole', async () => {
    answer = (_, response) => void response.end(body);
    leave('file.bin.part', body.subarray(0, 5000));
    await download(remote(), target);
    expect(readFileSync(target).equals(body)).toBe(true);

    rmSync(target);
    answer = good;
    leave('file.bin.part', Buffer.alloc(5000, 7));
    requests = [];
    await download(remote(), target);
    expect(requests).toEqual(['bytes=5000-', undefined]);
    expect(readFileSync(target).equals(body)).toBe(true);

    rmSync(target);
    leave('file.bin.part', body);
    requests = [];
    await download(remote(), target);
    expect(requests).toEqual([]);
    leave('file.bin.part', Buffer.concat([body, body]));
    rmSync(target);
    await download(remote(), target);
    expect(readFileSync(target).equals(body)).toBe(true);
  });

  test('each way to fail has its own code and leaves no file', async () => {
    const expectFailure = async (
      code: string,
      message: RegExp,
      file: RemoteFile = remote(),
      options: object = {},
    ): Promise<void> => {
      const error = await failure(download(file, target, options));
      expect(error.message).toMatch(message);
      expect(error.code).toBe(code);
      expect(error.message).toMatch(/GRADUS_DATA/);
      expect(existsSync(target)).toBe(false);
    };
    answer = (_, response) => void response.writeHead(404).end('no');
    await expectFailure('status', /file\.bin: the server answers 404 Not Found/);
    answer = (_, response) => void response.end(Buffer.alloc(body.length));
    await expectFailure('checksum', new RegExp(`SHA-256 is [0-9a-f]{64}, expected ${sha256}`));
    answer = (_, response) => void response.end(Buffer.concat([body, body]));
    await expectFailure('checksum', /sends more than the 200000 bytes/);
    answer = (_, response) => void response.end(body.subarray(0, 1000));
    await expectFailure('truncated', /ended after \d+ of 200000 bytes|server does not have/);
    answer = () => {};
    await expectFailure('stalled', /sent nothing for 0.1 s/, remote(), { stallTimeout: 100 });
    answer = (_, response) => void response.write(body.subarray(0, 10));
    await expectFailure('stalled', /sent nothing for 0.1 s/, remote(), { stallTimeout: 100 });
    const unused = createServer();
    await new Promise<void>((done) => {
      unused.listen(0, '127.0.0.1', done);
    });
    const closed = `http://127.0.0.1:${(unused.address() as AddressInfo).port}/file.bin`;
    await new Promise((done) => unused.close(done));
    await expectFailure('network', /no connection: .*ECONNREFUSED/, remote({ urls: [closed] }));
    answer = good;
    leave('x', body);
    const inFile = join(folder, 'sub', 'x', 'file.bin');
    expect((await failure(download(remote(), inFile))).code).toBe('disk');
    await download(remote({ urls: [closed, url] }), target); // the second home serves
    expect(readFileSync(target).equals(body)).toBe(true);
  });

  test.skipIf(process.getuid?.() === 0)(
    'a folder that may not be written (root may write anywhere)',
    async () => {
      leave('x', body);
      chmodSync(join(folder, 'sub'), 0o500);
      expect((await failure(download(remote(), target))).code).toBe('disk');
      chmodSync(join(folder, 'sub'), 0o700);
    },
  );
});

describe('obtain', () => {
  test('searches the folders in order, takes unpacked copies, downloads to the last', async () => {
    answer = good;
    const [a, b, cache] = ['a', 'b', 'cache'].map((name) => join(folder, name));
    const file = remote({ path: 'set/file.gz' });
    const found = (): Promise<string> => obtain('test', file, {}, [a, b, cache]);
    expect(await found()).toBe(join(cache, 'set/file.gz'));
    mkdirSync(join(b, 'set'), { recursive: true });
    writeFileSync(join(b, 'set/file'), body);
    expect(await found()).toBe(join(b, 'set/file'));
    mkdirSync(join(a, 'set'), { recursive: true });
    writeFileSync(join(a, 'set/file.gz'), body);
    expect(await found()).toBe(join(a, 'set/file.gz'));
    const none = obtain('test', remote({ path: 'none' }), { download: false }, [a]);
    expect((await failure(none)).message).toMatch(/none is in none of .*download is false/);
    await expect(obtain('test', file, { onProgress: 1 as never })).rejects.toThrow(/a function/);
    await expect(obtain('test', file, { progress: 1 } as object)).rejects.toThrow(/onProgress/);
  });
});
