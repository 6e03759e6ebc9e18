/** Files that other libraries read and write: the public subpath `gradus/formats`. */
import '../wiring.ts';

/** For the rooms that write files of their own. @internal */
export { checkWritable, removeStaleFiles, writeFile } from '#format-files';
export type { DecodeOptions } from './bytes/byte-source.ts';
export { FileError } from './file-error.ts';
export type { ModelNode } from './model/description.ts';
export type { ModelInfo } from './model/header.ts';
export {
  type LoadedModel,
  type LoadModelOptions,
  loadModel,
  modelInfo,
} from './model/load-model.ts';
export type { ModuleMaker } from './model/rebuild.ts';
export { type SaveModelOptions, saveModel } from './model/save-model.ts';
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
