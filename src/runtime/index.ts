export { openX64, ReferenceDevice, WasmDevice } from './cpu/index.ts';
export * from './device.ts';
