/** Kernel IR to x86-64 machine code: the passes in their order. */
import { Assembler, formatListing } from '../../asm/x64/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import { allocate } from './allocate.ts';
import { emitKernel, REGISTERS } from './emit.ts';
import { measure } from './liveness.ts';
import { select } from './select.ts';

export interface X64Code {
  readonly bytes: Uint8Array;
  /** What its address must be a multiple of. */
  readonly alignment: number;
  /** Offsets, bytes and instructions, for `GRADUS_DEBUG=5`; empty unless asked for. */
  text(): string;
}

/** A function `void (argumentBlock in rdi)`; see README.md for what the block holds. */
export function compileKernel(
  kernel: Kernel,
  options: { readonly listing?: boolean } = {},
): X64Code {
  const asm = new Assembler({ isa: 'avx512', listing: options.listing ?? false });
  const body = select(kernel, (bytes) => asm.constant(bytes));
  const allocation = allocate(measure(body), REGISTERS);
  emitKernel(asm, body, allocation);
  const code = asm.finish();
  return {
    bytes: code.bytes,
    alignment: code.alignment,
    text: () => formatListing(code.listing),
  };
}
