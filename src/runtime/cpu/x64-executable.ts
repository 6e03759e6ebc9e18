/** A launch plan bound to the native host: the arguments of each kernel are written, then it is called. */
import { type Spec, specOf } from '../../base/index.ts';
import type { Graph, GraphNode } from '../../ir/index.ts';
import type { Arg, LaunchPlan, Temporaries } from '../../kernel/index.ts';
import { ARG_CODE, ARG_FAULT, ARG_PARAMS, ARG_TILES } from '../../target/x64/index.ts';
import type { Executable, Slot } from '../device.ts';
import { faultError } from './fault.ts';
import type { FaultWord, NativeHost } from './native/index.ts';
import type { ScalarSlots } from './scalars.ts';
import type { CodeUser, X64Code } from './x64-code.ts';
import type { Scratch, X64Block } from './x64-memory.ts';

type PointerArg = Extract<Arg, { kind: 'pointer' }>;
type ScalarArg = Extract<Arg, { kind: 'scalar' }>;

/** What executables of a device share. */
export interface X64Machine {
  readonly host: NativeHost;
  readonly code: X64Code;
  readonly fault: FaultWord;
  /** Writes scalars into the argument block. */
  readonly scalars: ScalarSlots;
  /** Memory that the collector takes back. */
  allocate(bytes: number): X64Block;
  /** Memory for a plan's temporaries. */
  scratch(temporaries: Temporaries): Scratch;
}

interface Step {
  /** The argument block: code, tiles, fault word, sizes; pointers and scalars are written anew. */
  readonly block: Float64Array;
  /** Whether it has tiles for several threads. */
  readonly parallel: boolean;
  readonly faults: GraphNode | null;
  readonly pointers: readonly { readonly at: number; readonly arg: PointerArg }[];
  readonly scalars: readonly { readonly at: number; readonly arg: ScalarArg }[];
}

const NONE: readonly number[] = [];

/** A plan and the addresses of its kernels, held for the executable until it is told to release them. */
export interface Loaded {
  readonly plan: LaunchPlan;
  readonly code: readonly number[];
}

export class X64Executable implements Executable, CodeUser {
  readonly outputs: readonly Spec[];
  readonly inPlace: readonly (readonly [number, number])[];
  private readonly machine: X64Machine;
  /** null: the kernels were let go of, and are made again by the next run. */
  private steps: readonly Step[] | null = null;
  ranAt = 0;
  private readonly load: (user: CodeUser) => Loaded;
  /** null: the plan has no temporaries. */
  private readonly scratch: Scratch | null;
  private readonly graph: Graph;
  private readonly specs: readonly Spec[];

  constructor(
    machine: X64Machine,
    graph: Graph,
    specs: readonly Spec[],
    load: (user: CodeUser) => Loaded,
    device: string,
  ) {
    this.machine = machine;
    this.graph = graph;
    this.specs = specs;
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, undefined, device));
    this.load = load;
    const loaded = load(this);
    const { plan } = loaded;
    this.inPlace = plan.inPlace;
    this.scratch = plan.temps.length === 0 ? null : machine.scratch(plan);
    this.steps = this.stepsOf(loaded);
  }

  release(): void {
    this.steps = null;
  }

  /** The steps, made again if they were let go of. */
  private ready(): readonly Step[] {
    this.ranAt = this.machine.code.tick;
    this.steps ??= this.stepsOf(this.load(this));
    return this.steps;
  }

  private stepsOf({ plan, code }: Loaded): readonly Step[] {
    const { machine } = this;
    return plan.launches.map((launch, i) => {
      const block = new Float64Array(ARG_PARAMS + launch.args.length);
      // A store past the end of a typed array is dropped: the kernel would read what is not there.
      if (block.length > machine.host.args.length) {
        throw new Error(
          `${this.graph.name}: ${launch.args.length} arguments, but the argument block holds ${machine.host.args.length - ARG_PARAMS}`,
        );
      }
      block[ARG_CODE] = code[i];
      const { tiles = 1 } = launch;
      block[ARG_TILES] = tiles;
      block[ARG_FAULT] = machine.fault.address;
      const pointers: { at: number; arg: PointerArg }[] = [];
      const scalars: { at: number; arg: ScalarArg }[] = [];
      launch.args.forEach((arg, slot) => {
        const at = ARG_PARAMS + slot;
        if (arg.kind === 'index') block[at] = arg.value;
        else if (arg.kind === 'pointer') pointers.push({ at, arg });
        else scalars.push({ at, arg });
      });
      return { block, parallel: tiles > 1, faults: launch.faults ?? null, pointers, scalars };
    });
  }

  run(out: Slot, a: Slot | null, b: Slot | null, scalarA: number, scalarB: number): void {
    const steps = this.ready();
    const temps = this.scratch === null ? NONE : this.scratch.addresses();
    for (let i = 0; i < steps.length; i++) {
      const { block, parallel, pointers, scalars, faults } = steps[i];
      this.open(block);
      const { args } = this.machine.host;
      for (let p = 0; p < pointers.length; p++) {
        const { at, arg } = pointers[p];
        const { kind, index } = arg.buffer;
        const base =
          kind === 'output'
            ? addressOf(out)
            : kind === 'input'
              ? addressOf((index === 0 ? a : b) as Slot)
              : temps[index];
        args[at] = base + arg.bytes;
      }
      for (let s = 0; s < scalars.length; s++) {
        const { at, arg } = scalars[s];
        this.machine.scalars.write(at, arg.elem, arg.input === 0 ? scalarA : scalarB);
      }
      if (parallel) this.machine.host.runArgs();
      else this.machine.host.call();
      if (faults !== null) this.checkFault(faults, [a, b]);
    }
  }

  runAll(outputs: readonly Slot[], inputs: readonly (Slot | number)[]): void {
    const temps = this.scratch === null ? NONE : this.scratch.addresses();
    for (const { block, parallel, pointers, scalars, faults } of this.ready()) {
      this.open(block);
      const { args } = this.machine.host;
      for (const { at, arg } of pointers) {
        const { kind, index } = arg.buffer;
        const base =
          kind === 'input'
            ? addressOf(inputs[index] as Slot)
            : kind === 'output'
              ? addressOf(outputs[index])
              : temps[index];
        args[at] = base + arg.bytes;
      }
      for (const { at, arg } of scalars)
        this.machine.scalars.write(at, arg.elem, inputs[arg.input] as number);
      if (parallel) this.machine.host.runArgs();
      else this.machine.host.call();
      if (faults !== null) this.checkFault(faults, inputs);
    }
  }

  /** Starts the argument block of a step; `set` of a typed array costs more than a few stores. */
  private open(block: Float64Array): void {
    const { args } = this.machine.host;
    for (let i = 0; i < block.length; i++) args[i] = block[i];
  }

  private checkFault(faulted: GraphNode, inputs: readonly (Slot | number | null)[]): void {
    const fault = this.machine.fault.take();
    if (fault === null) return;
    throw faultError(this.graph, this.specs, faulted, fault.position, (i, element) => {
      const { storage, offset } = inputs[i] as Slot;
      const block = storage.handle as X64Block;
      const at = block.offset + storage.offset + offset;
      const view = new DataView(block.buffer);
      return this.specs[i].dtype === 'int64'
        ? Number(view.getBigInt64(at + 8 * element, true))
        : view.getInt32(at + 4 * element, true);
    });
  }
}

/** Where a tensor's first element is. Throws for memory that was given back. */
export function addressOf({ storage, offset }: Slot): number {
  const block = storage.handle as X64Block;
  if (block.freed) throw new Error('a tensor was used after its memory was given back');
  return block.address + storage.offset + offset;
}
