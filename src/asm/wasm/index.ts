export { FunctionBuilder, type Immediate, type ValueType } from './function-builder.ts';
export { type ImmediateKind, INSTRUCTIONS, type Instruction } from './instructions.ts';
export { encodeModule, type MemoryImport } from './module.ts';
