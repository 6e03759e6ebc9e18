export * from './device.ts';
export { ReferenceDevice, WasmDevice } from './cpu/index.ts';
