/** Downloads a file whose checksum is known: resumed where it broke off, never half there. */
import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import {
  basename,
  createHash,
  createReadStream,
  dirname,
  join,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  sleep,
  stat,
} from '#data-node';
import { DownloadError, type DownloadFailure } from './download-error.ts';

/** A file with public homes. */
export interface RemoteFile {
  /** Its path in a data folder: `mnist/train-images-idx3-ubyte.gz`. */
  readonly path: string;
  /** Where it may be had, best first. */
  readonly urls: readonly string[];
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** How far a download is. */
export interface DownloadProgress {
  /** The file's path in a data folder. */
  readonly file: string;
  readonly url: string;
  /** Bytes on disk, those of an earlier attempt included. */
  readonly received: number;
  readonly total: number;
}

export interface DownloadOptions {
  /** Called as bytes arrive, about a hundred times a file, and at its end. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Milliseconds without a byte after which a connection is given up. Default 30 000. */
  readonly stallTimeout?: number;
}

const ATTEMPTS = 4;
const running = new Map<string, Promise<void>>();

/**
 * Brings `file` to `target`, which then is whole and has the checksum, or does not exist.
 *
 * Bytes go to `target.<process id>.part` and are synced before the file gets its name; a broken
 * download leaves `target.part`, and the next one goes on from there. Callers in one process share
 * a download. Throws DownloadError.
 */
export function download(
  file: RemoteFile,
  target: string,
  options: DownloadOptions = {},
): Promise<void> {
  const underWay = running.get(target);
  if (underWay !== undefined) return underWay;
  const work = fromAnyHome(file, target, options).finally(() => running.delete(target));
  running.set(target, work);
  return work;
}

async function fromAnyHome(
  file: RemoteFile,
  target: string,
  options: DownloadOptions,
): Promise<void> {
  const part = `${target}.${process.pid}.part`;
  try {
    await mkdir(dirname(target), { recursive: true }).catch(diskFull);
    await claim(target, part);
    const failures: Failure[] = [];
    for (const url of file.urls) {
      const failure = await fromHome(url, file, part, options);
      if (failure === null) {
        await rename(part, target).catch(diskFull);
        await syncFolder(dirname(target));
        return;
      }
      failures.push(failure);
    }
    throw gaveUp(file, failures);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new DownloadError('disk', {
      op: 'datasets',
      problem: `${target} cannot be written: ${error.message}`,
      remedy: 'set XDG_CACHE_HOME or GRADUS_DATA to a folder with room that may be written',
      cause: error.cause,
    });
  } finally {
    // What is left serves the next attempt, of this process or another.
    await rename(part, `${target}.part`).catch(() => {});
  }
}

function gaveUp(file: RemoteFile, failures: readonly Failure[]): DownloadError {
  const { code, cause } = failures[failures.length - 1];
  const again =
    code === 'truncated' || code === 'stalled' ? 'call again to go on from there, or ' : '';
  return new DownloadError(code, {
    op: 'datasets',
    problem: `${file.path} cannot be downloaded\n  ${failures.map((f) => f.message).join('\n  ')}`,
    remedy: `${again}put the file into the folder that GRADUS_DATA names, as ${file.path}`,
    cause,
  });
}

/** Why one attempt failed. */
class Failure extends Error {
  readonly code: DownloadFailure;
  /** Whether the same address may do better: a connection broke midway. */
  readonly again: boolean;

  constructor(code: DownloadFailure, problem: string, again = false, cause?: unknown) {
    super(problem, { cause });
    this.code = code;
    this.again = again;
  }
}

function diskFull(error: unknown): never {
  throw new Failure('disk', (error as Error).message, false, error);
}

async function fromHome(
  url: string,
  file: RemoteFile,
  part: string,
  options: DownloadOptions,
): Promise<Failure | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      await attemptFrom(url, file, part, options);
      return null;
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'disk') throw error;
      if (!error.again || attempt === ATTEMPTS) return error;
      await sleep(50 * 2 ** attempt);
    }
  }
}

/** Completes `part` from `url`, or throws a Failure and leaves what is worth keeping. */
async function attemptFrom(
  url: string,
  file: RemoteFile,
  part: string,
  { onProgress, stallTimeout = 30_000 }: DownloadOptions,
): Promise<void> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), stallTimeout);
  };
  const failed = (error: unknown, received: number): never => {
    if (error instanceof Failure) throw error;
    if (abort.signal.aborted) {
      throw new Failure(
        'stalled',
        `${url}: sent nothing for ${stallTimeout / 1000} s`,
        received > 0,
      );
    }
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    const why = cause?.message || cause?.code || (error as Error).message;
    if (received < 0) throw new Failure('network', `${url}: no connection: ${why}`, false, error);
    throw new Failure(
      'truncated',
      `${url}: the connection broke after ${received} of ${file.bytes} bytes: ${why}`,
      true,
      error,
    );
  };

  const { hash: kept, size } = await keptOf(part, file.bytes);
  let [hash, received, resumed] = [kept, size, size > 0];
  const out = await open(part, 'a').catch(diskFull);
  try {
    alive();
    if (received < file.bytes) {
      const response = await fetch(url, {
        headers: {
          'accept-encoding': 'identity',
          ...(resumed ? { range: `bytes=${received}-` } : {}),
        },
        signal: abort.signal,
      }).catch((error: unknown) => failed(error, -1));
      if (!continues(response, received)) {
        if (response.status !== 200 && response.status !== 206 && response.status !== 416) {
          await response.body?.cancel().catch(() => {});
          throw new Failure(
            'status',
            `${url}: the server answers ${response.status} ${response.statusText}`.trimEnd(),
          );
        }
        // The server begins anew, or cannot give the rest of what is here.
        await out.truncate(0).catch(diskFull);
        [hash, received, resumed] = [createHash('sha256'), 0, false];
        if (response.status !== 200) {
          await response.body?.cancel().catch(() => {});
          throw new Failure(
            'status',
            `${url}: the server does not have the rest of the file`,
            true,
          );
        }
      }
      let told = received;
      const tell = (): void => {
        told = received;
        onProgress?.({ file: file.path, url, received, total: file.bytes });
      };
      tell();
      const body = response.body?.getReader();
      for (;;) {
        alive();
        const next = await body?.read().catch((error: unknown) => failed(error, received));
        if (next === undefined || next.done) break;
        received += next.value.length;
        if (received > file.bytes) {
          await body?.cancel().catch(() => {});
          await out.truncate(0).catch(diskFull);
          throw new Failure('checksum', `${url}: sends more than the ${file.bytes} bytes expected`);
        }
        await writeAll(out, next.value);
        hash.update(next.value);
        if (received === file.bytes || received - told >= file.bytes / 100) tell();
      }
      if (received < file.bytes) {
        throw new Failure(
          'truncated',
          `${url}: ended after ${received} of ${file.bytes} bytes`,
          true,
        );
      }
    }
    const sum = hash.digest('hex');
    if (sum !== file.sha256) {
      await out.truncate(0).catch(diskFull);
      throw new Failure('checksum', `${url}: SHA-256 is ${sum}, expected ${file.sha256}`, resumed);
    }
    await out.sync().catch(diskFull);
  } finally {
    clearTimeout(timer);
    abort.abort(); // nothing more is wanted of the connection
    await out.close();
  }
}

/** Whether the answer's bytes go on from byte `from`. */
function continues(response: Response, from: number): boolean {
  if (response.status === 200) return from === 0;
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  return response.status === 206 && Number(start) === from;
}

async function writeAll(out: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await out.write(bytes, at, bytes.length - at).catch(diskFull);
    at += bytesWritten;
  }
}

/** The bytes that an earlier attempt left; those of a file too long are dropped. */
async function keptOf(part: string, most: number): Promise<{ hash: Hash; size: number }> {
  const hash = createHash('sha256');
  const found = await stat(part).catch(() => null);
  if (found === null || found.size > most) {
    await rm(part, { force: true }).catch(diskFull);
    return { hash, size: 0 };
  }
  let size = 0;
  try {
    for await (const piece of createReadStream(part)) {
      hash.update(piece as Uint8Array);
      size += (piece as Uint8Array).length;
    }
  } catch (error) {
    diskFull(error);
  }
  return { hash, size };
}

/** Takes over what a broken download, or a process that is no more, left beside `target`. */
async function claim(target: string, part: string): Promise<void> {
  const folder = dirname(target);
  const name = basename(target);
  if ((await stat(part).catch(() => null)) !== null) return;
  for (const entry of await readdir(folder).catch(() => [])) {
    if (!entry.startsWith(`${name}.`) || !entry.endsWith('.part')) continue;
    const owner = entry.slice(name.length + 1, -'.part'.length);
    if (owner !== '' && !/^\d+$/.test(owner)) continue;
    if (entry !== `${name}.part` && isRunning(Number(owner))) continue;
    const taken = await rename(join(folder, entry), part).then(
      () => true,
      () => false, // another process was faster
    );
    if (taken) return;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

/** Makes the new name last. Systems that cannot sync a folder go without. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
