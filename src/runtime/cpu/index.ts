export { openX64 } from './open-x64.ts';
export { ReferenceDevice } from './reference-device.ts';
export { WasmDevice } from './wasm-device.ts';
