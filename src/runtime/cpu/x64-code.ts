/**
 * The code of kernels as a bounded cache. An executable holds the kernels of its plan; when there is
 * too much code, executables that have not run of late lose theirs, and code that nobody holds any
 * more is freed at once. An executable without code gets it anew when it runs, so whoever keeps it
 * (a cache of plans, a program) need not know, and no finalizer is waited for: these never run in a
 * synchronous loop.
 */
import { outOfMemory } from '../device.ts';
import type { CodeBlock, CodeMemory } from './native/index.ts';

/** What holds kernels; never released while it runs, which is within one call from JavaScript. */
export interface CodeUser {
  /** `tick` of the cache when it ran last. */
  ranAt: number;
  /** Its kernels' addresses are not to be used again. */
  release(): void;
}

export interface CachedKernel {
  readonly key: string;
  readonly block: CodeBlock;
  holders: number;
}

/** Far more than any model has; a thousand kernels are about one megabyte. */
const LIMIT_BYTES = 2 ** 24;
const MAX_USERS = 8192;

interface Held {
  readonly kernels: readonly CachedKernel[];
  /** Running later than this gives the user another turn. */
  since: number;
}

export class X64Code {
  limitBytes = LIMIT_BYTES;
  /** Bytes of kernels in place. */
  bytes = 0;
  /** Counts the calls of `hold`. */
  tick = 0;
  private readonly memory: CodeMemory;
  private readonly kernels = new Map<string, CachedKernel>();
  /** Who holds what, oldest first; those that ran go to the end when their turn comes. */
  private readonly users = new Map<CodeUser, Held>();

  constructor(memory: CodeMemory) {
    this.memory = memory;
  }

  /** The kernel of a key, made if there is none. It stays at least until `hold` is called. */
  kernel(key: string, make: () => Uint8Array): CachedKernel {
    let kernel = this.kernels.get(key);
    if (kernel === undefined) {
      kernel = { key, block: this.place(make()), holders: 0 };
      this.kernels.set(key, kernel);
      this.bytes += kernel.block.bytes;
    }
    return kernel;
  }

  /** Lets go of kernels that nobody holds: their user cannot be made. */
  discard(kernels: readonly CachedKernel[]): void {
    for (const kernel of kernels) {
      if (kernel.holders === 0 && !kernel.block.freed) this.remove(kernel);
    }
  }

  private place(code: Uint8Array): CodeBlock {
    try {
      return this.memory.write(code);
    } catch (cause) {
      throw outOfMemory(code.length, cause, ' of machine code');
    }
  }

  /** Keeps kernels for a user, and lets go of what others have not used if there is too much. */
  hold(user: CodeUser, kernels: readonly CachedKernel[]): void {
    for (const kernel of kernels) kernel.holders++;
    const now = ++this.tick;
    this.users.set(user, { kernels, since: now });
    for (const [other, held] of this.users) {
      if (this.bytes <= this.limitBytes && this.users.size <= MAX_USERS) return;
      if (other === user) continue;
      this.users.delete(other);
      if (other.ranAt > held.since) {
        held.since = now;
        this.users.set(other, held);
        continue;
      }
      other.release();
      for (const kernel of held.kernels) this.drop(kernel);
    }
  }

  private drop(kernel: CachedKernel): void {
    if (--kernel.holders > 0) return;
    this.remove(kernel);
  }

  private remove(kernel: CachedKernel): void {
    this.kernels.delete(kernel.key);
    this.bytes -= kernel.block.bytes;
    this.memory.free(kernel.block);
  }
}
