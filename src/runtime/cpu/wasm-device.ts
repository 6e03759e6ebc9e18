/** The CPU through WebAssembly SIMD: the heap, the kernel cache, and plans made runnable. */
import {
  arrayOf,
  type DType,
  debugLevel,
  type Spec,
  type TypedArray,
  ValueError,
  verifying,
  wasmHeap,
} from '../../base/index.ts';
import { type Graph, printGraph } from '../../ir/index.ts';
import {
  type Kernel,
  type Launch,
  lowerGraph,
  printKernel,
  type TargetInfo,
  verifyKernel,
} from '../../kernel/index.ts';
import { compileKernel, instantiate, wasmTarget } from '../../target/wasm/index.ts';
import type { CompileOptions, Device, DeviceSpeed, Executable, Slot } from '../device.ts';
import { Storage } from '../device.ts';
import type { Handle, WasmHeap } from './heap.ts';
import { measureWasm } from './measure-wasm.ts';
import { whyNoMachineCode } from './notice.ts';
import { Slabs } from './slabs.ts';
import { WasmKernel } from './wasm-driver.ts';
import { WasmExecutable } from './wasm-executable.ts';
import { WasmProgram } from './wasm-program.ts';
import { openThreads, type WasmThreads } from './wasm-threads.ts';

const MAX_KERNELS = 8192;

export class WasmDevice implements Device {
  readonly name = 'cpu';
  readonly engine: string;
  readonly heap: WasmHeap;
  readonly info: TargetInfo;
  readonly isa: string;
  private readonly machine: WasmThreads;
  private readonly slabs: Slabs;
  private readonly kernels = new Map<string, WasmKernel>();

  constructor() {
    this.machine = openThreads(heapBytes(wasmHeap()));
    this.heap = this.machine.heap;
    this.slabs = new Slabs(this.name, this.heap);
    this.info = { ...wasmTarget(), threads: this.threads };
    this.isa = this.info.isa;
    this.engine = `WebAssembly SIMD (${this.info.isa})`;
  }

  get threads(): number {
    return this.machine.pool?.threads ?? 1;
  }

  allocate(bytes: number): Storage {
    return (
      this.slabs.allocate(bytes) ?? new Storage(this.name, this.heap.allocate(bytes), 0, bytes)
    );
  }

  free(storage: Storage): void {
    const { block } = storage.handle as Handle;
    // Slabs are shared; the collector takes them.
    if (block.bytes === storage.bytes) this.heap.release(block);
  }

  write(slot: Slot, data: TypedArray): void {
    const { storage } = slot;
    this.heap.tick++;
    const base = this.heap.touchForWrite(storage.handle as Handle);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.heap.u8.set(bytes, base + storage.offset + slot.offset);
  }

  read(slot: Slot, dtype: DType, count: number): TypedArray {
    const { storage } = slot;
    const handle = storage.handle as Handle;
    const { block } = handle;
    const out = new (arrayOf(dtype))(count);
    const from = storage.offset + slot.offset;
    const source =
      block.address < 0 && block.buffer !== null
        ? block.buffer.subarray(from, from + out.byteLength)
        : this.resident(handle, from, out.byteLength);
    new Uint8Array(out.buffer).set(source);
    return out;
  }

  view(slot: Slot, dtype: DType, count: number): TypedArray {
    const { storage } = slot;
    const handle = storage.handle as Handle;
    if (handle.block.buffer === null) this.heap.touch(handle);
    const bytes = this.heap.outside(handle.block);
    return new (arrayOf(dtype))(
      bytes.buffer,
      bytes.byteOffset + storage.offset + slot.offset,
      count,
    );
  }

  compile(graph: Graph, inputs: readonly Spec[], options: CompileOptions = {}): Executable {
    if (debugLevel() >= 2) console.error(printGraph(graph));
    const { program, cells, constants } = options;
    const kept = program === true ? constants : undefined;
    const plan = lowerGraph(graph, inputs, this.info, { cells, constants: kept });
    const kernels = plan.launches.map((l) => this.kernel(l));
    const { machine, name } = this;
    return program === true
      ? new WasmProgram(machine, graph, inputs, plan, kernels, name, kept)
      : new WasmExecutable(machine, graph, inputs, plan, kernels, name);
  }

  memory(): { heapBytes: number; usedBytes: number } {
    return { heapBytes: this.heap.heapBytes, usedBytes: this.heap.usedBytes };
  }

  measure(): DeviceSpeed {
    return measureWasm(this.info, this.machine.pool);
  }

  notice(): string {
    const { pool, reason } = this.machine;
    const why = reason ?? pool?.failure;
    return why ? `${whyNoMachineCode()}; no more threads: ${why}` : whyNoMachineCode();
  }

  private resident(handle: Handle, from: number, bytes: number): Uint8Array {
    this.heap.tick++;
    const base = this.heap.touch(handle) + from;
    return this.heap.u8.subarray(base, base + bytes);
  }

  private kernel(launch: Launch): WasmKernel {
    const old = this.kernels.get(launch.key);
    if (old !== undefined) return old;
    const start = debugLevel() >= 1 ? performance.now() : 0;
    const kernel = launch.build();
    if (verifying()) verifyKernel(kernel);
    const { heap, pool } = this.machine;
    const env = { faultAddress: heap.faultAddress, shared: pool !== null };
    const code = compileKernel(kernel, this.info, env);
    // A key says whether its kernel has tiles, not how many.
    const made =
      (launch.tiles ?? 1) > 1 && pool !== null
        ? pool.kernel(code.bytes)
        : new WasmKernel(instantiate(code.bytes, heap.memory));
    if (this.kernels.size >= MAX_KERNELS) this.kernels.clear();
    this.kernels.set(launch.key, made);
    if (debugLevel() >= 1) this.report(kernel, code, launch.key, performance.now() - start);
    return made;
  }

  private report(
    kernel: Kernel,
    code: { bytes: Uint8Array; text(): string },
    key: string,
    ms: number,
  ): void {
    console.error(
      `[gradus] kernel ${kernel.name}: ${code.bytes.length} bytes, ${ms.toFixed(2)} ms`,
    );
    if (debugLevel() >= 3) console.error(`  key ${key}`);
    if (debugLevel() >= 4) console.error(`${printKernel(kernel)}\n${code.text()}`);
  }
}

/** Bytes from what GRADUS_WASM_HEAP says in megabytes. */
function heapBytes(text: string): number {
  const megabytes = Number(text);
  if (!(megabytes >= 1 && megabytes <= 2047)) {
    throw new ValueError({
      op: 'GRADUS_WASM_HEAP',
      problem: `'${text}' is no number of megabytes from 1 to 2047`,
      remedy: 'set it to a number such as 256, or unset it',
    });
  }
  return Math.floor(megabytes * 2 ** 20);
}
