/** Kernel IR to x86-64 machine code: the passes in their order. */
import { Assembler, formatListing } from '../../asm/x64/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { allocate, type Registers } from './allocate.ts';
import { emitKernel } from './emit.ts';
import type { Isa } from './isa-code.ts';
import { measure } from './liveness.ts';
import { REGISTERS } from './registers.ts';
import { select } from './select.ts';

export interface X64Code {
  readonly bytes: Uint8Array;
  /** What its address must be a multiple of. */
  readonly alignment: number;
  /** Offsets, bytes and instructions, for `GRADUS_DEBUG=5`; empty unless asked for. */
  text(): string;
}

export interface CompileOptions {
  /** The instructions that it may hold. Default AVX-512. */
  readonly isa?: Isa;
  /** Keeps what `text` tells. Default false. */
  readonly listing?: boolean;
  /** Registers that values may take, for tests of spilling. */
  readonly registers?: Registers;
}

/** A function of an argument block; see abi.ts for how it is called. */
export function compileKernel(kernel: Kernel, options: CompileOptions = {}): X64Code {
  const { isa = 'avx512', listing = false, registers = REGISTERS[isa] } = options;
  const asm = new Assembler({ isa, listing });
  const selected = select(kernel, (bytes) => asm.constant(bytes), isa);
  const allocation = allocate(measure(selected.body), registers);
  emitKernel(asm, selected, allocation, isa);
  const code = asm.finish();
  return {
    bytes: code.bytes,
    alignment: code.alignment,
    text: () => formatListing(code.listing),
  };
}
