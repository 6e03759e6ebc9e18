export { ReferenceDevice } from './reference-device.ts';
export { WasmDevice } from './wasm-device.ts';
