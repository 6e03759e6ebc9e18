/** Tensors out of a safetensors file. */
import { checkOptions, given } from '../../base/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import {
  type ByteSource,
  type DecodeOptions,
  memorySource,
  unsupported,
} from '../bytes/byte-source.ts';
import { tensorOf } from '../bytes/elements.ts';
import { DTYPE_OF, type Entry, type Header, readHeader } from './header.ts';

/** What a safetensors file holds. */
export interface Safetensors {
  /** The tensors by name, in the header's order. */
  readonly tensors: Record<string, Tensor>;
  /** What the file says of itself; empty if nothing. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor of a file that was not read. */
export interface TensorInfo {
  /** The format's word: `F32`, `BF16`, ... */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly sizeBytes: number;
}

export interface DecodeSafetensorsOptions extends DecodeOptions {
  /** Makes each tensor when it is first asked for. The bytes must not change until then. */
  readonly lazy?: boolean;
}

/**
 * The tensors and the metadata in the bytes of a safetensors file.
 *
 * Dtypes: F32, F64, I32, I64 and BOOL. Throws FormatError for bytes that are no sound safetensors
 * file, DtypeError that names the tensor for other dtypes; with `lazy`, only when that tensor is
 * asked for.
 *
 * @example
 * const response = await fetch('model.safetensors');
 * const { tensors, metadata } = decodeSafetensors(await response.arrayBuffer());
 */
export function decodeSafetensors(
  bytes: Uint8Array | ArrayBuffer,
  options: DecodeSafetensorsOptions = {},
): Safetensors {
  const op = 'decodeSafetensors';
  checkOptions(op, options, ['lazy', 'name']);
  return readSafetensors(memorySource(op, bytes, options.name), options.lazy === true);
}

/** Tensors and metadata of a source; a lazy one is read again for each tensor. */
export function readSafetensors(source: ByteSource, lazy: boolean): Safetensors {
  const header = readHeader(source);
  const tensors = lazy ? lazyTensors(source, header.entries) : readTensors(source, header);
  return { tensors, metadata: header.metadata };
}

/** All tensors of a file whose header was read. */
export const readTensors = (source: ByteSource, { entries }: Header): Record<string, Tensor> =>
  Object.fromEntries(entries.map((entry) => [entry.name, readTensor(source, entry)]));

/** Names and sizes, without the tensors. */
export function infoOf({ entries }: Header): Record<string, TensorInfo> {
  return Object.fromEntries(
    entries.map(({ name, dtype, shape, start, end }) => [
      name,
      { dtype, shape, sizeBytes: end - start },
    ]),
  );
}

function lazyTensors(source: ByteSource, entries: readonly Entry[]): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const entry of entries) {
    const define = (property: PropertyDescriptor) =>
      Object.defineProperty(tensors, entry.name, {
        ...property,
        enumerable: true,
        configurable: true,
      });
    define({
      get() {
        const value = readTensor(source, entry);
        define({ value, writable: true });
        return value;
      },
      set: (value: Tensor) => define({ value, writable: true }),
    });
  }
  return tensors;
}

function readTensor(source: ByteSource, { name, dtype, shape, start, end }: Entry): Tensor {
  const what = `tensor ${given(name)}`;
  if (!Object.hasOwn(DTYPE_OF, dtype)) {
    throw unsupported(
      source,
      `${what} is ${dtype}; what can be read is ${Object.keys(DTYPE_OF).join(', ')}`,
      `convert it where it was saved, in PyTorch t.to(torch.${dtype.startsWith('F') || dtype === 'BF16' ? 'float32' : 'int64'}), ` +
        'or load lazily and leave it out',
    );
  }
  return tensorOf(source, what, source.read(start, end - start), DTYPE_OF[dtype], shape);
}
