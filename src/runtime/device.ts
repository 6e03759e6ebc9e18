/**
 * The Device interface: memory, and graphs made into executables. One page; each implementation
 * has its folder.
 */
import { DeviceError, type DType, type Spec, type TypedArray } from '../base/index.ts';
import type { Graph } from '../ir/index.ts';

/**
 * Memory of one tensor or more (views share it). Where the bytes are is the device's business:
 * `handle` is its own record.
 */
export class Storage {
  /** Name of the device it belongs to. */
  readonly device: string;
  /** The device's record of the memory this lies in. */
  readonly handle: object;
  /** First byte within the handle's memory. */
  readonly offset: number;
  readonly bytes: number;
  /** Counts writes; the tape checks it before it uses a saved tensor. */
  version = 0;
  /**
   * Whether more than one tensor reads it: a cell's update then writes a fresh buffer, and
   * `dispose` leaves it to the collector.
   */
  shared = false;
  /** Pending gradients that lie in it, and its state in a memory scope: see tensor/scope.ts. */
  pins = 0;
  scope = 0;

  constructor(device: string, handle: object, offset: number, bytes: number) {
    this.device = device;
    this.handle = handle;
    this.offset = offset;
    this.bytes = bytes;
  }
}

/** A place in memory; every Tensor is one. */
export interface Slot {
  readonly storage: Storage;
  /** Bytes from the storage's start to element 0. */
  readonly offset: number;
}

/** A graph made ready to run on operands of given specs. */
export interface Executable {
  /** Dense specs of the outputs, which the caller allocates. */
  readonly outputs: readonly Spec[];
  /** Pairs [output, input]: the output may be given the input's own memory, if that is dense. */
  readonly inPlace: readonly (readonly [number, number])[];
  /** One output, one or two operands; a number operand passes null and its value. */
  run(out: Slot, a: Slot | null, b: Slot | null, scalarA: number, scalarB: number): void;
  runAll(outputs: readonly Slot[], inputs: readonly (Slot | number)[]): void;
}

export interface CompileOptions {
  /** Made to run as one call, again and again, at the cost of some memory. */
  readonly program?: boolean;
  /** Inputs of a program that change rarely: what kernels make ready of them may be kept. */
  readonly constants?: readonly number[];
  /**
   * Outputs that take the place of inputs (-1: of none), which must stay as they are if the run fails:
   * written after everything that can fail. Only such pairs are then told in `inPlace`.
   */
  readonly cells?: readonly (readonly [output: number, input: number])[];
}

export interface Device {
  readonly name: string;
  /** What runs underneath, for `gradus devices`: 'WebAssembly SIMD', 'reference', ... */
  readonly engine: string;
  allocate(bytes: number): Storage;
  /** Returns memory at once; the storage must not be used again. Optional speed. */
  free(storage: Storage): void;
  /** Copies host elements to a dense place. */
  write(slot: Slot, data: TypedArray): void;
  /** Copies `count` dense elements out. */
  read(slot: Slot, dtype: DType, count: number): TypedArray;
  /** A read-only view of the elements where possible, else a copy. */
  view(slot: Slot, dtype: DType, count: number): TypedArray;
  /** Operands have these specs (strides included); numbers among them have weak specs. */
  compile(graph: Graph, inputs: readonly Spec[], options?: CompileOptions): Executable;
  /** Bytes held, for tests and `gradus devices`. */
  memory(): { readonly heapBytes: number; readonly usedBytes: number };
  /** Class of instructions that kernels are made of: 'avx512', 'wasm-relaxed', ... */
  readonly isa: string;
  /** Threads that kernels run on. */
  readonly threads: number;
  /** What this machine allows with these instructions and threads; takes seconds. */
  measure?(): DeviceSpeed;
  /** Why nothing faster computes here: a sentence, or null. */
  notice?(): string | null;
}

/** Limits of the machine, measured: the best of several tries. Null is what was not measured. */
export interface DeviceSpeed {
  /** Float32 multiply-adds on registers alone, two operations each, in 1e9 operations a second. */
  readonly peakGflops: number;
  /** Reading again what the last cache holds, in 1e9 bytes a second. */
  readonly cacheReadGBs: number;
  /** Reading memory. */
  readonly memoryReadGBs: number;
  /** Copying in memory; bytes read and bytes written are added. */
  readonly memoryCopyGBs: number | null;
  /** The same with stores that pass the caches by. */
  readonly memoryStreamGBs: number | null;
}

/** For memory that the system does not give. */
export const outOfMemory = (bytes: number, cause: unknown, ofWhat = ''): DeviceError =>
  new DeviceError({
    op: 'allocate',
    problem: `there is no memory for ${bytes} more bytes${ofWhat}`,
    remedy: 'use a smaller batch, or let go of tensors that are not needed',
    cause,
  });

const devices = new Map<string, () => Device>();
const made = new Map<string, Device>();

/** Makes a device known; it is created when first asked for. */
export function registerDevice(name: string, make: () => Device): void {
  devices.set(name, make);
  made.delete(name);
}

export function getDevice(name: string): Device {
  let d = made.get(name);
  if (d !== undefined) return d;
  const make = devices.get(name);
  if (make === undefined) {
    throw new DeviceError({
      op: 'device',
      problem: `there is no device '${name}'`,
      remedy: `use one of ${[...devices.keys()].map((n) => `'${n}'`).join(', ')}`,
    });
  }
  d = make();
  made.set(name, d);
  return d;
}

export const deviceNames = (): string[] => [...devices.keys()];
