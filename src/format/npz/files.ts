/** NPY and NPZ files. */
import { openFile, writeFile } from '#format-files';
import type { StateDict } from '../../nn/index.ts';
import { checkTensor, type Tensor } from '../../tensor/index.ts';
import type { FileSource } from '../bytes/byte-source.ts';
import { npzChunks, readNpz, type SaveNpzOptions } from './encode-decode.ts';
import { npyChunks, readNpy } from './npy.ts';

/**
 * Saves tensors by name as an NPZ file for `np.load`. The file is written to a temporary name,
 * synced and renamed: a failure leaves an old file as it was.
 *
 * Throws FileError if the system refuses, ValueError for what is no tensor. Node only.
 *
 * @example
 * saveNpz({ x, y }, 'arrays.npz', { compress: true });
 */
export function saveNpz(
  tensors: StateDict,
  path: string | URL,
  options: SaveNpzOptions = {},
): void {
  writeFile('saveNpz', path, npzChunks('saveNpz', tensors, options));
}

/**
 * The arrays of an NPZ file by name; dtypes as in `decodeNpy`.
 *
 * Throws FormatError for a file that is not sound, DtypeError that names the array for objects,
 * texts and the like, FileError if the file cannot be read. Node only.
 *
 * @example
 * const { x, y } = loadNpz('arrays.npz');
 */
export const loadNpz = (path: string | URL): Record<string, Tensor> =>
  reading(openFile('loadNpz', path), readNpz);

/** Saves a tensor as an NPY file, for `np.load`; written as `saveNpz` writes. Node only. */
export function saveNpy(t: Tensor, path: string | URL): void {
  writeFile('saveNpy', path, npyChunks(checkTensor('saveNpy', t)));
}

/** The array of an NPY file; dtypes and errors as in `loadNpz`. Node only. */
export const loadNpy = (path: string | URL): Tensor => reading(openFile('loadNpy', path), readNpy);

function reading<T>(source: FileSource, read: (source: FileSource) => T): T {
  try {
    return read(source);
  } finally {
    source.close();
  }
}
