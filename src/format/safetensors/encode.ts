/** Tensors into a safetensors file. */
import { bytesOf, checkOptions, type DType, given, ValueError } from '../../base/index.ts';
import type { StateDict } from '../../nn/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { checkTensors } from '../bytes/check-tensors.ts';
import { bytesOfTensor, joinChunks } from '../bytes/elements.ts';
import { DTYPE_OF, LENGTH_BYTES, MAX_HEADER_BYTES, METADATA } from './header.ts';

const WORD_OF = Object.fromEntries(
  Object.entries(DTYPE_OF).map(([word, dtype]) => [dtype, word]),
) as Readonly<Record<DType, string>>;

export interface SaveSafetensorsOptions {
  /** What the file says of itself: names and texts. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The bytes of a safetensors file. Equal tensors give equal bytes.
 *
 * Throws ValueError for what is no tensor, or metadata that are not strings.
 *
 * @example
 * const bytes = encodeSafetensors({ weight: randn([3, 4]) }, { metadata: { epoch: '3' } });
 */
export function encodeSafetensors(
  tensors: StateDict,
  options: SaveSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const { chunks, size } = layOut('encodeSafetensors', tensors, options);
  return joinChunks(chunks, size);
}

/** The file in pieces, so that no second copy of it is needed; everything is checked at once. */
export function layOut(
  op: string,
  tensors: StateDict,
  options: SaveSafetensorsOptions,
): { readonly chunks: Iterable<Uint8Array>; readonly size: number } {
  checkOptions(op, options, ['metadata']);
  const entries = checkTensors(op, tensors);
  if (entries.some(([name]) => name === METADATA)) {
    throw new ValueError({
      op,
      problem: `'${METADATA}' is no name for a tensor: the format keeps it for the metadata`,
    });
  }
  const metadata = checkMetadata(op, options.metadata);
  // The largest elements first: then each tensor is aligned to its own elements.
  const sorted = [...entries].sort(([, a], [, b]) => bytesOf(b.dtype) - bytesOf(a.dtype));
  const places = new Map<string, number>();
  let dataBytes = 0;
  for (const [name, t] of sorted) {
    places.set(name, dataBytes);
    dataBytes += t.byteLength;
  }
  const fields = entries.map(([name, t]) => {
    const start = places.get(name) as number;
    return field(name, {
      dtype: WORD_OF[t.dtype],
      shape: t.shape,
      data_offsets: [start, start + t.byteLength],
    });
  });
  if (metadata !== undefined) fields.unshift(field(METADATA, metadata));
  const header = encodeHeader(op, `{${fields.join(',')}}`);
  return { chunks: pieces(header, sorted), size: header.length + dataBytes };
}

function* pieces(header: Uint8Array, sorted: readonly [string, Tensor][]): Iterable<Uint8Array> {
  yield header;
  for (const [, t] of sorted) yield bytesOfTensor(t);
}

// Written one by one: as a property, the name `__proto__` would not be one.
const field = (name: string, value: unknown): string =>
  `${JSON.stringify(name)}:${JSON.stringify(value)}`;

function encodeHeader(op: string, json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8; // the data begin at a multiple of 8
  if (length > MAX_HEADER_BYTES) {
    throw new ValueError({
      op,
      problem: `names and metadata take ${length} bytes; the format allows ${MAX_HEADER_BYTES}`,
    });
  }
  const header = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, LENGTH_BYTES);
  return header;
}

function checkMetadata(op: string, metadata: unknown): object | undefined {
  if (metadata === undefined) return undefined;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new ValueError({
      op,
      problem: `metadata is an object of names and texts, not ${given(metadata)}`,
    });
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue;
    throw new ValueError({
      op,
      problem: `metadata '${key}' is ${given(value)}, and the format knows texts only`,
      remedy: 'pass String(value) or JSON.stringify(value)',
    });
  }
  return metadata;
}
