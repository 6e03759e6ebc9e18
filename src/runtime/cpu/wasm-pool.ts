/**
 * Threads of the WebAssembly engine: workers that have the heap's memory and take tiles beside
 * JavaScript, which is thread 0. See native/README.md for how phases work; here they are the same,
 * written with Atomics. `wasm-worker.ts` has the workers' side.
 */
import type { KernelFunction } from '../../target/wasm/index.ts';
import {
  CLOSED,
  CODE_FROM,
  INSIDE,
  MAX_TILED_KERNELS,
  PHASE_SHIFT,
  SPIN_MS,
  WORDS,
  WORKER_PROGRAM,
} from './wasm-worker.ts';
import type { WorkersHere } from './wasm-workers.ts';

/** Pages of it that hold no module yet take no memory. */
const SHARED_BYTES = 2 ** 23;
/** In place of a number: a kernel that runs on the calling thread alone. */
export const ALONE = -1;
/** Phases are numbered as far as the word's bits go. */
const LAST_PHASE = 2 ** (32 - PHASE_SHIFT) - 1;

export class WasmPool {
  /** Why there are fewer threads than wanted, or null. */
  failure: string | null = null;
  private readonly wanted: number;
  private readonly here: WorkersHere;
  private readonly memory: WebAssembly.Memory;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private codeEnd = CODE_FROM;
  private phase = 0;
  private cold = true;
  private failed = 0;

  /** `threads`: how many take part at most, JavaScript's among them; `memory` must be shared. */
  constructor(here: WorkersHere, threads: number, memory: WebAssembly.Memory) {
    this.here = here;
    this.wanted = threads;
    this.memory = memory;
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    this.words = new Int32Array(shared);
    this.bytes = new Uint8Array(shared);
    this.words[WORDS.phase] = CLOSED;
  }

  /** Threads that take part or, before the first launch with tiles, may. */
  get threads(): number {
    return this.wanted - this.failed;
  }

  /** Workers that have begun, beside this thread. */
  get started(): number {
    return Atomics.load(this.words, WORDS.started);
  }

  /** Whether workers are still on their way. */
  get starting(): boolean {
    return !this.cold && this.started < this.threads - 1;
  }

  /** As many threads of their own for another memory. */
  beside(memory: WebAssembly.Memory): WasmPool {
    return new WasmPool(this.here, this.wanted, memory);
  }

  /** Ends the workers, once none has anything to do; nothing may run here afterwards. */
  stop(): void {
    const { words } = this;
    Atomics.store(words, WORDS.stop, 1);
    // A phase of its own: who is about to sleep on the last one must not.
    Atomics.store(words, WORDS.phase, ((this.phase + 1) << PHASE_SHIFT) | CLOSED);
    Atomics.notify(words, WORDS.phase);
  }

  /** Gives a module to the workers, who compile it when they need it: its number, or ALONE. */
  publish(module: Uint8Array): number {
    const { words } = this;
    const id = words[WORDS.published];
    // Keys of kernels hold no sizes, so this many are a rare program's.
    if (id >= MAX_TILED_KERNELS || this.codeEnd + module.length > SHARED_BYTES) return ALONE;
    this.bytes.set(module, this.codeEnd);
    words[WORDS.directory + 2 * id] = this.codeEnd;
    words[WORDS.directory + 2 * id + 1] = module.length;
    this.codeEnd += module.length;
    Atomics.store(words, WORDS.published, id + 1);
    return id;
  }

  /** Runs all tiles of a kernel on the threads that have time. Returns when every one is out. */
  run(kernel: KernelFunction, id: number, args: number, tiles: number): void {
    if (this.cold) this.warm();
    const { words } = this;
    words[WORDS.kernel] = id;
    words[WORDS.args] = args;
    words[WORDS.tiles] = tiles;
    words[WORDS.tile] = 0;
    this.phase = (this.phase + 1) & LAST_PHASE;
    Atomics.store(words, WORDS.phase, this.phase << PHASE_SHIFT);
    if (Atomics.load(words, WORDS.sleepers) !== 0) Atomics.notify(words, WORDS.phase, tiles - 1);
    try {
      for (;;) {
        const tile = Atomics.add(words, WORDS.tile, 1);
        if (tile >= tiles) break;
        kernel(args, tile, tile + 1, 0);
      }
    } finally {
      this.close();
    }
  }

  /** Lets nobody in any more and waits for those inside: they have a tile each at most. */
  private close(): void {
    const { words } = this;
    let inside = Atomics.or(words, WORDS.phase, CLOSED) & INSIDE;
    if (inside !== 0) {
      const end = performance.now() + SPIN_MS;
      for (let turn = 1; inside !== 0; turn++) {
        inside = Atomics.load(words, WORDS.phase) & INSIDE;
        if (turn % 64 === 0 && this.here.mayWait && performance.now() > end) this.sleep();
      }
    }
    if (words[WORDS.trapped] !== 0) {
      words[WORDS.trapped] = 0;
      throw new Error('a kernel trapped on another thread');
    }
  }

  /** Leaves the processor to the last worker inside, which may have lost its own. */
  private sleep(): void {
    const { words } = this;
    Atomics.store(words, WORDS.waiting, 1);
    if ((Atomics.load(words, WORDS.phase) & INSIDE) !== 0) Atomics.wait(words, WORDS.waiting, 1);
    Atomics.store(words, WORDS.waiting, 0);
  }

  /** The first launch with tiles starts the workers, and does not wait for them. */
  private warm(): void {
    this.cold = false;
    const { buffer } = this.words;
    for (let thread = 1; thread < this.wanted; thread++) {
      const data = { memory: this.memory, shared: buffer as SharedArrayBuffer, thread };
      this.here.start(WORKER_PROGRAM, data, (reason) => {
        this.failed++;
        this.failure = reason;
      });
    }
  }
}
