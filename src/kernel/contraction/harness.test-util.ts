/** Runs lowered contractions on plain memory, for tests and measurements. */
import { arrayOf, type DType, type TypedArray } from '../../base/index.ts';
import { compileKernel, instantiate, type KernelFunction } from '../../target/wasm/index.ts';
import type { Epilogue } from '../epilogue.ts';
import { interpretKernel, type KernelCall } from '../interpret.ts';
import type { Kernel, TargetInfo } from '../ir.ts';
import type { BufferRef, Launch } from '../launch.ts';

/** Runs some tiles of a kernel whose argument block lies at `args`. */
export type Execute = (kernel: Kernel, key: string, args: number, call: KernelCall) => void;

/** Every tile in a call of its own, the last one first, by changing threads. */
export function callsOf({ tiles = 1 }: Launch, { threads }: TargetInfo): KernelCall[] {
  const calls = Array.from({ length: tiles }, (_, i): KernelCall => {
    return { first: i, end: i + 1, thread: i % threads };
  });
  return calls.reverse();
}

const FAULT = 8;
const START = 1024;

/** Operand `a` is input 0, `b` input 1; epilogue operands follow. */
export class Machine {
  readonly info: TargetInfo;
  readonly memory: WebAssembly.Memory;
  private readonly execute: Execute;
  private top = START;
  private readonly places = new Map<string, number>();
  private readonly scalars = new Map<number, number>();
  private temps = 0;

  constructor(info: TargetInfo, memory: WebAssembly.Memory, execute: Execute) {
    this.info = info;
    this.memory = memory;
    this.execute = execute;
  }

  static interpreter(info: TargetInfo): Machine {
    const memory = new WebAssembly.Memory({ initial: 160 });
    return new Machine(info, memory, (kernel, _, args, call) => {
      interpretKernel(kernel, info, memory.buffer, args, FAULT, 0, call);
    });
  }

  /** Runs WebAssembly. */
  static wasm(info: TargetInfo, pages: number): Machine {
    const memory = new WebAssembly.Memory({ initial: pages });
    const compiled = new Map<string, KernelFunction>();
    return new Machine(info, memory, (kernel, key, args, { first, end, thread }) => {
      let run = compiled.get(key);
      if (run === undefined) {
        run = instantiate(compileKernel(kernel, info, { faultAddress: FAULT }).bytes, memory);
        compiled.set(key, run);
      }
      run(args, first, end, thread);
    });
  }

  /** Forgets every buffer. */
  reset(): void {
    this.top = START;
    this.places.clear();
    this.temps = 0;
  }

  put(ref: BufferRef, data: TypedArray): TypedArray {
    const view = this.alloc(ref, data.byteLength / data.BYTES_PER_ELEMENT, data);
    view.set(data as never);
    return view;
  }

  scalar(input: number, value: number): void {
    this.scalars.set(input, value);
  }

  /** `count` elements of `dtype`, filled with what must not survive. */
  out(ref: BufferRef, dtype: DType, count: number): TypedArray {
    const view = this.alloc(ref, count, new (arrayOf(dtype))(0));
    if (dtype === 'int64') (view as BigInt64Array).fill(-77n);
    else (view as Float32Array).fill(dtype === 'bool' ? 77 : dtype === 'int32' ? -77 : Number.NaN);
    return view;
  }

  readonly temp = (bytes: number): BufferRef => {
    const ref = { kind: 'temp', index: this.temps++ } as const;
    const view = this.alloc(ref, bytes, new Uint8Array(0)) as Uint8Array;
    // Leftovers must not matter.
    view.fill(0xff);
    return ref;
  };

  /** The argument block of a launch. */
  block(launch: Launch): number {
    const address = this.take(launch.args.length * 8);
    const view = new DataView(this.memory.buffer);
    for (const [slot, arg] of launch.args.entries()) {
      const at = address + slot * 8;
      if (arg.kind !== 'scalar') {
        const value = arg.kind === 'index' ? arg.value : this.addressOf(arg.buffer) + arg.bytes;
        if (!Number.isInteger(value)) throw new Error(`argument ${slot} is ${value}`);
        if (this.info.indexBytes === 4) view.setInt32(at, value, true);
        else view.setBigInt64(at, BigInt(value), true);
      } else {
        const value = this.scalars.get(arg.input) ?? 0;
        if (arg.elem === 'f32') view.setFloat32(at, value, true);
        else if (arg.elem === 'f64') view.setFloat64(at, value, true);
        else if (arg.elem === 'i32') view.setInt32(at, value, true);
        else view.setBigInt64(at, BigInt(value), true);
      }
    }
    return address;
  }

  run(launches: readonly Launch[]): void {
    for (const launch of launches) {
      const kernel = launch.build();
      const args = this.block(launch);
      for (const call of callsOf(launch, this.info)) this.execute(kernel, launch.key, args, call);
    }
  }

  private addressOf(ref: BufferRef): number {
    const address = this.places.get(`${ref.kind}${ref.index}`);
    if (address === undefined) throw new Error(`no buffer ${ref.kind} ${ref.index}`);
    return address;
  }

  private alloc(ref: BufferRef, count: number, like: TypedArray): TypedArray {
    const address = this.take(count * like.BYTES_PER_ELEMENT);
    this.places.set(`${ref.kind}${ref.index}`, address);
    const make = like.constructor as new (b: ArrayBufferLike, o: number, n: number) => TypedArray;
    return new make(this.memory.buffer, address, count);
  }

  private take(bytes: number): number {
    const address = this.top;
    this.top += Math.ceil((bytes + 64) / 64) * 64;
    if (this.top > this.memory.buffer.byteLength) throw new Error('the test memory is too small');
    return address;
  }
}

export const INPUT = (index: number): BufferRef => ({ kind: 'input', index });
export const OUTPUT = (index = 0): BufferRef => ({ kind: 'output', index });

/** Small whole numbers, so that every sum is exact in any order. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  below(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * n);
  }

  fill(dtype: DType, count: number): TypedArray {
    const array = new (arrayOf(dtype))(count);
    for (let i = 0; i < count; i++) {
      const value = dtype === 'bool' ? this.below(2) : this.below(15) - 7;
      array[i] = dtype === 'int64' ? BigInt(value) : value;
    }
    return array;
  }
}

/** relu(acc + operand 0 + operand 1 + ...), stored as `dtype`. */
export function sumEpilogue(
  operands: Epilogue['operands'],
  dtype: DType,
  accumulated: 'f32' | 'f64' | 'i32' = 'f32',
): Epilogue {
  return {
    key: `relu(acc${operands.map((o) => `+${o.dtype}`).join('')}):${dtype}`,
    operands,
    dtype,
    apply(b, sum, values) {
      let out = sum;
      for (const value of values) out = b.add(out, b.convert(value, accumulated));
      out = b.max(out, b.splat(b.const(accumulated, 0), out.type.lanes));
      if (dtype === 'bool') return b.convert(out, 'mask');
      return b.convert(out, dtype === 'float64' ? 'f64' : dtype === 'int32' ? 'i32' : 'f32');
    },
  };
}

/** The target with threads for the least of work, to show whether tiles share what they should not. */
export const threaded = (info: TargetInfo): TargetInfo => ({
  ...info,
  threads: 3,
  parallelWork: 1,
});
