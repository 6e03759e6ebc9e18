/**
 * Memory that the host's machine code and JavaScript share, by byte offset. What different threads
 * write lies in different cache lines.
 */

/** Of one isolate (one JavaScript thread): the header of its control page. */
export const CONTROL = {
  /** float64: address of the program that `run` runs. */
  program: 0,
  /** Address of the process's pool, or 0: everything then runs on the calling thread. */
  pool: 8,
  /** Threads that may take part, the calling one among them (32 bits). */
  threads: 16,
  /** How often to look before going to sleep (32 bits). */
  spins: 20,
  /** Room for the results of CPUID, four 32-bit words. */
  scratch: 32,
  /** The program of `runArgs`: one entry, the argument block below. */
  argsProgram: 64,
  args: 128,
} as const;

/** 8-byte slots of the argument block of `call` and `runArgs`. */
export const ARG_SLOTS = 256;

/** Marks a pool, and its layout: code of another version of Gradus leaves it alone. */
export const POOL_MAGIC = 'gradus pool 1\0\0\0';

/** Of the process: the pool of threads. It is never given back. */
export const POOL = {
  magic: 0,
  /** Where the workers' code is. */
  worker: 16,
  /** Workers that have been started (32 bits), and how often they look before they sleep. */
  started: 24,
  spins: 28,
  /** Nonzero while an isolate uses the pool. */
  busy: 64,
  /**
   * The phase, one 64-bit word: in the low half how many workers are inside, and CLOSED if no more
   * may enter; in the high half its number. A worker enters by compare-and-swap of the whole.
   */
  inside: 128,
  phase: 132,
  /** Workers that sleep or are about to. */
  sleepers: 192,
  /** Whether the calling thread sleeps until the last worker is out. */
  waiting: 196,
  /** The next tile. */
  tile: 256,
  /** What runs in this phase: argument block, code, tiles; and which workers may enter. */
  args: 320,
  code: 328,
  tiles: 336,
  threads: 344,
  /** Signal sets: all of them, and what the calling thread had. */
  allSignals: 384,
  oldSignals: 512,
  threadId: 640,
  /** What each worker is started with: pool, index, last phase. */
  records: 1024,
} as const;

export const RECORD_BYTES = 32;
export const MAX_THREADS = 256;
export const POOL_BYTES = POOL.records + MAX_THREADS * RECORD_BYTES;
