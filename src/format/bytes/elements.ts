/** Tensors from packed little-endian bytes, and back. */
import { arrayOf, bytesOf, type DType, type Shape, type TypedArray } from '../../base/index.ts';
import { device, fromHost, type Tensor } from '../../tensor/index.ts';
import { type ByteSource, damaged } from './byte-source.ts';

/** NumPy's limit; no one's tensor comes near. */
const MAX_RANK = 64;

/** The tensor whose elements the bytes are, on the default device. `what` names it in messages. */
export function tensorOf(
  source: ByteSource,
  what: string,
  bytes: Uint8Array,
  dtype: DType,
  shape: Shape,
): Tensor {
  if (dtype === 'bool') {
    const odd = bytes.findIndex((byte) => byte > 1);
    if (odd >= 0) {
      throw damaged(source, `${what}: element ${odd} is ${bytes[odd]}, and a bool is 0 or 1`);
    }
  }
  const size = bytesOf(dtype);
  const own = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const elements = new (arrayOf(dtype))(own.buffer, own.byteOffset, own.length / size);
  return fromArray(elements, dtype, shape);
}

/** The tensor of these elements, on the default device. */
export const fromArray = (elements: TypedArray, dtype: DType, shape: Shape): Tensor =>
  fromHost(elements, dtype, shape).to(device());

/** The elements in row-major order; to be used before anything else is computed. */
export function bytesOfTensor(t: Tensor): Uint8Array {
  const data = t.data({ copy: false });
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Number of elements of a shape read from a file. Throws FormatError for absurd ones. */
export function countElements(source: ByteSource, what: string, shape: Shape): number {
  if (shape.length > MAX_RANK) {
    throw damaged(source, `${what}: ${shape.length} dimensions, more than ${MAX_RANK}`);
  }
  const odd = shape.find((d) => !Number.isSafeInteger(d) || d < 0);
  if (odd !== undefined) {
    throw damaged(source, `${what}: ${odd} in the shape is not a size`);
  }
  // Without the zeros: [0, 2^52, 2^52] is as absurd as what has elements.
  const most = shape.reduce((n, d) => n * (d || 1), 1);
  if (!Number.isSafeInteger(most * 8)) {
    throw damaged(source, `${what}: shape [${shape.join(', ')}] is absurdly large`);
  }
  return shape.includes(0) ? 0 : most;
}

/** The chunks in one array of `size` bytes. */
export function joinChunks(chunks: Iterable<Uint8Array>, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
