export { ReferenceDevice, WasmDevice } from './cpu/index.ts';
export * from './device.ts';
