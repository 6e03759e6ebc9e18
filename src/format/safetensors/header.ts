/**
 * The header of a safetensors file, read and checked.
 *
 * Source: https://github.com/huggingface/safetensors, section "Format": 8 bytes of length (N,
 * little-endian), N bytes of JSON padded with spaces, then the tensors without holes.
 */
import { type DType, given } from '../../base/index.ts';
import { type ByteSource, damaged, kindOf, readView } from '../bytes/byte-source.ts';
import { countElements } from '../bytes/elements.ts';
import { duplicateKey } from './duplicate-key.ts';

export const METADATA = '__metadata__';
/** The length that the format's own reader allows. */
export const MAX_HEADER_BYTES = 100_000_000;
export const LENGTH_BYTES = 8;

/** Bits of an element, of every type of the format. */
const BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** The types that tensors have. */
export const DTYPE_OF: Readonly<Record<string, DType>> = {
  BOOL: 'bool',
  I32: 'int32',
  I64: 'int64',
  F32: 'float32',
  F64: 'float64',
};

/** A tensor as the header tells of it. */
export interface Entry {
  readonly name: string;
  /** The format's word: `F32`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Where its bytes lie in the file. */
  readonly start: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the header's order. */
  readonly entries: readonly Entry[];
}

/** Reads the header and checks it against the size of the file. Throws FormatError. */
export function readHeader(source: ByteSource): Header {
  if (source.size < LENGTH_BYTES) {
    throw damaged(
      source,
      `it has ${source.size} bytes, fewer than the ${LENGTH_BYTES} that tell the header's length`,
      kindOf(source),
    );
  }
  const length = readView(source, 0, LENGTH_BYTES).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw damaged(
      source,
      `a header of ${length} bytes is absurd (the limit is ${MAX_HEADER_BYTES}): no safetensors file`,
      kindOf(source),
    );
  }
  const dataStart = LENGTH_BYTES + Number(length);
  if (dataStart > source.size) {
    throw damaged(
      source,
      `the header of ${length} bytes runs past the end of the file at ${source.size}`,
      kindOf(source) ?? 'the file is truncated, or no safetensors file',
    );
  }
  const json = parseJson(source, source.read(LENGTH_BYTES, Number(length)));
  const metadata = Object.hasOwn(json, METADATA) ? readMetadata(source, json[METADATA]) : {};
  const entries = Object.entries(json)
    .filter(([name]) => name !== METADATA)
    .map(([name, info]) => readEntry(source, name, info, dataStart));
  checkCover(source, entries, dataStart);
  return { metadata, entries };
}

type Json = Readonly<Record<string, unknown>>;

function parseJson(source: ByteSource, bytes: Uint8Array): Json {
  if (bytes[0] !== 0x7b) {
    throw damaged(source, `the header does not begin with '{'`, kindOf(source));
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(bytes));
  } catch {
    throw damaged(source, 'the header is not UTF-8');
  }
  let json: Json;
  try {
    json = JSON.parse(text) as Json; // an object: it begins with '{'
  } catch (error) {
    throw damaged(source, `the header is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw damaged(source, `the header has ${given(twice)} twice`);
  return json;
}

const isObject = (x: unknown): x is Json =>
  typeof x === 'object' && x !== null && !Array.isArray(x);

function readMetadata(source: ByteSource, json: unknown): Readonly<Record<string, string>> {
  if (!isObject(json)) throw damaged(source, `${METADATA} is ${given(json)}, not an object`);
  for (const [key, value] of Object.entries(json)) {
    if (typeof value === 'string') continue;
    throw damaged(source, `${METADATA}: ${given(key)} is ${given(value)}, not a string`);
  }
  return json as Readonly<Record<string, string>>;
}

const isIndex = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;

function readEntry(source: ByteSource, name: string, info: unknown, dataStart: number): Entry {
  const what = `tensor ${given(name)}`;
  if (!isObject(info)) throw damaged(source, `${what} is told of by ${given(info)}, not an object`);
  const { dtype, shape, data_offsets: offsets } = info;
  if (typeof dtype !== 'string' || !Object.hasOwn(BITS, dtype)) {
    throw damaged(source, `${what}: there is no dtype ${given(dtype)} in the format`);
  }
  if (!Array.isArray(shape) || !shape.every(isIndex)) {
    throw damaged(source, `${what}: its shape ${given(shape)} is no list of sizes`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isIndex)) {
    throw damaged(source, `${what}: its data_offsets ${given(offsets)} are no two places`);
  }
  const [from, to] = offsets as [number, number];
  if (from > to) {
    throw damaged(source, `${what}: it ends at ${to}, before its begin at ${from}`);
  }
  const available = source.size - dataStart;
  if (to > available) {
    throw damaged(
      source,
      `${what}: its bytes ${from} to ${to} are out of range: the file holds ${available}`,
      'the file is truncated: copy or download it again',
    );
  }
  const bytes = (countElements(source, what, shape) * BITS[dtype]) / 8;
  if (bytes !== to - from) {
    throw damaged(
      source,
      `${what}: ${dtype} of shape [${shape.join(', ')}] takes ${bytes} bytes, ` +
        `but its data_offsets give it ${to - from}`,
    );
  }
  return { name, dtype, shape, start: dataStart + from, end: dataStart + to };
}

/** The tensors must cover the rest of the file, without overlap or hole. */
function checkCover(source: ByteSource, entries: readonly Entry[], dataStart: number): void {
  const sorted = [...entries].sort((a, b) => a.start - b.start || a.end - b.end);
  let end = dataStart;
  let before = '';
  for (const entry of sorted) {
    if (entry.start < end) {
      throw damaged(
        source,
        `tensors ${given(before)} and ${given(entry.name)} overlap by ${end - entry.start} bytes`,
      );
    }
    if (entry.start > end) {
      const place = `before tensor ${given(entry.name)}`;
      throw damaged(source, `${entry.start - end} bytes ${place} belong to no tensor`);
    }
    end = entry.end;
    before = entry.name;
  }
  if (end < source.size) {
    throw damaged(source, `${source.size - end} bytes after the last tensor belong to none`);
  }
}
