export * from './apply.ts';
export type { ConvGeometry } from './conv-geometry.ts';
export * from './graph.ts';
export type * from './lowering.ts';
export { type NdArray, ndZeros } from './nd-array.ts';
export * from './op.ts';
export * from './ops/index.ts';
export { isValue, type Operand, type Value } from './value.ts';
