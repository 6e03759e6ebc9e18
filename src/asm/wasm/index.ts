export { FunctionBuilder, type Immediate, type ValueType } from './function-builder.ts';
export { type ImmediateKind, INSTRUCTIONS, type Instruction } from './instructions.ts';
export { encodeModule, type MemoryImport, type Signature, type TableImport } from './module.ts';
export { functionsFromText } from './text.ts';
