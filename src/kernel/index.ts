export { at, KernelBuilder } from './builder.ts';
export { interpretKernel } from './interpret.ts';
export * from './ir.ts';
export type { Arg, BufferRef, Launch, LaunchPlan, Temporaries } from './launch.ts';
export { lowerGraph } from './lower.ts';
export { isPure, operandsOf } from './operands.ts';
export { printKernel } from './print.ts';
export { SLACK } from './temps.ts';
export { verifyKernel } from './verify.ts';
