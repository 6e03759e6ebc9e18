/**
 * A launch plan as one call: the argument blocks of all its kernels lie in memory, and each thread goes
 * through them by itself (see target/x64/abi.ts). Between calls only what has moved is written anew.
 */
import { type Spec, specOf } from '../../base/index.ts';
import type { Graph } from '../../ir/index.ts';
import { type Arg, type Launch, SLACK } from '../../kernel/index.ts';
import {
  ARG_CODE,
  ARG_FAULT,
  ARG_PARAMS,
  ARG_TILES,
  PROGRAM_COUNT,
  PROGRAM_FAULT,
  PROGRAM_FIRST,
} from '../../target/x64/index.ts';
import type { CompileOptions, Executable, Slot } from '../device.ts';
import { AddressSlots } from './address-slots.ts';
import { ConstantInputs } from './kept.ts';
import { ScalarSlots } from './scalars.ts';
import type { CodeUser } from './x64-code.ts';
import { addressOf, type Loaded, X64Executable, type X64Machine } from './x64-executable.ts';
import type { Scratch, X64Block } from './x64-memory.ts';

type ScalarArg = Extract<Arg, { kind: 'scalar' }>;

/** 8-byte slots of a block, to whole cache lines. */
const slotsOf = (launch: Launch): number => Math.ceil((ARG_PARAMS + launch.args.length) / 8) * 8;

/** The program and its argument blocks in memory. */
class Image {
  readonly address: number;
  /** The same program without its kept launches, which come first. */
  readonly addressOfRest: number;
  readonly block: X64Block;
  readonly args: Float64Array;
  readonly slots: ScalarSlots;
  readonly inputs: (AddressSlots | undefined)[] = [];
  readonly outputs: (AddressSlots | undefined)[] = [];
  readonly temps: (AddressSlots | undefined)[] = [];
  readonly scalars: { readonly at: number; readonly arg: ScalarArg }[] = [];
  readonly faults: boolean;
  private readonly keptBlocks: readonly X64Block[];

  constructor(machine: X64Machine, { plan, code }: Loaded) {
    const { launches } = plan;
    const lastFault = launches.findLastIndex((l) => l.faults !== undefined);
    this.faults = lastFault >= 0;
    const entries = launches.length + (this.faults ? 1 : 0);
    const kept = launches.filter((l) => l.kept).length;
    const first = Math.ceil((PROGRAM_FIRST + entries) / 8) * 8;
    const header = first + Math.ceil((PROGRAM_FIRST + entries - kept) / 8) * 8;
    const total = header + launches.reduce((n, l) => n + slotsOf(l), 0);
    this.block = machine.allocate(8 * total);
    const { buffer, offset, address } = this.block;
    this.address = address;
    this.addressOfRest = kept === 0 ? address : address + 8 * first;
    this.keptBlocks = plan.keptSizes.map((bytes) => machine.allocate(bytes + SLACK));
    this.args = new Float64Array(buffer, offset, total);
    this.slots = new ScalarSlots(this.args);
    const words = new BigInt64Array(buffer, offset, total);
    words[PROGRAM_COUNT] = BigInt(entries);
    words[PROGRAM_FAULT] = BigInt(machine.fault.address);
    let at = header;
    let entry = PROGRAM_FIRST;
    launches.forEach((launch, i) => {
      words[entry++] = BigInt(address + 8 * at);
      this.fill(at, launch, code[i], machine.fault.address);
      at += slotsOf(launch);
      // What follows writes over cells: not if an index was out of range.
      if (i === lastFault) words[entry++] = 0n;
    });
    const rest = entries - kept;
    words[first + PROGRAM_COUNT] = BigInt(rest);
    words[first + PROGRAM_FAULT] = words[PROGRAM_FAULT];
    words.copyWithin(first + PROGRAM_FIRST, PROGRAM_FIRST + kept, PROGRAM_FIRST + kept + rest);
  }

  private fill(at: number, launch: Launch, code: number, fault: number): void {
    const { args } = this;
    args[at + ARG_CODE] = code;
    args[at + ARG_TILES] = launch.tiles ?? 1;
    args[at + ARG_FAULT] = fault;
    launch.args.forEach((arg, i) => {
      const slot = at + ARG_PARAMS + i;
      if (arg.kind === 'index') args[slot] = arg.value;
      else if (arg.kind === 'scalar') this.scalars.push({ at: slot, arg });
      else {
        const { kind, index } = arg.buffer;
        if (kind === 'kept') {
          args[slot] = this.keptBlocks[index].address + arg.bytes;
          return;
        }
        const list = kind === 'input' ? this.inputs : kind === 'output' ? this.outputs : this.temps;
        list[index] ??= new AddressSlots(index);
        list[index].add(slot, arg.bytes);
      }
    });
  }
}

export class X64Program implements Executable, CodeUser {
  readonly outputs: readonly Spec[];
  readonly inPlace: readonly (readonly [number, number])[];
  ranAt = 0;
  private readonly machine: X64Machine;
  private readonly load: (user: CodeUser) => Loaded;
  /** null: the kernels were let go of, and are made again by the next run. */
  private image: Image | null;
  private readonly scratch: Scratch | null;
  private readonly constants: ConstantInputs;
  /** Runs the same kernels one by one, to tell which of them met a bad index. */
  private readonly stepByStep: () => X64Executable;

  constructor(
    machine: X64Machine,
    graph: Graph,
    specs: readonly Spec[],
    load: (user: CodeUser, options: CompileOptions) => Loaded,
    device: string,
    options: CompileOptions,
  ) {
    this.machine = machine;
    this.constants = new ConstantInputs(options.constants ?? []);
    this.outputs = graph.outputs.map((v) => specOf(v.dtype, v.shape, undefined, device));
    this.load = (user) => load(user, options);
    const plain = (user: CodeUser) =>
      load(user, options.cells === undefined ? {} : { cells: options.cells });
    this.stepByStep = () => new X64Executable(machine, graph, specs, plain, device);
    const loaded = this.load(this);
    const { plan } = loaded;
    this.inPlace = plan.inPlace;
    this.scratch = plan.temps.length === 0 ? null : machine.scratch(plan);
    this.image = new Image(machine, loaded);
  }

  release(): void {
    this.image = null;
    this.constants.forget();
  }

  run(out: Slot, a: Slot | null, b: Slot | null, scalarA: number, scalarB: number): void {
    this.runAll([out], [a ?? scalarA, b ?? scalarB]);
  }

  runAll(outputs: readonly Slot[], inputs: readonly (Slot | number)[]): void {
    const { machine } = this;
    this.ranAt = machine.code.tick;
    this.image ??= new Image(machine, this.load(this));
    const { image } = this;
    const { args, faults } = image;
    for (let i = 0; i < image.inputs.length; i++) {
      image.inputs[i]?.write(args, addressOf(inputs[i] as Slot));
    }
    for (let i = 0; i < image.outputs.length; i++) {
      image.outputs[i]?.write(args, addressOf(outputs[i]));
    }
    if (this.scratch !== null) {
      const addresses = this.scratch.addresses();
      for (let i = 0; i < image.temps.length; i++) image.temps[i]?.write(args, addresses[i]);
    }
    for (const { at, arg } of image.scalars) {
      image.slots.write(at, arg.elem, inputs[arg.input] as number);
    }
    const ready = image.address !== image.addressOfRest && this.constants.same(inputs);
    machine.host.run(ready ? image.addressOfRest : image.address);
    if (!faults || machine.fault.take() === null) return;
    this.constants.forget();
    this.stepByStep().runAll(outputs, inputs);
    throw new Error('an index was out of range, and then was not');
  }
}
