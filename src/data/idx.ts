/** Reads IDX, the format of MNIST's files: a few header bytes, then numbers in big-endian order. */
import { checkOptions, FormatError, given, ValueError } from '../base/index.ts';
import {
  type ByteSource,
  fileSource,
  isGzip,
  MAX_DEFLATE_RATIO,
  type Origin,
  unzip,
  unzipped,
} from './byte-source.ts';

type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** What an IDX file holds. */
export interface IdxArray {
  readonly dtype: 'uint8' | 'int8' | 'int16' | 'int32' | 'float32' | 'float64';
  readonly shape: readonly number[];
  /** The elements in row-major order. */
  readonly data: IdxData;
}

export interface IdxOptions {
  /** What messages call the data. Default the path, or `data`. */
  readonly name?: string;
  /** More bytes of elements than this are refused before they are read. Default 2^31. */
  readonly maxBytes?: number;
}

interface IdxType {
  readonly dtype: IdxArray['dtype'];
  readonly array: new (buffer: ArrayBuffer, offset: number, length: number) => IdxData;
  readonly bytes: number;
}

const TYPES = new Map<number, IdxType>([
  [0x08, { dtype: 'uint8', array: Uint8Array, bytes: 1 }],
  [0x09, { dtype: 'int8', array: Int8Array, bytes: 1 }],
  [0x0b, { dtype: 'int16', array: Int16Array, bytes: 2 }],
  [0x0c, { dtype: 'int32', array: Int32Array, bytes: 4 }],
  [0x0d, { dtype: 'float32', array: Float32Array, bytes: 4 }],
  [0x0e, { dtype: 'float64', array: Float64Array, bytes: 8 }],
]);
const MAX_RANK = 16;
const MAX_HEADER = 4 + 4 * MAX_RANK;

/**
 * The array in an IDX file's bytes, gzipped or plain.
 *
 * Throws FormatError, which names the data and the offset, for bytes that are no IDX file, an
 * unknown element type, sizes beyond `maxBytes`, and data that is truncated or goes on too long.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database ("File formats").
 *
 * @example
 * const { data, shape } = parseIdx(readFileSync('train-images-idx3-ubyte.gz'));
 * const images = tensor(data, { dtype: 'float32' }).reshape(shape);
 */
export function parseIdx(bytes: Uint8Array, options: IdxOptions = {}): IdxArray {
  const op = 'parseIdx';
  const { from, maxBytes } = readOptions(op, options, 'data');
  if (!(bytes instanceof Uint8Array)) {
    throw new ValueError({ op, problem: `takes bytes (Uint8Array), not ${given(bytes)}` });
  }
  const plain = unzip(bytes, maxBytes + MAX_HEADER + 1, from);
  const reader = new IdxReader(from, maxBytes, plain.length);
  reader.push(plain);
  return reader.end();
}

/**
 * {@link parseIdx} of bytes that come in pieces: a stream, gzipped or plain. The elements are
 * placed as they arrive; nothing else is held.
 *
 * @example
 * const { data, shape } = await readIdx(createReadStream('t10k-labels-idx1-ubyte.gz'));
 */
export async function readIdx(source: ByteSource, options: IdxOptions = {}): Promise<IdxArray> {
  const { from, maxBytes } = readOptions('readIdx', options, 'data');
  return collect(source, from, maxBytes, null);
}

/** {@link readIdx} of a file. */
export async function readIdxFile(path: string, options: IdxOptions = {}): Promise<IdxArray> {
  const { from, maxBytes } = readOptions('readIdxFile', options, path);
  const { pieces, size } = await fileSource(path, from.op);
  return collect(pieces, from, maxBytes, size);
}

function readOptions(
  op: string,
  options: IdxOptions,
  fallback: string,
): { readonly from: Origin; readonly maxBytes: number } {
  checkOptions(op, options, ['name', 'maxBytes']);
  const { name = fallback, maxBytes = 2 ** 31 } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) {
    throw new ValueError({ op, problem: `maxBytes is a number of bytes, not ${given(maxBytes)}` });
  }
  return { from: { op, name }, maxBytes };
}

async function collect(
  source: ByteSource,
  from: Origin,
  maxBytes: number,
  size: number | null,
): Promise<IdxArray> {
  let zipped = false;
  async function* watched(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    let first = true;
    for await (const piece of pieces) {
      if (first) zipped = isGzip(piece);
      first = false;
      yield piece;
    }
  }
  let reader: IdxReader | null = null;
  for await (const piece of unzipped(
    watched(source instanceof Uint8Array ? [source] : source),
    from,
  )) {
    const bound = size === null ? null : zipped ? size * MAX_DEFLATE_RATIO + 64 : size;
    reader ??= new IdxReader(from, maxBytes, bound);
    reader.push(piece);
  }
  return (reader ?? new IdxReader(from, maxBytes, 0)).end();
}

/** Takes the file's bytes piece by piece. */
class IdxReader {
  private readonly from: Origin;
  private readonly maxBytes: number;
  /** What the file can hold at most; null if that is not known. */
  private readonly bound: number | null;
  private readonly header = new Uint8Array(MAX_HEADER);
  private headerSize = 4;
  private type: IdxType | null = null;
  private shape: number[] = [];
  /** Bytes of elements that the header promises. */
  private promised = 0;
  private body: Uint8Array<ArrayBuffer> | null = null;
  private seen = 0;

  constructor(from: Origin, maxBytes: number, bound: number | null) {
    this.from = from;
    this.maxBytes = maxBytes;
    this.bound = bound;
  }

  push(piece: Uint8Array): void {
    let at = 0;
    while (this.body === null && at < piece.length) {
      const part = piece.subarray(at, at + this.headerSize - this.seen);
      this.header.set(part, this.seen);
      this.seen += part.length;
      at += part.length;
      if (this.seen === this.headerSize) this.readHeader();
    }
    if (this.body === null || at === piece.length) return;
    const offset = this.seen - this.headerSize;
    const end = offset + piece.length - at;
    if (end > this.promised) {
      throw this.error(
        `goes on after its last element: the data ends at offset ` +
          `${this.headerSize + this.promised} for shape ${this.shapeText()}`,
      );
    }
    if (end > this.body.length) {
      const grown = new Uint8Array(Math.min(this.promised, Math.max(end, 2 * this.body.length)));
      grown.set(this.body.subarray(0, offset));
      this.body = grown;
    }
    this.body.set(at === 0 ? piece : piece.subarray(at), offset);
    this.seen += piece.length - at;
  }

  end(): IdxArray {
    const { type, body } = this;
    const expected = this.headerSize + this.promised;
    if (this.seen < 4 || type === null || body === null) {
      throw this.error(`is truncated: it ends at offset ${this.seen}, within its header`);
    }
    if (this.seen < expected) {
      throw this.error(
        `is truncated: ${type.dtype} ${this.shapeText()} takes ${expected} bytes, ` +
          `and it ends at offset ${this.seen}`,
      );
    }
    if (type.bytes > 1) swap(body, type.bytes);
    const data = new type.array(body.buffer, 0, this.promised / type.bytes);
    return { dtype: type.dtype, shape: this.shape, data };
  }

  /** Called with the first four bytes, then with the sizes too. */
  private readHeader(): void {
    const h = this.header;
    if (this.type === null) {
      if (h[0] !== 0 || h[1] !== 0) {
        const found = [...h.subarray(0, 4)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
        throw this.error(`is no IDX file: expected 00 00 at offset 0, found ${found}`);
      }
      const type = TYPES.get(h[2]);
      if (type === undefined) {
        throw this.error(
          `has an unknown element type 0x${h[2].toString(16).padStart(2, '0')} at offset 2; ` +
            `expected ${[...TYPES].map(([k, t]) => `0x${k.toString(16).padStart(2, '0')} ${t.dtype}`).join(', ')}`,
        );
      }
      if (h[3] < 1 || h[3] > MAX_RANK) {
        throw this.error(
          `has ${h[3]} dimensions by its byte at offset 3; expected 1 to ${MAX_RANK}`,
        );
      }
      this.type = type;
      this.headerSize = 4 + 4 * h[3];
      return;
    }
    const view = new DataView(h.buffer);
    this.shape = Array.from({ length: h[3] }, (_, i) => view.getUint32(4 + 4 * i));
    this.promised = this.shape.reduce((n, size) => n * size, this.type.bytes);
    if (this.promised > this.maxBytes) {
      throw this.error(
        `claims ${this.type.dtype} ${this.shapeText()}, ${this.promised} bytes: ` +
          `more than the limit of ${this.maxBytes}`,
        'if that is right, pass a larger maxBytes',
      );
    }
    if (this.bound !== null && this.headerSize + this.promised > this.bound) {
      throw this.error(
        `is truncated: ${this.type.dtype} ${this.shapeText()} takes ` +
          `${this.headerSize + this.promised} bytes, and it holds at most ${this.bound}`,
      );
    }
    this.body = new Uint8Array(
      this.bound === null ? Math.min(this.promised, 2 ** 16) : this.promised,
    );
  }

  private shapeText(): string {
    return `[${this.shape.join(', ')}]`;
  }

  private error(problem: string, remedy?: string): FormatError {
    return new FormatError({ op: this.from.op, problem: `${this.from.name} ${problem}`, remedy });
  }
}

/** Turns big-endian elements into the machine's order, in place. */
function swap(bytes: Uint8Array<ArrayBuffer>, size: number): void {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 0) return;
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
