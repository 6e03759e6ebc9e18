/** Files: read at any place, and written so that there is always the old one or the new one. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { given, ValueError } from '../../base/index.ts';
import { FileError } from '../file-error.ts';
import { damaged, type FileSource } from './byte-source.ts';

/** Node reads and writes at most 2 GiB at once. */
const MAX_PIECE_BYTES = 2 ** 30;

/** The calls that make a file; tests let them fail. */
export type WriteCalls = Pick<
  typeof fs,
  'openSync' | 'writeSync' | 'fsyncSync' | 'closeSync' | 'renameSync'
>;

/** A file opened for reading. Throws FileError that says why it cannot be. */
export function openFile(op: string, path: string | URL): FileSource {
  const name = nameOf(op, path, 'decode');
  const said = <T>(call: () => T): T => wrapped(op, 'read', name, call);
  // Looked at first: opening a pipe would wait for whoever writes to it.
  const place = resolve(name);
  const first = said(() => fs.statSync(place));
  if (!first.isFile()) throw notAFile(op, name, first);
  let fd: number | undefined = said(() => fs.openSync(place, 'r'));
  const size = said(() => fs.fstatSync(fd as number).size);

  const readAll = (from: number, offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const piece = Math.min(length - done, MAX_PIECE_BYTES);
      const n = said(() => fs.readSync(from, bytes, done, piece, offset + done));
      if (n === 0) throw damaged(source, 'it became shorter while it was read');
      done += n;
    }
    return bytes;
  };
  const source: FileSource = {
    op,
    name,
    size,
    read(offset, length) {
      if (fd !== undefined) return readAll(fd, offset, length);
      const again = said(() => fs.openSync(place, 'r'));
      try {
        const now = said(() => fs.fstatSync(again));
        if (now.ino !== first.ino || now.size !== size || now.mtimeMs !== first.mtimeMs) {
          throw damaged(
            source,
            'the file has changed since it was opened',
            'load it again, or without { lazy: true }',
          );
        }
        return readAll(again, offset, length);
      } finally {
        fs.closeSync(again);
      }
    },
    close() {
      if (fd !== undefined) fs.closeSync(fd);
      fd = undefined;
    },
  };
  return source;
}

/**
 * Writes a file of the chunks: to a temporary name in the same folder, synced, then renamed.
 * Whatever fails, no new file is there and an old one is as it was. Throws FileError.
 */
export function writeFile(
  op: string,
  path: string | URL,
  chunks: Iterable<Uint8Array>,
  calls: WriteCalls = fs,
): void {
  const name = nameOf(op, path, 'encode');
  const said = <T>(call: () => T): T => wrapped(op, 'write', name, call);
  const old = said(() => fs.statSync(name, { throwIfNoEntry: false }));
  if (old !== undefined && !old.isFile()) throw notAFile(op, name, old);
  // A link stays one: what it leads to is replaced.
  const target = old === undefined ? name : said(() => fs.realpathSync(name));
  const folder = dirname(target);
  const unique = `${process.pid}-${randomBytes(6).toString('hex')}`;
  const temporary = join(folder, `.gradus-${unique}.tmp`);
  const fd = said(() => calls.openSync(temporary, 'wx', old?.mode ?? 0o666));
  let open = true;
  try {
    for (const chunk of chunks) {
      let done = 0;
      while (done < chunk.length) {
        const piece = Math.min(chunk.length - done, MAX_PIECE_BYTES);
        done += said(() => calls.writeSync(fd, chunk, done, piece));
      }
    }
    said(() => calls.fsyncSync(fd));
    open = false;
    said(() => calls.closeSync(fd));
    said(() => calls.renameSync(temporary, target));
  } catch (error) {
    if (open) quietly(() => fs.closeSync(fd));
    quietly(() => fs.rmSync(temporary, { force: true }));
    throw error;
  }
  quietly(() => syncFolder(folder));
}

/**
 * Throws a FileError unless a file of that name could be written: tried with a temporary one beside
 * it. A long run asks before it begins.
 */
export function checkWritable(op: string, path: string | URL): void {
  const name = nameOf(op, path, 'encode');
  const old = wrapped(op, 'write', name, () => fs.statSync(name, { throwIfNoEntry: false }));
  if (old !== undefined && !old.isFile()) throw notAFile(op, name, old);
  const probe = join(dirname(name), `.gradus-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  wrapped(op, 'write', name, () => fs.closeSync(fs.openSync(probe, 'wx')));
  quietly(() => fs.rmSync(probe));
}

/** How long a temporary file is left alone, whoever made it: another machine may be writing it. */
const STALE_MS = 600_000;

/**
 * Takes away the temporary files that processes which are gone left where `path` is written. Nothing
 * is said: it is housekeeping.
 */
export function removeStaleFiles(path: string | URL, now = Date.now()): void {
  const folder = dirname(resolve(nameOf('removeStaleFiles', path, 'encode')));
  quietly(() => {
    for (const name of fs.readdirSync(folder)) {
      const [, pid] = /^\.gradus-(\d+)-[0-9a-f]{12}\.tmp$/.exec(name) ?? [];
      if (pid === undefined || isAlive(Number(pid))) continue;
      const file = join(folder, name);
      quietly(() => {
        if (now - fs.statSync(file).mtimeMs > STALE_MS) fs.rmSync(file);
      });
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // asks only
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** The rename itself outlives a power cut. */
function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** For what may fail without harm: not every system lets folders be synced. */
function quietly(call: () => void): void {
  try {
    call();
  } catch {
    // Nothing to do.
  }
}

function nameOf(op: string, path: unknown, instead: string): string {
  if (typeof path === 'string' && path !== '') return path;
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path);
  const bytes = ArrayBuffer.isView(path) || path instanceof ArrayBuffer;
  throw new ValueError({
    op,
    problem: `the path must be a string or a file: URL, not ${path instanceof URL ? `${path}` : given(path)}`,
    remedy: bytes ? `bytes go to ${op.replace(/^(load|save)/, instead)}` : undefined,
  });
}

function notAFile(op: string, name: string, stats: fs.Stats): FileError {
  const folder = stats.isDirectory();
  return new FileError(folder ? 'EISDIR' : 'EINVAL', {
    op,
    problem: `${name} is ${folder ? 'a folder' : 'a device or a pipe'}, not a file`,
    remedy: folder ? 'add the name of a file' : undefined,
  });
}

/** Runs a call of the file system; what it throws becomes a FileError. */
function wrapped<T>(op: string, doing: 'read' | 'write', name: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const { problem, remedy } = explain(code, doing, name, (error as Error).message);
    throw new FileError(code, { op, problem, remedy, cause: error });
  }
}

interface Told {
  readonly problem: string;
  readonly remedy?: string;
}

function explain(code: string, doing: 'read' | 'write', name: string, message: string): Told {
  const kept = doing === 'write' ? '; what was there before is as it was' : '';
  switch (code) {
    case 'ENOENT':
      return doing === 'read'
        ? { problem: `there is no file ${name}`, remedy: `paths begin at ${process.cwd()}` }
        : { problem: `${name} cannot be written: there is no folder ${dirname(name)}` };
    case 'ENOTDIR':
      return { problem: `${name}: a part of its path is a file, not a folder` };
    case 'EACCES':
    case 'EPERM':
      return { problem: `${name}: no permission to ${doing} ${basename(name)} there${kept}` };
    case 'EROFS':
      return { problem: `${name} cannot be written: the disk is read-only${kept}` };
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        problem: `${name} cannot be written: the disk is full${kept}`,
        remedy: 'free some space and save again',
      };
    default:
      return { problem: `${name} cannot be ${doing === 'read' ? 'read' : 'written'}: ${message}` };
  }
}
