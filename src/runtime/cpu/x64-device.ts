/** The CPU through x86-64 machine code: memory of the collector's, the kernel cache, plans made runnable. */
import {
  arrayOf,
  type DType,
  debugLevel,
  type Spec,
  type TypedArray,
  verifying,
} from '../../base/index.ts';
import { type Graph, printGraph } from '../../ir/index.ts';
import {
  AVX2_TARGET,
  AVX512_TARGET,
  type Launch,
  lowerGraph,
  printKernel,
  type TargetInfo,
  verifyKernel,
} from '../../kernel/index.ts';
import { compileKernel, type Isa } from '../../target/x64/index.ts';
import type { CompileOptions, Device, DeviceSpeed, Executable, Slot } from '../device.ts';
import { Storage } from '../device.ts';
import { FaultWord, measureHost, type NativeHost } from './native/index.ts';
import { ScalarSlots } from './scalars.ts';
import { Slabs } from './slabs.ts';
import { type CachedKernel, type CodeUser, X64Code } from './x64-code.ts';
import { type Loaded, X64Executable, type X64Machine } from './x64-executable.ts';
import { type TensorMemory, type X64Block, X64Memory } from './x64-memory.ts';
import { X64Program } from './x64-program.ts';

/** For tests. */
export interface X64Options {
  /** Gives every tensor memory of its own. */
  readonly memory?: TensorMemory;
  /** As in TargetInfo: less, and threads take part in small kernels too. */
  readonly parallelWork?: number;
}

export class X64Device implements Device {
  readonly name = 'cpu';
  readonly engine: string;
  readonly info: TargetInfo;
  readonly isa: Isa;
  readonly threads: number;
  private readonly host: NativeHost;
  private readonly heap: TensorMemory;
  /** null: every tensor has memory of its own. */
  private readonly slabs: Slabs | null;
  private readonly machine: X64Machine;
  readonly code: X64Code;

  /** The host must have the instructions of `isa`. */
  constructor(host: NativeHost, isa: Isa, { memory, parallelWork }: X64Options = {}) {
    this.code = new X64Code(host.code);
    this.host = host;
    this.isa = isa;
    this.threads = host.threads;
    host.system.keepFreedMemory();
    const { l1, l2, l3 } = host.cpu;
    const info = isa === 'avx2' ? AVX2_TARGET : AVX512_TARGET;
    this.info = {
      ...info,
      threads: host.threads,
      parallelWork: parallelWork ?? info.parallelWork,
      cache: { l1: l1 || info.cache.l1, l2: l2 || info.cache.l2 },
      streamBytes: l3 || info.streamBytes,
    };
    this.engine = `x86-64 machine code (${isa})`;
    this.heap = memory ?? new X64Memory(host.memory);
    this.slabs = memory === undefined ? new Slabs(this.name, this.heap) : null;
    const { args } = host;
    this.machine = {
      host,
      code: this.code,
      fault: new FaultWord(host.memory),
      scalars: new ScalarSlots(args),
      allocate: (bytes) => this.heap.allocate(bytes),
      scratch: (temporaries) => this.heap.scratch(temporaries),
    };
  }

  allocate(bytes: number): Storage {
    return (
      this.slabs?.allocate(bytes) ?? new Storage(this.name, this.heap.allocate(bytes), 0, bytes)
    );
  }

  free(storage: Storage): void {
    const block = storage.handle as X64Block;
    // Slabs are shared; the collector takes them.
    if (storage.bytes > 65536 || this.slabs === null) this.heap.release(block);
  }

  write(slot: Slot, data: TypedArray): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    bytesOf(slot, data.byteLength).set(bytes);
  }

  read(slot: Slot, dtype: DType, count: number): TypedArray {
    const out = new (arrayOf(dtype))(count);
    new Uint8Array(out.buffer).set(bytesOf(slot, out.byteLength));
    return out;
  }

  view(slot: Slot, dtype: DType, count: number): TypedArray {
    const { buffer, byteOffset } = bytesOf(slot, 0);
    return new (arrayOf(dtype))(buffer as ArrayBuffer, byteOffset, count);
  }

  compile(graph: Graph, inputs: readonly Spec[], options: CompileOptions = {}): Executable {
    if (debugLevel() >= 2) console.error(printGraph(graph));
    const load = (user: CodeUser, now: CompileOptions = {}): Loaded => {
      const plan = lowerGraph(graph, inputs, this.info, now);
      const kernels: CachedKernel[] = [];
      try {
        for (const l of plan.launches) kernels.push(this.code.kernel(l.key, () => this.make(l)));
      } catch (error) {
        this.code.discard(kernels);
        throw error;
      }
      this.code.hold(user, kernels);
      return { plan, code: kernels.map((k) => k.block.address) };
    };
    return options.program === true
      ? new X64Program(this.machine, graph, inputs, load, this.name, options)
      : new X64Executable(this.machine, graph, inputs, (user) => load(user), this.name);
  }

  memory(): { heapBytes: number; usedBytes: number } {
    return { heapBytes: this.heap.usedBytes, usedBytes: this.heap.usedBytes };
  }

  measure(): DeviceSpeed {
    return measureHost(this.host, this.threads, this.isa);
  }

  /** The machine code of a launch's kernel. */
  private make(launch: Launch): Uint8Array {
    const start = debugLevel() >= 1 ? performance.now() : 0;
    const kernel = launch.build();
    if (verifying()) verifyKernel(kernel);
    const code = compileKernel(kernel, { isa: this.isa, listing: debugLevel() >= 5 });
    if (debugLevel() >= 1) {
      const ms = (performance.now() - start).toFixed(2);
      console.error(`[gradus] kernel ${kernel.name}: ${code.bytes.length} bytes, ${ms} ms`);
      if (debugLevel() >= 3) console.error(`  key ${launch.key}`);
      if (debugLevel() >= 4) console.error(printKernel(kernel));
      if (debugLevel() >= 5) console.error(code.text());
    }
    return code.bytes;
  }
}

function bytesOf({ storage, offset }: Slot, length: number): Uint8Array {
  const block = storage.handle as X64Block;
  if (block.freed) throw new Error('a tensor was used after its memory was given back');
  return new Uint8Array(block.buffer, block.offset + storage.offset + offset, length);
}
