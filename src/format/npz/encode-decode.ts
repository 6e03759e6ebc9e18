/** NPY and NPZ as bytes. */
import { checkOptions, given, ValueError } from '../../base/index.ts';
import type { StateDict } from '../../nn/index.ts';
import { checkTensor, type Tensor } from '../../tensor/index.ts';
import {
  type ByteSource,
  type DecodeOptions,
  damaged,
  memorySource,
} from '../bytes/byte-source.ts';
import { checkTensors } from '../bytes/check-tensors.ts';
import { joinChunks } from '../bytes/elements.ts';
import { memberSource, npyChunks, npyHeader, readNpy } from './npy.ts';
import { readDirectory, readZipEntry } from './zip-read.ts';
import { type Member, zipChunks } from './zip-write.ts';

export interface SaveNpzOptions {
  /** Whether arrays are deflated, as by `np.savez_compressed`. Default false. */
  readonly compress?: boolean;
}

/** The bytes of an NPY file: what `np.save` writes. */
export function encodeNpy(t: Tensor): Uint8Array<ArrayBuffer> {
  const chunks = npyChunks(checkTensor('encodeNpy', t));
  return joinChunks(chunks, chunks[0].length + t.byteLength);
}

/**
 * The array in the bytes of an NPY file (versions 1 to 3, either byte order, row- or column-major).
 *
 * Dtypes: f4, f8, i4, i8 and b1 as they are; i1, u1, i2 and u2 become int32, u4 int64, f2 float32.
 * Throws DtypeError for others (objects, texts, records, complex numbers, u8), FormatError for
 * bytes that are no sound NPY file.
 */
export function decodeNpy(bytes: Uint8Array | ArrayBuffer, options: DecodeOptions = {}): Tensor {
  checkOptions('decodeNpy', options, ['name']);
  return readNpy(memorySource('decodeNpy', bytes, options.name));
}

/**
 * The bytes of an NPZ file: what `np.savez` writes. Equal tensors give equal bytes.
 *
 * Throws ValueError for what is no tensor, and for more than 4 GiB.
 *
 * @example
 * const bytes = encodeNpz({ x, y }, { compress: true });
 */
export function encodeNpz(
  tensors: StateDict,
  options: SaveNpzOptions = {},
): Uint8Array<ArrayBuffer> {
  // Views of memory do not outlive the next step.
  const chunks = Array.from(
    npzChunks('encodeNpz', tensors, options),
    (chunk) => new Uint8Array(chunk),
  );
  return joinChunks(
    chunks,
    chunks.reduce((n, chunk) => n + chunk.length, 0),
  );
}

/**
 * The arrays in the bytes of an NPZ file by name; dtypes as in `decodeNpy`.
 *
 * Throws FormatError for bytes that are no sound NPZ file, DtypeError that names the array.
 */
export function decodeNpz(
  bytes: Uint8Array | ArrayBuffer,
  options: DecodeOptions = {},
): Record<string, Tensor> {
  checkOptions('decodeNpz', options, ['name']);
  return readNpz(memorySource('decodeNpz', bytes, options.name));
}

/** The file in pieces; everything but its size is checked at once. */
export function npzChunks(
  op: string,
  tensors: StateDict,
  options: SaveNpzOptions,
): Iterable<Uint8Array> {
  checkOptions(op, options, ['compress']);
  const members = checkTensors(op, tensors).map(([name, t]): Member => {
    checkName(op, name);
    const size = npyHeader(t).length + t.byteLength;
    return { name: `${name}.npy`, size, chunks: () => npyChunks(t) };
  });
  return zipChunks(op, members, options.compress === true);
}

function checkName(op: string, name: string): void {
  const length = new TextEncoder().encode(name).length;
  if (length > 1000 || name.includes('\0')) {
    throw new ValueError({ op, problem: `${given(name)} is no name for a member of an archive` });
  }
}

/** The arrays of an archive. */
export function readNpz(source: ByteSource): Record<string, Tensor> {
  const arrays: [string, Tensor][] = [];
  for (const entry of readDirectory(source)) {
    if (entry.name.endsWith('/') && entry.size === 0) continue; // a folder
    if (!entry.name.endsWith('.npy')) {
      throw damaged(
        source,
        `member ${given(entry.name)} is no .npy file: the archive is no NPZ file`,
        /(^|\/)data\.pkl$/.test(entry.name) ? 'it looks like a PyTorch checkpoint' : undefined,
      );
    }
    const bytes = readZipEntry(source, entry);
    arrays.push([entry.name.slice(0, -4), readNpy(memberSource(source, entry.name, bytes))]);
  }
  return Object.fromEntries(arrays);
}
