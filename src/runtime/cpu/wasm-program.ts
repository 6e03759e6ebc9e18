/**
 * A launch plan as one call: argument blocks and entries lie in the heap, and each thread goes through
 * the launches by itself (see target/wasm/abi.ts). Between runs only what has moved is written anew.
 */
import { type Spec, specOf } from '../../base/index.ts';
import type { Graph, GraphNode } from '../../ir/index.ts';
import type { BufferRef, LaunchPlan } from '../../kernel/index.ts';
import { DONE, ENTRY, ENTRY_BYTES } from '../../target/wasm/index.ts';
import type { Executable, Slot } from '../device.ts';
import { AddressSlots } from './address-slots.ts';
import type { Handle, WasmHeap } from './heap.ts';
import { ConstantInputs } from './kept.ts';
import { ALONE, type WasmDriver, type WasmKernel } from './wasm-driver.ts';
import {
  addressOf,
  checkFault,
  fixedBlock,
  pin,
  type ScalarArg,
  willWrite,
  writeScalar,
} from './wasm-slots.ts';
import type { WasmThreads } from './wasm-threads.ts';

type PlacesOf = Record<BufferRef['kind'], AddressSlots[]>;

const bytesOf = ({ launches }: LaunchPlan): number =>
  launches.reduce((n, l) => n + ENTRY_BYTES + 8 * l.args.length, 0);

export class WasmProgram implements Executable {
  readonly outputs: readonly Spec[];
  readonly inPlace: readonly (readonly [number, number])[];
  private readonly heap: WasmHeap;
  private readonly driver: WasmDriver;
  /** Has the workers started, if there is something for them. */
  private readonly warm: () => void;
  private readonly graph: Graph;
  private readonly specs: readonly Spec[];
  /** What can meet a bad index, launch by launch. */
  private readonly faults: readonly (GraphNode | undefined)[];
  private readonly temps: readonly number[];
  private readonly tempBytes: number;
  /** Held, since their slots in the table are theirs only as long as somebody holds them. */
  readonly kernels: readonly WasmKernel[];
  /** Where the entries begin and end, and the first whose launch is not kept. */
  private readonly first: number;
  private readonly rest: number;
  private readonly end: number;
  private readonly places: PlacesOf;
  private readonly scalars: { readonly at: number; readonly arg: ScalarArg }[] = [];
  /** The plan's own buffers; like tensors', their memory may leave the heap and come back. */
  private readonly kept: readonly Handle[];
  private readonly constants: ConstantInputs;

  constructor(
    { heap, driver, pool }: WasmThreads,
    graph: Graph,
    specs: readonly Spec[],
    plan: LaunchPlan,
    kernels: readonly WasmKernel[],
    device: string,
    constants: readonly number[] = [],
  ) {
    this.heap = heap;
    this.driver = driver;
    this.graph = graph;
    this.specs = specs;
    this.faults = plan.launches.map((l) => l.faults);
    this.temps = plan.temps;
    this.tempBytes = plan.tempBytes;
    this.kernels = kernels;
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, undefined, device));
    this.inPlace = plan.inPlace;
    this.places = { input: [], output: [], temp: [], kept: [] };
    this.kept = plan.keptSizes.map((bytes) => heap.allocate(bytes));
    this.constants = new ConstantInputs(constants);
    const several = kernels.some((k) => k.id !== ALONE);
    this.warm = several && pool !== null ? () => pool.warm() : () => {};
    this.first = fixedBlock(this, heap, bytesOf(plan));
    this.end = this.first + ENTRY_BYTES * plan.launches.length;
    this.rest = this.first + ENTRY_BYTES * plan.launches.filter((l) => l.kept).length;
    this.fill(plan);
  }

  /** Writes the entries, and behind them the argument blocks. */
  private fill({ launches }: LaunchPlan): void {
    const { heap, driver, kernels } = this;
    const { i32 } = heap;
    const places: Record<BufferRef['kind'], (AddressSlots | undefined)[]> = this.places;
    let args = this.end;
    launches.forEach((launch, i) => {
      const entry = this.first + ENTRY_BYTES * i;
      i32[(entry + ENTRY.args) >> 2] = args;
      i32[(entry + ENTRY.slot) >> 2] = driver.slot(kernels[i]);
      i32[(entry + ENTRY.kernel) >> 2] = kernels[i].id;
      i32[(entry + ENTRY.tiles) >> 2] = launch.tiles ?? 1;
      // What follows is not computed if an index was out of range: it may write over cells.
      i32[(entry + ENTRY.check) >> 2] = launch.faults === undefined ? 0 : i + 1;
      for (const arg of launch.args) {
        const at = args >> 2;
        args += 8;
        if (arg.kind === 'index') i32[at] = arg.value;
        else if (arg.kind === 'scalar') this.scalars.push({ at, arg });
        else {
          const { kind, index } = arg.buffer;
          places[kind][index] ??= new AddressSlots(index);
          places[kind][index].add(at, arg.bytes);
        }
      }
    });
    for (const kind of ['input', 'output', 'temp', 'kept'] as const) {
      this.places[kind] = this.places[kind].filter((p) => p !== undefined);
    }
  }

  run(out: Slot, a: Slot | null, b: Slot | null, scalarA: number, scalarB: number): void {
    const inputs: (Slot | number)[] = [a ?? scalarA];
    if (b !== null || scalarB === scalarB) inputs.push(b ?? scalarB);
    this.runAll([out], inputs);
  }

  runAll(outputs: readonly Slot[], inputs: readonly (Slot | number)[]): void {
    if (this.first === this.end) return;
    const { heap, constants } = this;
    const ready = this.rest > this.first && constants.same(inputs);
    try {
      this.place(outputs, inputs, ready);
      for (const { at, arg } of this.scalars) {
        writeScalar(heap, at, arg.elem, inputs[arg.input] as number);
      }
      this.warm();
      const check = this.driver.run(ready ? this.rest : this.first, this.end);
      if (check === DONE) return;
      const faulted = this.faults[check - 1] as GraphNode;
      checkFault(heap, this.graph, this.specs, faulted, inputs);
    } catch (error) {
      // A kernel that trapped may have left one, which is not the next run's.
      heap.i32[heap.faultAddress >> 2] = 0;
      constants.forget();
      throw error;
    }
  }

  /** Has all buffers in the heap, and their addresses in the argument blocks. */
  private place(
    outputs: readonly Slot[],
    inputs: readonly (Slot | number)[],
    ready: boolean,
  ): void {
    const { heap, places, kept } = this;
    heap.tick++;
    // All are pinned before any is brought in: that may push others out.
    for (const p of places.input) pin(heap, inputs[p.index] as Slot);
    for (const p of places.output) pin(heap, outputs[p.index]);
    for (const handle of kept) handle.block.used = heap.tick;
    for (const p of places.input) p.write(heap.i32, addressOf(heap, inputs[p.index] as Slot));
    for (const p of places.output) {
      const out = outputs[p.index];
      p.write(heap.i32, addressOf(heap, out));
      // Only now: what came in from outside may be a slab that holds other tensors.
      willWrite(out);
    }
    for (const p of places.kept) {
      const handle = kept[p.index];
      p.write(heap.i32, ready ? heap.touch(handle) : heap.touchForWrite(handle));
    }
    if (this.tempBytes === 0) return;
    const scratch = heap.touchScratch(this.tempBytes);
    for (const p of places.temp) p.write(heap.i32, scratch + this.temps[p.index]);
  }
}
