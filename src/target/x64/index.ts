export * from './abi.ts';
export { type CompileOptions, compileKernel, type X64Code } from './compile-kernel.ts';
export type { Isa } from './isa-code.ts';
export { FMA_CHAINS, PIECE_BYTES, type ProbeKind, probeBytes, probeCode } from './probes.ts';
