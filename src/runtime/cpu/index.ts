export { openX64 } from '#x64';
export { ReferenceDevice } from './reference-device.ts';
export { WasmDevice } from './wasm-device.ts';
