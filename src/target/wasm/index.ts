export {
  CLOSED,
  CONTROL,
  CONTROL_BYTES,
  DONE,
  ENTRY,
  ENTRY_BYTES,
  PHASE_SHIFT,
} from './abi.ts';
export { compileKernel, type WasmCode, type WasmEnv } from './compile-kernel.ts';
export { compileDriver, type Driver, type SharedDriver } from './driver.ts';
export { instantiate, type KernelFunction, wasmTarget } from './engine.ts';
