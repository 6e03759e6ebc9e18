/**
 * NPY files: one array.
 *
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { given, type Shape } from '../../base/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import {
  type ByteSource,
  damaged,
  kindOf,
  memorySource,
  readView,
  unsupported,
} from '../bytes/byte-source.ts';
import { bytesOfTensor, countElements } from '../bytes/elements.ts';
import { DESCR_OF, readDescr, tensorOfType } from './element-types.ts';
import { type Literal, parseLiteral } from './python-literal.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
/** NumPy's own arrays take a few hundred. */
const MAX_HEADER_BYTES = 1 << 20;
/** Where NumPy lets the elements begin: at a multiple of it. */
const ALIGNMENT = 64;

/** The array of a source that holds just one. */
export function readNpy(source: ByteSource): Tensor {
  const { text, end } = readHeaderText(source);
  const { descr, fortran, shape } = parseHeader(source, text);
  const { type, big } = readDescr(source, descr);
  const bytes = countElements(source, 'the array', shape) * type.bytes;
  const available = source.size - end;
  if (bytes !== available) {
    const what = `shape [${shape.join(', ')}] of ${given(descr)} takes ${bytes} bytes`;
    throw damaged(
      source,
      `${what}, but ${available} follow the header`,
      available < bytes
        ? 'the file is truncated: copy or download it again'
        : 'one file holds one array: save several with np.savez',
    );
  }
  const data = source.read(end, bytes);
  if (!fortran || shape.length < 2) return tensorOfType(source, data, type, big, shape);
  // Column-major elements are the row-major ones of the transposed array.
  const transposed = tensorOfType(source, data, type, big, [...shape].reverse());
  return transposed.permute(shape.map((_, i) => shape.length - 1 - i));
}

function readHeaderText(source: ByteSource): { readonly text: string; readonly end: number } {
  const start = source.read(0, Math.min(8, source.size));
  if (start.length < 8 || MAGIC.some((byte, i) => start[i] !== byte)) {
    const kind = kindOf(source)?.replace('an NPY file: use loadNpy', 'a truncated NPY file');
    throw damaged(source, 'it does not begin as NPY files do, and holds no array', kind);
  }
  const [major, minor] = start.subarray(6);
  if (major < 1 || major > 3 || minor !== 0) {
    throw damaged(source, `NPY version ${major}.${minor} is unknown; known are 1.0, 2.0 and 3.0`);
  }
  const lengthBytes = major === 1 ? 2 : 4;
  const from = 8 + lengthBytes;
  if (source.size < from) throw damaged(source, `it ends within its header, at ${source.size}`);
  const view = readView(source, 8, lengthBytes);
  const length = major === 1 ? view.getUint16(0, true) : view.getUint32(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw damaged(source, `a header of ${length} bytes is absurd (the limit: ${MAX_HEADER_BYTES})`);
  }
  const end = from + length;
  if (end > source.size) {
    throw damaged(source, `the header of ${length} bytes runs past the end at ${source.size}`);
  }
  try {
    const decoder = new TextDecoder(major < 3 ? 'latin1' : 'utf-8', { fatal: true });
    return { text: decoder.decode(new Uint8Array(source.read(from, length))), end };
  } catch {
    throw damaged(source, 'the header is not UTF-8');
  }
}

interface ArrayHeader {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: Shape;
}

const KEYS = ['descr', 'fortran_order', 'shape'];

function parseHeader(source: ByteSource, text: string): ArrayHeader {
  let header: Literal;
  try {
    header = parseLiteral(text);
  } catch (error) {
    throw damaged(source, `the header is no Python literal: ${(error as Error).message}`);
  }
  if (!(header instanceof Map) || header.size !== 3 || !KEYS.every((key) => header.has(key))) {
    throw damaged(source, `the header is not a dict of just ${KEYS.join(', ')}`);
  }
  const [descr, fortran, sizes] = KEYS.map((key) => header.get(key) as Literal);
  if (typeof fortran !== 'boolean') {
    throw damaged(source, `fortran_order is ${given(fortran)}, neither True nor False`);
  }
  const shape = itemsOf(sizes);
  if (shape === undefined || !shape.every((d) => typeof d === 'number')) {
    throw damaged(source, 'the shape in the header is no tuple of sizes');
  }
  if (typeof descr !== 'string') {
    if (descr === null || typeof descr !== 'object') {
      throw damaged(source, `descr is ${given(descr)}, no dtype`);
    }
    throw unsupported(
      source,
      'its elements are records with several fields',
      'in NumPy save each field as an array of its own',
    );
  }
  return { descr, fortran, shape };
}

/** What is in a tuple. */
const itemsOf = (x: Literal): readonly Literal[] | undefined =>
  typeof x === 'object' && x !== null && 'kind' in x && x.kind === 'tuple' ? x.items : undefined;

/** The header of an NPY file (version 1.0) for a tensor; its elements follow in row-major order. */
export function npyHeader(t: Tensor): Uint8Array {
  const shape = t.shape.length === 1 ? `(${t.shape[0]},)` : `(${t.shape.join(', ')})`;
  const text = `{'descr': '${DESCR_OF[t.dtype]}', 'fortran_order': False, 'shape': ${shape}, }`;
  const end = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = new Uint8Array(end).fill(0x20);
  header.set([...MAGIC, 1, 0, (end - 10) & 0xff, (end - 10) >> 8]);
  header.set(new TextEncoder().encode(text), 10);
  header[end - 1] = 0x0a;
  return header;
}

/** An NPY file in pieces; to be used before anything else is computed. */
export const npyChunks = (t: Tensor): readonly Uint8Array[] => [npyHeader(t), bytesOfTensor(t)];

/** A member of an archive as a source. */
export const memberSource = (source: ByteSource, member: string, bytes: Uint8Array): ByteSource =>
  memorySource(source.op, bytes, `${source.name}: ${member}`);
