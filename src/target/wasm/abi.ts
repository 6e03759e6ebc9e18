/**
 * How kernels of WebAssembly and those who call them find each other in the heap's memory.
 *
 * **A kernel** is `run(args, first, end, thread)`, all i32: the address of its argument block, the
 * *tiles* to run (independent pieces of its work, in any order, on any thread; never none), and the
 * number of the thread that runs them: 0 is JavaScript's. An argument block is 8-byte slots, and a
 * kernel does not write it.
 *
 * **A table** of functions, `env.table`, holds kernels where code finds them. Each thread has a
 * table of its own, since functions belong to their threads. The calling thread's table has kernels
 * at their *slots*; a worker's has at number n the nth kernel that was published to workers.
 *
 * **A program** is a row of entries (see ENTRY) in memory, launches that run one after another: each
 * by all threads that have time, if its kernel was published. Every thread is out of one launch
 * before the next begins, and has its stores seen.
 *
 * **The control words** lie at the start of the memory. A launch on several threads is a *phase*:
 * workers that are awake enter it, and all take tiles from one counter. When none is left, the caller
 * closes the phase and waits for those inside.
 */

import type { MemoryImport, ValueType } from '../../asm/wasm/index.ts';

export const KERNEL_PARAMS: readonly ValueType[] = ['i32', 'i32', 'i32', 'i32'];

/** A shared memory states its maximum; a module must allow as much. */
export const SHARED: MemoryImport = { min: 0, max: 65536, shared: true };

/** Bytes at the start of the memory that hold the control words. */
export const CONTROL_BYTES = 1024;

/** Addresses of the control words, of 4 bytes. What different threads write lies apart. */
export const CONTROL = {
  /** 0, or what a kernel left that met a bad index: its position and 1. */
  fault: 64,
  /**
   * The phase: in the low byte how many workers are inside; then CLOSED, if no more may enter; above
   * it the phase's number. A worker enters by compare-and-swap of the whole. It reads what runs after
   * it entered, so it does no harm if the number has come round in the meantime.
   */
  phase: 128,
  /** Workers that sleep or are about to; whether the calling thread sleeps until all are out. */
  sleepers: 256,
  waiting: 260,
  /** The next tile. */
  tile: 384,
  /** What runs: number of the published kernel, argument block, tiles. */
  kernel: 512,
  args: 516,
  tiles: 520,
  /** Workers that have begun; whether a kernel trapped in one; whether the workers shall end. */
  started: 640,
  trapped: 644,
  stop: 648,
} as const;

export const INSIDE = 0xff;
export const CLOSED = 0x100;
export const PHASE_SHIFT = 9;

/** Bytes of a program's entry: words of 4 bytes. */
export const ENTRY = {
  args: 0,
  slot: 4,
  /** The kernel's number among those published, or -1: the calling thread runs all tiles by itself. */
  kernel: 8,
  tiles: 12,
  /** Not 0: the program ends here with this result if there is a fault. */
  check: 16,
} as const;
export const ENTRY_BYTES = 32;

/** What a program returns when all has run, and when a kernel trapped on another thread. */
export const DONE = 0;
export const TRAPPED = -1;
