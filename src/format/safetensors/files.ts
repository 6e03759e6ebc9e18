/** Safetensors files. */
import { openFile, writeFile } from '#format-files';
import { checkOptions } from '../../base/index.ts';
import type { StateDict } from '../../nn/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { infoOf, readSafetensors, readTensors, type TensorInfo } from './decode.ts';
import { layOut, type SaveSafetensorsOptions } from './encode.ts';
import { readHeader } from './header.ts';

export interface LoadSafetensorsOptions {
  /** Reads each tensor when it is first asked for, and only the header now. Default false. */
  readonly lazy?: boolean;
}

/**
 * Saves tensors by name as a safetensors file, which every safetensors reader opens. The file is
 * written to a temporary name, synced and renamed: a failure leaves an old file as it was.
 *
 * Throws FileError if the system refuses, ValueError for what is no tensor. Node only.
 *
 * @example
 * saveSafetensors(net.stateDict(), 'net.safetensors', { metadata: { epoch: '3' } });
 */
export function saveSafetensors(
  tensors: StateDict,
  path: string | URL,
  options: SaveSafetensorsOptions = {},
): void {
  const op = 'saveSafetensors';
  writeFile(op, path, layOut(op, tensors, options).chunks);
}

/**
 * The tensors of a safetensors file by name.
 *
 * Dtypes: F32, F64, I32, I64 and BOOL. Throws FormatError for a file that is not sound, DtypeError
 * that names the tensor for other dtypes, FileError if the file cannot be read. With `lazy` a tensor
 * is read when it is first asked for; errors of single tensors then come there, and a FormatError
 * if the file was replaced meanwhile. Node only.
 *
 * @example
 * net.loadStateDict(loadSafetensors('net.safetensors'));
 * const { 'head.weight': weight } = loadSafetensors('large.safetensors', { lazy: true });
 */
export function loadSafetensors(
  path: string | URL,
  options: LoadSafetensorsOptions = {},
): Record<string, Tensor> {
  const op = 'loadSafetensors';
  checkOptions(op, options, ['lazy']);
  const source = openFile(op, path);
  try {
    return readSafetensors(source, options.lazy === true).tensors;
  } finally {
    source.close();
  }
}

/**
 * What a safetensors file says of itself and of its tensors. Reads the header only.
 *
 * @example
 * const { metadata, tensors } = safetensorsInfo('net.safetensors');
 * tensors['head.weight'].shape; // [10, 128]
 */
export function safetensorsInfo(path: string | URL): SafetensorsInfo {
  return withSafetensors('safetensorsInfo', path, (info) => info);
}

/** What a header says. */
export interface SafetensorsInfo {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Record<string, TensorInfo>;
}

/**
 * Opens a file once for its header and, if `use` asks, its tensors: what was read of one is of the
 * same file as the other, even if a new one takes its place meanwhile. @internal
 */
export function withSafetensors<T>(
  op: string,
  path: string | URL,
  use: (info: SafetensorsInfo, read: () => Record<string, Tensor>) => T,
): T {
  const source = openFile(op, path);
  try {
    const header = readHeader(source);
    const info = { metadata: header.metadata, tensors: infoOf(header) };
    return use(info, () => readTensors(source, header));
  } finally {
    source.close();
  }
}
