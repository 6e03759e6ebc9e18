/**
 * The calling thread's side of `target/wasm/driver.ts`: its table of kernels, and one call for all the
 * launches of a program. What workers need of it, the module, they get from `wasm-pool.ts`.
 */
import {
  compileDriver,
  DONE,
  type Driver,
  type KernelFunction,
  type SharedDriver,
} from '../../target/wasm/index.ts';

/** In place of a number: a kernel that runs on the calling thread alone. */
export const ALONE = -1;

/** A kernel, and its number among those that workers have, or {@link ALONE}. */
export class WasmKernel {
  readonly run: KernelFunction;
  readonly id: number;
  /** Its place in the calling thread's table, or -1; the driver's business. */
  slot = -1;

  constructor(run: KernelFunction, id = ALONE) {
    this.run = run;
    this.id = id;
  }
}

/** The table grows by so much. */
const SLOTS = 64;

export class WasmDriver {
  readonly module: Uint8Array<ArrayBuffer>;
  private readonly driver: Driver;
  /** null: there is one thread. */
  private readonly shared: SharedDriver | null;
  private readonly table: WebAssembly.Table;
  private readonly free: number[] = [];
  /** A slot is used again when nobody has its kernel any more: no cache, and no program. */
  private readonly registry = new FinalizationRegistry<number>((slot) => {
    this.table.set(slot, null);
    this.free.push(slot);
  });

  /** `mayWait`: whether the calling thread may sleep, if threads share the memory; else null. */
  constructor(memory: WebAssembly.Memory, mayWait: boolean | null) {
    this.module = compileDriver({ shared: mayWait !== null, mayWait: mayWait === true });
    this.table = new WebAssembly.Table({ initial: 0, element: 'anyfunc' });
    const env = { memory, table: this.table };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(this.module), { env });
    this.driver = instance.exports as unknown as Driver;
    this.shared = mayWait === null ? null : (this.driver as SharedDriver);
  }

  /** The kernel's slot, which stays its own as long as somebody has the kernel. */
  slot(kernel: WasmKernel): number {
    if (kernel.slot >= 0) return kernel.slot;
    if (this.free.length === 0) {
      const from = this.table.grow(SLOTS);
      for (let slot = from + SLOTS - 1; slot >= from; slot--) this.free.push(slot);
    }
    const slot = this.free.pop() as number;
    this.table.set(slot, kernel.run);
    this.registry.register(kernel, slot);
    kernel.slot = slot;
    return slot;
  }

  /** Goes through a program's entries: DONE, or the `check` of the launch that met a bad index. */
  run(first: number, end: number): number {
    let result: number;
    try {
      result = this.driver.run(first, end);
    } catch (error) {
      this.recover();
      throw error;
    }
    if (result < DONE) throw trapped();
    return result;
  }

  /** One launch, all its tiles, on the threads that have time; its kernel has a slot and a number. */
  launch(kernel: WasmKernel, args: number, tiles: number): void {
    let result: number | undefined;
    try {
      result = this.shared?.launch(args, kernel.slot, kernel.id, tiles);
    } catch (error) {
      this.recover();
      throw error;
    }
    if (result !== DONE) throw trapped();
  }

  /** A kernel trapped on this thread, in a phase perhaps. Closing it says the same of others. */
  private recover(): void {
    this.shared?.close();
  }
}

const trapped = (): Error => new Error('a kernel trapped on another thread');
