export type { Temp } from './arguments.ts';
export { lowerConv, needsEvenPixels } from './conv.ts';
export type { ConvSpec } from './conv-spec.ts';
export { lowerGemm } from './gemm.ts';
export { lowerMaxWindow, type MaxWindowSpec } from './max-window.ts';
export { gathersWindows, lowerMaxWindowGrad } from './max-window-grad.ts';
export type { GemmSpec } from './problem.ts';
