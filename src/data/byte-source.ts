/** Bytes as readers take them: whole or in pieces, gzipped or plain. */
import { createGunzip, createReadStream, gunzipSync, open, pipeline, Readable } from '#data-node';
import { FormatError } from '../base/index.ts';

/** Pieces of a file in order: a stream, an array of buffers, or all of it at once. */
export type ByteSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Deflate cannot shrink data more than this many times. */
export const MAX_DEFLATE_RATIO = 1032;

/** Whose bytes they are, for messages. */
export interface Origin {
  /** The reader: `readIdx`. */
  readonly op: string;
  /** The file's name, or what stands for it. */
  readonly name: string;
}

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The bytes, unpacked if they are gzipped; never more than `limit`. */
export function unzip(bytes: Uint8Array, limit: number, from: Origin): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes, {
      maxOutputLength: Math.min(limit, bytes.length * MAX_DEFLATE_RATIO + 64),
    });
  } catch (error) {
    throw zipError(error, limit, from);
  }
}

/** The pieces, unpacked as they come if they are gzipped; empty ones are left out. */
export async function* unzipped(source: ByteSource, from: Origin): AsyncGenerator<Uint8Array> {
  const pieces = asPieces(source, from);
  const head = await firstBytes(pieces);
  const all = chain(head, pieces);
  if (!isGzip(head)) {
    yield* all;
    return;
  }
  const zip = createGunzip({ chunkSize: 64 * 1024 });
  pipeline(Readable.from(all), zip, () => {}); // errors arrive through the iteration
  try {
    for await (const piece of zip) yield piece as Uint8Array;
  } catch (error) {
    throw zipError(error, Number.POSITIVE_INFINITY, from);
  } finally {
    zip.destroy();
  }
}

/** A file's pieces and its size; a file that cannot be read is a FormatError that says why. */
export async function fileSource(
  path: string,
  op: string,
): Promise<{ readonly pieces: AsyncIterable<Uint8Array>; readonly size: number }> {
  let size: number;
  try {
    const file = await open(path);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new Error('it is not a file');
      size = found.size;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new FormatError({
      op,
      problem: `${path} cannot be read: ${(error as Error).message}`,
      cause: error,
    });
  }
  return { pieces: createReadStream(path), size };
}

async function* asPieces(source: ByteSource, from: Origin): AsyncGenerator<Uint8Array> {
  const list = source instanceof Uint8Array ? [source] : source;
  for await (const piece of list) {
    if (!(piece instanceof Uint8Array)) {
      throw new FormatError({
        op: from.op,
        problem: `${from.name}: the source gives ${typeof piece} values, not bytes (Uint8Array)`,
      });
    }
    if (piece.length > 0) yield piece;
  }
}

/** At least two bytes, if there are any. */
async function firstBytes(pieces: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  let head = new Uint8Array();
  while (head.length < 2) {
    const { value, done } = await pieces.next();
    if (done) break;
    head = head.length === 0 ? new Uint8Array(value) : Uint8Array.of(...head, ...value);
  }
  return head;
}

async function* chain(
  head: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

function zipError(error: unknown, limit: number, { op, name }: Origin): unknown {
  const code = (error as { code?: string }).code ?? '';
  const problem =
    code === 'Z_BUF_ERROR'
      ? `${name} is truncated: the gzip stream ends before its last block`
      : code === 'ERR_BUFFER_TOO_LARGE'
        ? `${name} unpacks to more than ${limit} bytes`
        : code.startsWith('Z_')
          ? `${name} is damaged: ${(error as Error).message} in the gzip stream`
          : '';
  return problem === '' ? error : new FormatError({ op, problem, cause: error });
}
