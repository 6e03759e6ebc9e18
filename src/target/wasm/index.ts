export { compileKernel, type WasmCode, type WasmEnv } from './compile-kernel.ts';
export { instantiate, wasmTarget } from './engine.ts';
