/** In place of files where there are none. */
import { FileError } from '../file-error.ts';
import type { FileSource } from './byte-source.ts';

const none = (op: string, instead: string): FileError =>
  new FileError('ENOSYS', {
    op,
    problem: 'there is no file system here',
    remedy: `use ${op.replace(/^(load|save)/, instead)}, which works on bytes`,
  });

export function openFile(op: string, _path: string | URL): FileSource {
  throw none(op, 'decode');
}

export function writeFile(op: string, _path: string | URL, _chunks: Iterable<Uint8Array>): void {
  throw none(op, 'encode');
}

export function removeStaleFiles(_path: string | URL): void {}

export function checkWritable(op: string, _path: string | URL): void {
  throw none(op, 'encode');
}
