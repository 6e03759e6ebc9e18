/** A launch plan bound to the heap: argument blocks written once, pointers at every run. */
import { IndexError, type Spec, specOf } from '../../base/index.ts';
import type { Graph } from '../../ir/index.ts';
import type { Arg, LaunchPlan } from '../../kernel/index.ts';
import type { Executable, Slot } from '../device.ts';
import type { Handle, WasmHeap } from './heap.ts';

/** A compiled kernel; `args` is the address of its argument block. */
export type KernelFunction = (args: number) => void;

type PointerArg = Extract<Arg, { kind: 'pointer' }>;
type ScalarArg = Extract<Arg, { kind: 'scalar' }>;

/** One launch with its argument block at `args`; `at` counts 4-byte words of the heap. */
interface Step {
  readonly kernel: KernelFunction;
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
  private readonly steps: readonly Step[] = [];
  private readonly temps: readonly number[];
  private readonly scratchBytes: number;
  /** The op whose index can fault, or null. */
  private readonly faults: string | null;
  // The hot case: one launch over an output and one or two operands, each passed once.
  private readonly simple: boolean = false;
  private readonly kernel: KernelFunction;
  private readonly args: number = 0;
  private readonly outWord: number = 0;
  private readonly aWord: number = -1;
  private readonly bWord: number = -1;
  private readonly aBytes: number = 0;
  private readonly bBytes: number = 0;
  private readonly scalars: Step['scalars'] = [];

  constructor(
    heap: WasmHeap,
    graph: Graph,
    plan: LaunchPlan,
    kernels: readonly KernelFunction[],
    device: string,
  ) {
    this.heap = heap;
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, undefined, device));
    this.inPlace = plan.inPlace;
    let bytes = 0;
    this.temps = plan.temps.map((n) => {
      const at = bytes;
      bytes += Math.ceil((n + 64) / 64) * 64;
      return at;
    });
    this.scratchBytes = bytes;
    this.faults = plan.launches.find((l) => l.faults !== undefined)?.faults ?? null;
    const words = plan.launches.reduce((n, l) => n + l.args.length, 0);
    const block = heap.allocateFixed(words * 8);
    argBlocks.register(this, { heap, address: block, bytes: words * 8 });
    let at = block;
    const steps: Step[] = [];
    plan.launches.forEach((launch, i) => {
      const step = { kernel: kernels[i], args: at, pointers: [], scalars: [] } as Step & {
        pointers: { at: number; arg: PointerArg }[];
        scalars: { at: number; arg: ScalarArg }[];
      };
      for (const arg of launch.args) {
        if (arg.kind === 'index') heap.i32[at >> 2] = arg.value;
        else if (arg.kind === 'pointer') step.pointers.push({ at: at >>> 2, arg });
        else step.scalars.push({ at: at >>> 2, arg });
        at += 8;
      }
      steps.push(step);
    });
    this.steps = steps;
    this.kernel = kernels[0];
    if (steps.length === 1 && bytes === 0) {
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
    const tick = ++heap.tick;
    // Pin all three before any is brought in: bringing in may push others out.
    const outBlock = (out.storage.handle as Handle).block;
    outBlock.used = tick;
    outBlock.buffer = null;
    let aAddress = 0;
    let bAddress = 0;
    if (this.aWord >= 0 && a !== null) {
      const handle = a.storage.handle as Handle;
      const { block } = handle;
      block.used = tick;
      if (b !== null) (b.storage.handle as Handle).block.used = tick;
      aAddress =
        (block.address < 0 ? heap.touch(handle) : block.address) + a.storage.offset + a.offset;
    }
    if (this.bWord >= 0 && b !== null) {
      const handle = b.storage.handle as Handle;
      const { block } = handle;
      block.used = tick;
      bAddress =
        (block.address < 0 ? heap.touch(handle) : block.address) + b.storage.offset + b.offset;
    }
    const outAddress =
      (outBlock.address < 0 ? heap.touch(out.storage.handle as Handle) : outBlock.address) +
      out.storage.offset +
      out.offset;
    const i32 = heap.i32;
    i32[this.outWord] = outAddress;
    if (this.aWord >= 0) i32[this.aWord] = aAddress + this.aBytes;
    if (this.bWord >= 0) i32[this.bWord] = bAddress + this.bBytes;
    for (let i = 0; i < this.scalars.length; i++) {
      const s = this.scalars[i];
      this.writeScalar(s.at, s.arg.elem, s.arg.input === 0 ? scalarA : scalarB);
    }
    this.kernel(this.args);
    if (this.faults !== null) this.checkFault();
  }

  runAll(outputs: readonly Slot[], inputs: readonly (Slot | number)[]): void {
    const heap = this.heap;
    const tick = ++heap.tick;
    for (const s of inputs) {
      if (typeof s !== 'number') (s.storage.handle as Handle).block.used = tick;
    }
    for (const s of outputs) {
      const block = (s.storage.handle as Handle).block;
      block.used = tick;
    }
    const address = (s: Slot) =>
      heap.touch(s.storage.handle as Handle) + s.storage.offset + s.offset;
    for (const s of inputs) if (typeof s !== 'number') address(s);
    const scratch = this.scratchBytes === 0 ? 0 : heap.touchScratch(this.scratchBytes);
    for (const s of outputs) heap.touchForWrite(s.storage.handle as Handle);
    for (const step of this.steps) {
      for (const { at, arg } of step.pointers) {
        const ref = arg.buffer;
        const base =
          ref.kind === 'input'
            ? address(inputs[ref.index] as Slot)
            : ref.kind === 'output'
              ? address(outputs[ref.index])
              : scratch + this.temps[ref.index];
        heap.i32[at] = base + arg.bytes;
      }
      for (const { at, arg } of step.scalars) {
        this.writeScalar(at, arg.elem, inputs[arg.input] as number);
      }
      step.kernel(step.args);
    }
    if (this.faults !== null) this.checkFault();
  }

  private writeScalar(at: number, elem: ScalarArg['elem'], value: number): void {
    if (elem === 'f32') this.heap.f32[at] = value;
    else if (elem === 'i32') this.heap.i32[at] = value;
    else if (elem === 'f64') this.heap.f64[at >> 1] = value;
    else this.heap.i64[at >> 1] = BigInt(Math.trunc(value));
  }

  private checkFault(): void {
    const word = this.heap.faultAddress >> 2;
    const fault = this.heap.i32[word];
    if (fault === 0) return;
    this.heap.i32[word] = 0;
    throw new IndexError({
      op: this.faults ?? 'index',
      problem: `an index is out of range (element ${fault - 1} of the index tensor)`,
      remedy: 'indices run from 0 to size-1, or from -size to -1 counted from the end',
    });
  }
}
