/**
 * Threads of the WebAssembly engine: workers that have the heap's memory and take tiles beside
 * JavaScript, which is thread 0. `target/wasm/abi.ts` says how they go through launches together;
 * `wasm-worker.ts` has the workers' side.
 */
import { CLOSED, CONTROL, instantiate, PHASE_SHIFT } from '../../target/wasm/index.ts';
import { ALONE, WasmDriver, WasmKernel } from './wasm-driver.ts';
import { CODE_FROM, MAX_TILED_KERNELS, PUBLISHED, WORKER_PROGRAM } from './wasm-worker.ts';
import type { WorkersHere } from './wasm-workers.ts';

/** Pages of it that hold no module yet take no memory. */
const SHARED_BYTES = 2 ** 23;

export class WasmPool {
  /** Why there are fewer threads than wanted, or null. */
  failure: string | null = null;
  private readonly wanted: number;
  private readonly here: WorkersHere;
  private readonly memory: WebAssembly.Memory;
  /** The control words; they stay where they are when the memory grows. */
  private readonly control: Int32Array;
  /** What has been published: see PUBLISHED. */
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private codeEnd = CODE_FROM;
  private cold = true;
  private failed = 0;
  private made: WasmDriver | null = null;

  /** `threads`: how many take part at most, JavaScript's among them; `memory` must be shared. */
  constructor(here: WorkersHere, threads: number, memory: WebAssembly.Memory) {
    this.here = here;
    this.wanted = threads;
    this.memory = memory;
    this.control = new Int32Array(memory.buffer);
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    this.words = new Int32Array(shared);
    this.bytes = new Uint8Array(shared);
    this.control[CONTROL.phase >> 2] = CLOSED;
  }

  /** Made by the first kernel that is worth several threads, or the first program. */
  get driver(): WasmDriver {
    this.made ??= new WasmDriver(this.memory, this.here.mayWait);
    return this.made;
  }

  /** Threads that take part or, before the first launch with tiles, may. */
  get threads(): number {
    return this.wanted - this.failed;
  }

  /** Workers that have begun, beside this thread. */
  get started(): number {
    return Atomics.load(this.control, CONTROL.started >> 2);
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
    const { control } = this;
    Atomics.store(control, CONTROL.stop >> 2, 1);
    // A phase of its own: who is about to sleep on the last one must not.
    const phase = control[CONTROL.phase >> 2] >>> PHASE_SHIFT;
    Atomics.store(control, CONTROL.phase >> 2, ((phase + 1) << PHASE_SHIFT) | CLOSED);
    Atomics.notify(control, CONTROL.phase >> 2);
  }

  /** A kernel with tiles, ready for `run`; workers compile its module when they need it. */
  kernel(module: Uint8Array<ArrayBuffer>): WasmKernel {
    const kernel = new WasmKernel(instantiate(module, this.memory), this.publish(module));
    this.driver.slot(kernel);
    return kernel;
  }

  /** Gives a module to the workers: its number, or ALONE. */
  publish(module: Uint8Array): number {
    const { words } = this;
    const id = words[PUBLISHED.count];
    // Keys of kernels hold no sizes, so this many are a rare program's.
    if (id >= MAX_TILED_KERNELS || this.codeEnd + module.length > SHARED_BYTES) return ALONE;
    this.bytes.set(module, this.codeEnd);
    words[PUBLISHED.directory + 2 * id] = this.codeEnd;
    words[PUBLISHED.directory + 2 * id + 1] = module.length;
    this.codeEnd += module.length;
    Atomics.store(words, PUBLISHED.count, id + 1);
    return id;
  }

  /** Runs all tiles of a kernel on the threads that have time. Returns when every one is out. */
  run(kernel: WasmKernel, args: number, tiles: number): void {
    if (this.cold) this.warm();
    this.driver.launch(kernel, args, tiles);
  }

  /** The first launch with tiles starts the workers, and does not wait for them. */
  warm(): void {
    if (!this.cold) return;
    this.cold = false;
    const { memory, driver } = this;
    const shared = this.words.buffer as SharedArrayBuffer;
    for (let thread = 1; thread < this.wanted; thread++) {
      const data = { memory, shared, thread, driver: driver.module };
      this.here.start(WORKER_PROGRAM, data, (reason) => {
        this.failed++;
        this.failure = reason;
      });
    }
  }
}
