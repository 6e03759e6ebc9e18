export { Assembler, type AssemblerOptions, type MachineCode } from './assembler.ts';
export { type CallingConvention, SYSTEM_V, WIN64 } from './calling-convention.ts';
export { mnemonics } from './instruction-set.ts';
export { formatListing, type ListingLine } from './listing.ts';
export {
  Label,
  Memory,
  type MemoryOptions,
  mem,
  memoryAt,
  type Operand,
  Rounding,
  rounding,
  sae,
} from './operands.ts';
export * from './registers.ts';
