/** Who may use which registers, on each ISA class. */
import { gp8, gp32, gp64, k, type Register, vector } from '../../asm/x64/index.ts';
import type { Registers } from './allocate.ts';
import type { Isa } from './isa-code.ts';
import type { Class, Place } from './machine.ts';

/** The address of the argument block. */
export const ARGS = 7; // rdi
export const RAX = 0;
export const RDX = 2;
export const RCX = 1;
export const RSI = 6;

const firstOf = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** General registers by their number, and masks. */
export const GP64 = firstOf(16).map(gp64);
export const GP32 = firstOf(16).map(gp32);
export const GP8 = firstOf(16).map(gp8);
export const MASKS = firstOf(8).map(k);

/** Vector registers by their bytes, then by their number. */
export const VECTORS: Readonly<Record<number, readonly Register[]>> = {
  16: firstOf(32).map((id) => vector(16, id)),
  32: firstOf(32).map((id) => vector(32, id)),
  64: firstOf(32).map((id) => vector(64, id)),
};

/** What holds values from memory. */
export const SCRATCH: Readonly<Record<Isa, Registers>> = {
  avx512: { gp: [RAX, RDX, RCX], vec: [30, 31], k: [6, 7] },
  avx2: { gp: [RAX, RDX, RCX], vec: [15], k: [] },
};

const VALUES = [6, 8, 9, 10, 11, 3, 5, 12, 13, 14, 15];

/** What values may take: not what holds the stack, the arguments and what comes from memory. */
export const REGISTERS: Readonly<Record<Isa, Registers>> = {
  avx512: { gp: VALUES, vec: firstOf(30), k: [1, 2, 3, 4, 5] },
  avx2: { gp: VALUES, vec: firstOf(15), k: [] },
};

/** Where a value waits while others move around a circle: a register, or below the stack pointer. */
export const WAITING: Readonly<Record<Isa, Record<Class, Place>>> = {
  avx512: {
    gp: { kind: 'register', number: RDX },
    vec: { kind: 'register', number: 31 },
    k: { kind: 'register', number: 7 },
  },
  avx2: {
    gp: { kind: 'register', number: RDX },
    vec: { kind: 'stack', offset: -32 },
    k: { kind: 'register', number: 7 },
  },
};
