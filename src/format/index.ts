/** Files that other libraries read and write: the public subpath `gradus/formats`. */
import '../wiring.ts';

export type { DecodeOptions } from './bytes/byte-source.ts';
export { FileError } from './file-error.ts';
export {
  decodeNpy,
  decodeNpz,
  encodeNpy,
  encodeNpz,
  type SaveNpzOptions,
} from './npz/encode-decode.ts';
export { loadNpy, loadNpz, saveNpy, saveNpz } from './npz/files.ts';
export {
  type DecodeSafetensorsOptions,
  decodeSafetensors,
  type Safetensors,
  type TensorInfo,
} from './safetensors/decode.ts';
export { encodeSafetensors, type SaveSafetensorsOptions } from './safetensors/encode.ts';
export {
  type LoadSafetensorsOptions,
  loadSafetensors,
  safetensorsInfo,
  saveSafetensors,
} from './safetensors/files.ts';
