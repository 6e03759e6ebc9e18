/** Bytes that readers read at any place: a file, or memory. */
import { DtypeError, FormatError, given, ValueError } from '../../base/index.ts';

export interface ByteSource {
  /** Who reads, for messages: `loadNpz`. */
  readonly op: string;
  /** Whose bytes they are, for messages: a file's name. */
  readonly name: string;
  readonly size: number;
  /** Bytes that lie inside; not to be written to. */
  read(offset: number, length: number): Uint8Array;
}

/** A file: closed files are opened again for each read. */
export interface FileSource extends ByteSource {
  close(): void;
}

/** The options of everything that reads bytes. */
export interface DecodeOptions {
  /** What messages call the bytes, a file's name or address say. Default `the bytes`. */
  readonly name?: string;
}

/** A source of bytes in memory. Throws ValueError for what is neither bytes nor a buffer. */
export function memorySource(op: string, data: unknown, name = 'the bytes'): ByteSource {
  const bytes = toBytes(data);
  if (bytes === undefined) {
    throw new ValueError({
      op,
      problem: `the data must be a Uint8Array or an ArrayBuffer, not ${given(data)}`,
      remedy:
        typeof data === 'string' ? `a path goes to ${op.replace('decode', 'load')}` : undefined,
    });
  }
  return {
    op,
    name,
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

function toBytes(data: unknown): Uint8Array | undefined {
  // Always a plain one: a Buffer's slice does not copy.
  if (ArrayBuffer.isView(data))
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
}

/** The error for bytes that are not what they claim to be. */
export function damaged(source: ByteSource, problem: string, remedy?: string): FormatError {
  return new FormatError({ op: source.op, problem: `${source.name}: ${problem}`, remedy });
}

/** The error for elements of a type that no tensor has. */
export function unsupported(source: ByteSource, problem: string, remedy?: string): DtypeError {
  return new DtypeError({ op: source.op, problem: `${source.name}: ${problem}`, remedy });
}

const view = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A view of the bytes, to read numbers from. */
export const readView = (source: ByteSource, offset: number, length: number): DataView =>
  view(source.read(offset, length));

const SIGNATURES: readonly (readonly [string, string])[] = [
  ['\x93NUMPY', 'an NPY file: use loadNpy'],
  ['PK\x03\x04', 'a zip archive: NPZ files go to loadNpz'],
  ['PK\x05\x06', 'a zip archive: NPZ files go to loadNpz'],
  ['\x89HDF\r\n', 'an HDF5 file'],
  ['\x1f\x8b', 'compressed by gzip: unpack it first'],
  ['\x80\x02', 'a Python pickle'],
  ['\x80\x04', 'a Python pickle'],
  ['<', 'an HTML or XML page: was the download refused?'],
  ['version https://git-lfs', 'a Git LFS pointer: run git lfs pull'],
];

/** What the first bytes say the file is instead, as a remedy. */
export function kindOf(source: ByteSource): string | undefined {
  const head = source.read(0, Math.min(24, source.size));
  const text = String.fromCharCode(...head);
  // The length of a safetensors header may begin with any bytes; JSON follows it.
  const kind =
    text[8] === '{'
      ? 'a safetensors file: use loadSafetensors'
      : SIGNATURES.find(([signature]) => text.startsWith(signature))?.[1];
  return kind === undefined ? undefined : `it looks like ${kind}`;
}
