/** A launch plan bound to the heap: argument blocks written once, pointers at every run. */
import { type Spec, specOf } from '../../base/index.ts';
import type { Graph, GraphNode } from '../../ir/index.ts';
import type { Arg, LaunchPlan } from '../../kernel/index.ts';
import type { KernelFunction } from '../../target/wasm/index.ts';
import type { Executable, Slot } from '../device.ts';
import { faultError } from './fault.ts';
import type { Handle, WasmHeap } from './heap.ts';
import { toInt64 } from './scalars.ts';
import { ALONE, type WasmPool } from './wasm-pool.ts';
import type { WasmThreads } from './wasm-threads.ts';

type PointerArg = Extract<Arg, { kind: 'pointer' }>;
type ScalarArg = Extract<Arg, { kind: 'scalar' }>;

/** A kernel, and its number with the pool or {@link ALONE}. */
export interface WasmKernel {
  readonly run: KernelFunction;
  readonly id: number;
}

/** One launch with its argument block at `args`; `at` counts 4-byte words of the heap. */
interface Step {
  readonly kernel: WasmKernel;
  readonly tiles: number;
  /** The op whose index can fault here, or null. */
  readonly faults: GraphNode | null;
  readonly args: number;
  readonly pointers: readonly { readonly at: number; readonly arg: PointerArg }[];
  readonly scalars: readonly { readonly at: number; readonly arg: ScalarArg }[];
}

const argBlocks = new FinalizationRegistry<{ heap: WasmHeap; address: number; bytes: number }>(
  ({ heap, address, bytes }) => heap.releaseFixed(address, bytes),
);

export class WasmExecutable implements Executable {
  readonly outputs: readonly Spec[];
  readonly inPlace: readonly (readonly [number, number])[];
  private readonly heap: WasmHeap;
  private readonly pool: WasmPool | null;
  private readonly steps: readonly Step[] = [];
  private readonly temps: readonly number[];
  private readonly scratchBytes: number;
  private readonly graph: Graph;
  private readonly specs: readonly Spec[];
  // The hot case: one launch over an output and one or two operands, each passed once.
  private readonly simple: boolean = false;
  private readonly kernel: KernelFunction;
  private readonly id: number;
  private readonly args: number = 0;
  private readonly tiles: number = 1;
  private readonly outWord: number = 0;
  private readonly aWord: number = -1;
  private readonly bWord: number = -1;
  private readonly aBytes: number = 0;
  private readonly bBytes: number = 0;
  private readonly scalars: Step['scalars'] = [];

  constructor(
    { heap, pool }: WasmThreads,
    graph: Graph,
    specs: readonly Spec[],
    plan: LaunchPlan,
    kernels: readonly WasmKernel[],
    device: string,
  ) {
    this.heap = heap;
    this.pool = pool;
    this.graph = graph;
    this.specs = specs;
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, undefined, device));
    this.inPlace = plan.inPlace;
    this.temps = plan.temps;
    this.scratchBytes = plan.tempBytes;
    const words = plan.launches.reduce((n, l) => n + l.args.length, 0);
    const block = heap.allocateFixed(words * 8);
    argBlocks.register(this, { heap, address: block, bytes: words * 8 });
    let at = block;
    const steps: Step[] = [];
    plan.launches.forEach((launch, i) => {
      const faults = launch.faults ?? null;
      const { tiles = 1 } = launch;
      const step = {
        kernel: kernels[i],
        tiles,
        faults,
        args: at,
        pointers: [],
        scalars: [],
      } as Step & {
        pointers: { at: number; arg: PointerArg }[];
        scalars: { at: number; arg: ScalarArg }[];
      };
      for (const arg of launch.args) {
        if (arg.kind === 'index') heap.i32[at >>> 2] = arg.value;
        else if (arg.kind === 'pointer') step.pointers.push({ at: at >>> 2, arg });
        else step.scalars.push({ at: at >>> 2, arg });
        at += 8;
      }
      steps.push(step);
    });
    this.steps = steps;
    this.kernel = kernels[0]?.run;
    this.id = kernels[0]?.id ?? ALONE;
    if (steps.length === 1 && plan.tempBytes === 0) {
      const [step] = steps;
      const find = (kind: string, index: number) =>
        step.pointers.filter((p) => p.arg.buffer.kind === kind && p.arg.buffer.index === index);
      const out = find('output', 0);
      const a = find('input', 0);
      const b = find('input', 1);
      const all = out.length + a.length + b.length === step.pointers.length;
      if (all && out.length === 1 && out[0].arg.bytes === 0 && a.length <= 1 && b.length <= 1) {
        this.simple = true;
        this.args = step.args;
        this.tiles = step.tiles;
        this.outWord = out[0].at;
        if (a.length === 1) {
          this.aWord = a[0].at;
          this.aBytes = a[0].arg.bytes;
        }
        if (b.length === 1) {
          this.bWord = b[0].at;
          this.bBytes = b[0].arg.bytes;
        }
        this.scalars = step.scalars;
      }
    }
  }

  run(out: Slot, a: Slot | null, b: Slot | null, scalarA: number, scalarB: number): void {
    if (!this.simple) {
      const inputs: (Slot | number)[] = [a ?? scalarA];
      if (b !== null || scalarB === scalarB) inputs.push(b ?? scalarB);
      this.runAll([out], inputs);
      return;
    }
    const heap = this.heap;
    heap.tick++;
    // All are pinned before any is brought in: that may push others out.
    this.pin(out);
    if (a !== null) this.pin(a);
    if (b !== null) this.pin(b);
    const aAddress = a !== null && this.aWord >= 0 ? this.address(a) : 0;
    const bAddress = b !== null && this.bWord >= 0 ? this.address(b) : 0;
    const outAddress = this.address(out);
    // Only now: what came in from outside may be a slab that holds other tensors.
    (out.storage.handle as Handle).block.buffer = null;
    const i32 = heap.i32;
    i32[this.outWord] = outAddress;
    if (this.aWord >= 0) i32[this.aWord] = aAddress + this.aBytes;
    if (this.bWord >= 0) i32[this.bWord] = bAddress + this.bBytes;
    for (let i = 0; i < this.scalars.length; i++) {
      const s = this.scalars[i];
      this.writeScalar(s.at, s.arg.elem, s.arg.input === 0 ? scalarA : scalarB);
    }
    if (this.id === ALONE) this.kernel(this.args, 0, this.tiles, 0);
    else this.pool?.run(this.kernel, this.id, this.args, this.tiles);
    if (this.steps[0].faults !== null) this.checkFault(this.steps[0].faults, [a, b]);
  }

  runAll(outputs: readonly Slot[], inputs: readonly (Slot | number)[]): void {
    const heap = this.heap;
    heap.tick++;
    for (const s of inputs) if (typeof s !== 'number') this.pin(s);
    for (const s of outputs) this.pin(s);
    for (const s of inputs) if (typeof s !== 'number') this.address(s);
    for (const s of outputs) {
      this.address(s);
      (s.storage.handle as Handle).block.buffer = null;
    }
    const scratch = this.scratchBytes === 0 ? 0 : heap.touchScratch(this.scratchBytes);
    for (const step of this.steps) {
      for (const { at, arg } of step.pointers) {
        const ref = arg.buffer;
        const base =
          ref.kind === 'input'
            ? this.address(inputs[ref.index] as Slot)
            : ref.kind === 'output'
              ? this.address(outputs[ref.index])
              : scratch + this.temps[ref.index];
        heap.i32[at] = base + arg.bytes;
      }
      for (const { at, arg } of step.scalars) {
        this.writeScalar(at, arg.elem, inputs[arg.input] as number);
      }
      const { kernel, args, tiles } = step;
      if (kernel.id === ALONE) kernel.run(args, 0, tiles, 0);
      else this.pool?.run(kernel.run, kernel.id, args, tiles);
      if (step.faults !== null) this.checkFault(step.faults, inputs);
    }
  }

  private pin(s: Slot): void {
    (s.storage.handle as Handle).block.used = this.heap.tick;
  }

  /** Where a slot lies in the heap; brings it in if it is out. */
  private address({ storage, offset }: Slot): number {
    const handle = storage.handle as Handle;
    const { address } = handle.block;
    return (address < 0 ? this.heap.touch(handle) : address) + storage.offset + offset;
  }

  /** Writes a number as `cast` converts it: saturating, NaN as 0. */
  private writeScalar(at: number, elem: ScalarArg['elem'], value: number): void {
    const heap = this.heap;
    if (elem === 'f32') heap.f32[at] = value;
    else if (elem === 'f64') heap.f64[at >> 1] = value;
    else if (elem === 'i32') heap.i32[at] = Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1));
    else heap.i64[at >> 1] = toInt64(value);
  }

  private checkFault(faulted: GraphNode, inputs: readonly (Slot | number | null)[]): void {
    const { heap } = this;
    const word = heap.faultAddress >> 2;
    const fault = heap.i32[word];
    if (fault === 0) return;
    heap.i32[word] = 0;
    throw faultError(this.graph, this.specs, faulted, fault - 1, (i, element) => {
      const at = this.address(inputs[i] as Slot);
      return this.specs[i].dtype === 'int64'
        ? Number(heap.i64[at / 8 + element])
        : heap.i32[at / 4 + element];
    });
  }
}
