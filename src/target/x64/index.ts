export * from './abi.ts';
export { compileKernel, type X64Code } from './compile-kernel.ts';
