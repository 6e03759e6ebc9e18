export { CodeBlock, type CodeMemory } from './code-memory.ts';
export type { CpuInfo, IsaClass } from './cpuid.ts';
export { type Fault, FaultWord } from './fault-word.ts';
export { measureHost } from './measure.ts';
export type { NativeHost } from './native-host.ts';
export type { AlignedBuffer, NativeBlock, NativeMemory } from './native-memory.ts';
export { type Native, type NativeOptions, openNative } from './open-native.ts';
export { threadsFromFlag } from './thread-count.ts';
