/** Calling conventions as data. */
import {
  type Gp64,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  type Xmm,
  xmm,
} from './registers.ts';

export interface CallingConvention {
  readonly name: 'System V' | 'Win64';
  /** Where the first integer and pointer arguments are; more are on the stack. */
  readonly gpArguments: readonly Gp64[];
  readonly vectorArguments: readonly Xmm[];
  /** One count for both sorts of arguments: the second, a float, is in xmm1, and rdx is unused. */
  readonly sharedPositions: boolean;
  readonly gpResult: Gp64;
  readonly vectorResult: Xmm;
  /** What a function may overwrite, and what it must give back as it was (rsp apart). */
  readonly gpScratch: readonly Gp64[];
  readonly gpSaved: readonly Gp64[];
  /** Only the low 128 bits of these are kept. Higher registers and all masks are scratch. */
  readonly vectorSaved: readonly Xmm[];
  /** Bytes above the return address that the caller sets aside for its callee. */
  readonly shadowBytes: number;
  /** Bytes below rsp that signal handlers leave alone. */
  readonly redZoneBytes: number;
  /** rsp is a multiple of this before a call, so 8 more at the entry of a function. */
  readonly stackAlignment: number;
}

export const SYSTEM_V: CallingConvention = {
  name: 'System V',
  gpArguments: [rdi, rsi, rdx, rcx, r8, r9],
  vectorArguments: [0, 1, 2, 3, 4, 5, 6, 7].map(xmm),
  sharedPositions: false,
  gpResult: rax,
  vectorResult: xmm(0),
  gpScratch: [rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11],
  gpSaved: [rbx, rbp, r12, r13, r14, r15],
  vectorSaved: [],
  shadowBytes: 0,
  redZoneBytes: 128,
  stackAlignment: 16,
};

export const WIN64: CallingConvention = {
  name: 'Win64',
  gpArguments: [rcx, rdx, r8, r9],
  vectorArguments: [0, 1, 2, 3].map(xmm),
  sharedPositions: true,
  gpResult: rax,
  vectorResult: xmm(0),
  gpScratch: [rax, rcx, rdx, r8, r9, r10, r11],
  gpSaved: [rbx, rbp, rdi, rsi, r12, r13, r14, r15],
  vectorSaved: [6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(xmm),
  shadowBytes: 32,
  redZoneBytes: 0,
  stackAlignment: 16,
};
