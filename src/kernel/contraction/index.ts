export { type GemmSpec } from './problem.ts';
export { lowerGemm } from './gemm.ts';
