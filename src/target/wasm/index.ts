export { compileKernel, type WasmCode, type WasmEnv } from './compile-kernel.ts';
export { instantiate, type KernelFunction, wasmTarget } from './engine.ts';
