/**
 * Native threads, one pool a process. They run a worker loop of machine code, never JavaScript;
 * nothing joins them: they end with the process, asleep, and all they touch outlives every isolate.
 *
 * Isolates find the pool through a pointer-sized variable that the process has once and that nobody
 * else uses: glibc's `argp_program_bug_address`, for programs that parse their options with argp. It
 * may point to any text, so the pool begins with one.
 */
import type { NativeFunction } from './koffi.ts';
import { MAX_THREADS, POOL, POOL_BYTES, POOL_MAGIC, RECORD_BYTES } from './layout.ts';
import { assembled, WORKER } from './machine-code.ts';
import { PAGE, type System } from './system.ts';

const SHARED_POINTER = 'argp_program_bug_address';

export class ThreadPool {
  readonly address: number;
  private readonly system: System;
  private readonly compareAndSwap: NativeFunction;
  private readonly u32: Uint32Array;

  private constructor(system: System, compareAndSwap: NativeFunction, address: number) {
    this.system = system;
    this.compareAndSwap = compareAndSwap;
    this.address = address;
    this.u32 = new Uint32Array(system.view(address, POOL_BYTES));
  }

  /** The process's pool, made if there is none. `spins`: how often workers look before sleeping. */
  static open(system: System, compareAndSwap: NativeFunction, spins: number): ThreadPool {
    const shared = system.find(SHARED_POINTER);
    const at = (address: number): ThreadPool => new ThreadPool(system, compareAndSwap, address);
    if (shared === 0) return at(makePool(system, spins));
    const there = Number(compareAndSwap(shared, 0, 0));
    if (there !== 0) return at(isPool(system, there) ? there : makePool(system, spins));
    const mine = makePool(system, spins);
    const first = Number(compareAndSwap(shared, 0, mine));
    // Another isolate was faster; its pool is complete, since it was published last.
    return at(first !== 0 && isPool(system, first) ? first : mine);
  }

  /** Workers there are, beside the threads that run JavaScript. */
  get workers(): number {
    return this.u32[POOL.started >> 2];
  }

  /**
   * Starts workers until there are `wanted`, or the system gives no more. False if another isolate
   * uses the pool right now: try again later.
   */
  start(wanted: number): boolean {
    if (this.workers >= wanted) return true;
    if (Number(this.compareAndSwap(this.address + POOL.busy, 0, 1)) !== 0) return false;
    try {
      while (this.workers < Math.min(wanted, MAX_THREADS - 1) && this.startWorker()) {
        this.u32[POOL.started >> 2]++;
      }
    } finally {
      Atomics.store(this.u32, POOL.busy >> 2, 0);
    }
    return true;
  }

  private startWorker(): boolean {
    const { address, system, u32 } = this;
    const index = this.workers + 1;
    const record = POOL.records + index * RECORD_BYTES;
    const words = new BigUint64Array(u32.buffer, record, 3);
    words[0] = BigInt(address);
    words[1] = BigInt(index);
    words[2] = BigInt(u32[POOL.phase >> 2]);
    const [worker] = new BigUint64Array(u32.buffer, POOL.worker, 1);
    return system.startThread(Number(worker), address + record, {
      allSignals: address + POOL.allSignals,
      oldSignals: address + POOL.oldSignals,
      threadId: address + POOL.threadId,
    });
  }
}

function makePool(system: System, spins: number): number {
  const address = system.allocatePages(POOL_BYTES);
  const buffer = system.view(address, POOL_BYTES);
  const u8 = new Uint8Array(buffer);
  const u32 = new Uint32Array(buffer);
  u8.set(new TextEncoder().encode(POOL_MAGIC), POOL.magic);
  u8.fill(0xff, POOL.allSignals, POOL.allSignals + 128);
  u32[POOL.spins >> 2] = spins;
  u32[POOL.inside >> 2] = 0x80000000;
  const code = system.mapCode(PAGE);
  new Uint8Array(system.view(code.writable, PAGE)).set(assembled(WORKER));
  system.freePages(code.writable, PAGE);
  new BigUint64Array(buffer, POOL.worker, 1)[0] = BigInt(code.executable);
  return address;
}

function isPool(system: System, address: number): boolean {
  const found = new Uint8Array(system.view(address, POOL_MAGIC.length));
  return new TextEncoder().encode(POOL_MAGIC).every((byte, i) => found[i] === byte);
}
