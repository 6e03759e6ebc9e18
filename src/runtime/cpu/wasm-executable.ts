/**
 * A launch plan for eager code. One launch over an output and one or two operands is the hot case: its
 * argument block is written and its kernel called right here. All else is a program.
 */
import { type Spec, specOf } from '../../base/index.ts';
import type { Graph, GraphNode } from '../../ir/index.ts';
import type { Arg, LaunchPlan } from '../../kernel/index.ts';
import type { KernelFunction } from '../../target/wasm/index.ts';
import type { Executable, Slot } from '../device.ts';
import type { WasmHeap } from './heap.ts';
import { ALONE, type WasmKernel } from './wasm-driver.ts';
import type { WasmPool } from './wasm-pool.ts';
import { WasmProgram } from './wasm-program.ts';
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

type PointerArg = Extract<Arg, { kind: 'pointer' }>;

/** The launch of the hot case: arguments at which the address of each tensor stands, or -1. */
interface Simple {
  readonly out: number;
  readonly a: number;
  readonly b: number;
}

/** Each tensor is passed once at most, and the output from its start; null: not the hot case. */
function simpleLaunch({ launches, tempBytes }: LaunchPlan, specs: readonly Spec[]): Simple | null {
  if (launches.length !== 1 || tempBytes !== 0 || specs.length > 2) return null;
  const found = { output: [-1], input: [-1, -1] };
  const [{ args }] = launches;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg.kind !== 'pointer') continue;
    const { kind, index } = arg.buffer;
    if ((kind !== 'output' && kind !== 'input') || found[kind][index] !== -1) return null;
    if (kind === 'output' && arg.bytes !== 0) return null;
    found[kind][index] = i;
  }
  const [out] = found.output;
  return out < 0 ? null : { out, a: found.input[0], b: found.input[1] };
}

export class WasmExecutable implements Executable {
  readonly outputs: readonly Spec[];
  readonly inPlace: readonly (readonly [number, number])[];
  private readonly heap: WasmHeap;
  private readonly pool: WasmPool | null;
  private readonly graph: Graph;
  private readonly specs: readonly Spec[];
  /** null: the hot case, which the rest is about. */
  private readonly program: WasmProgram | null = null;
  private readonly kernel: WasmKernel;
  /** The kernel's function, if this thread runs it alone. */
  private readonly alone: KernelFunction | null;
  private readonly args: number = 0;
  private readonly tiles: number = 1;
  private readonly outWord: number = 0;
  private readonly aWord: number = -1;
  private readonly bWord: number = -1;
  private readonly aBytes: number = 0;
  private readonly bBytes: number = 0;
  private readonly scalars: { readonly at: number; readonly arg: ScalarArg }[] = [];
  private readonly faults: GraphNode | null = null;

  constructor(
    machine: WasmThreads,
    graph: Graph,
    specs: readonly Spec[],
    plan: LaunchPlan,
    kernels: readonly WasmKernel[],
    device: string,
  ) {
    const { heap, pool } = machine;
    this.heap = heap;
    this.pool = pool;
    this.graph = graph;
    this.specs = specs;
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, undefined, device));
    this.inPlace = plan.inPlace;
    [this.kernel] = kernels;
    this.alone = this.kernel?.id === ALONE ? this.kernel.run : null;
    const simple = simpleLaunch(plan, specs);
    if (simple === null) {
      this.program = new WasmProgram(machine, graph, specs, plan, kernels, device);
      return;
    }
    const [launch] = plan.launches;
    this.tiles = launch.tiles ?? 1;
    this.faults = launch.faults ?? null;
    this.args = fixedBlock(this, heap, launch.args.length * 8);
    const first = this.args >> 2;
    this.outWord = first + 2 * simple.out;
    this.aWord = simple.a < 0 ? -1 : first + 2 * simple.a;
    this.bWord = simple.b < 0 ? -1 : first + 2 * simple.b;
    launch.args.forEach((arg, i) => {
      const at = first + 2 * i;
      if (arg.kind === 'index') heap.i32[at] = arg.value;
      else if (arg.kind === 'scalar') this.scalars.push({ at, arg });
    });
    const offset = (at: number): number => (launch.args[at] as PointerArg | undefined)?.bytes ?? 0;
    this.aBytes = offset(simple.a);
    this.bBytes = offset(simple.b);
  }

  run(out: Slot, a: Slot | null, b: Slot | null, scalarA: number, scalarB: number): void {
    if (this.program !== null) {
      this.program.run(out, a, b, scalarA, scalarB);
      return;
    }
    const heap = this.heap;
    heap.tick++;
    // All are pinned before any is brought in: that may push others out.
    pin(heap, out);
    if (a !== null) pin(heap, a);
    if (b !== null) pin(heap, b);
    const aAddress = a !== null && this.aWord >= 0 ? addressOf(heap, a) : 0;
    const bAddress = b !== null && this.bWord >= 0 ? addressOf(heap, b) : 0;
    const outAddress = addressOf(heap, out);
    // Only now: what came in from outside may be a slab that holds other tensors.
    willWrite(out);
    const i32 = heap.i32;
    i32[this.outWord] = outAddress;
    if (this.aWord >= 0) i32[this.aWord] = aAddress + this.aBytes;
    if (this.bWord >= 0) i32[this.bWord] = bAddress + this.bBytes;
    for (let i = 0; i < this.scalars.length; i++) {
      const { at, arg } = this.scalars[i];
      writeScalar(heap, at, arg.elem, arg.input === 0 ? scalarA : scalarB);
    }
    if (this.alone !== null) this.alone(this.args, 0, this.tiles, 0);
    else this.pool?.run(this.kernel, this.args, this.tiles);
    if (this.faults !== null) checkFault(heap, this.graph, this.specs, this.faults, [a, b]);
  }

  runAll(outputs: readonly Slot[], inputs: readonly (Slot | number)[]): void {
    if (this.program !== null) {
      this.program.runAll(outputs, inputs);
      return;
    }
    const [a = null, b = null] = inputs;
    this.run(
      outputs[0],
      typeof a === 'number' ? null : a,
      typeof b === 'number' ? null : b,
      typeof a === 'number' ? a : Number.NaN,
      typeof b === 'number' ? b : Number.NaN,
    );
  }
}
