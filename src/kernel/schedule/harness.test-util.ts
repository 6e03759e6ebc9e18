/** Runs lowered graphs for tests: by the interpreter and as WebAssembly, against the reference. */
import {
  arrayOf,
  bytesOf,
  contiguousStrides,
  type DType,
  numelOf,
  type Shape,
  type Spec,
  specOf,
  type TypedArray,
} from '../../base/index.ts';
import { type Graph, graphOf, type OpDef, type Operand, type Value } from '../../ir/index.ts';
import { type NdArray, ndZeros, setElement } from '../../ir/nd-array.ts';
import {
  compileKernel,
  instantiate,
  type KernelFunction,
  wasmTarget,
} from '../../target/wasm/index.ts';
import { callsOf, threaded } from '../contraction/harness.test-util.ts';
import { interpretKernel } from '../interpret.ts';
import { AVX2_TARGET, AVX512_TARGET, type Kernel, type TargetInfo, WASM_TARGET } from '../ir.ts';
import type { BufferRef, LaunchPlan } from '../launch.ts';
import { lowerGraph } from '../lower.ts';
import { verifyKernel } from '../verify.ts';

/** An operand: a number, or elements in memory seen through strides. */
export type Input =
  | number
  | { readonly spec: Spec; readonly data: TypedArray; readonly first: number };

/** A dense operand; elements given as numbers. */
export function dense(shape: Shape, values: ArrayLike<number>, dtype: DType = 'float32'): Input {
  const data = new (arrayOf(dtype))(numelOf(shape));
  for (let i = 0; i < data.length; i++) {
    data[i] = dtype === 'int64' ? (BigInt(values[i]) as never) : values[i];
  }
  return { spec: specOf(dtype, shape), data, first: 0 };
}

let seed = 1;
const next = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

/** Random elements; strides may be given, then the memory is as large as they need. */
export function random(shape: Shape, dtype: DType = 'float32', strides?: readonly number[]): Input {
  const steps = strides ?? contiguousStrides(shape);
  let low = 0;
  let high = 0;
  shape.forEach((n, d) => {
    if (n > 0 && steps[d] < 0) low += (n - 1) * steps[d];
    if (n > 0 && steps[d] > 0) high += (n - 1) * steps[d];
  });
  const data = new (arrayOf(dtype))(numelOf(shape) === 0 ? 0 : high - low + 1);
  for (let i = 0; i < data.length; i++) {
    const x = next() * 4 - 2;
    const v = dtype === 'bool' ? Number(x > 0) : dtype.startsWith('int') ? Math.round(x * 5) : x;
    data[i] = dtype === 'int64' ? (BigInt(v) as never) : v;
  }
  return { spec: specOf(dtype, shape, steps), data, first: -low };
}

export function toNd(x: Input): NdArray | number {
  if (typeof x === 'number') return x;
  const { shape, strides, dtype } = x.spec;
  const out = ndZeros(shape, dtype);
  const index = shape.map(() => 0);
  for (let i = 0; i < numelOf(shape); i++) {
    setElement(out, i, x.data[x.first + index.reduce((sum, n, d) => sum + n * strides[d], 0)]);
    for (let d = shape.length - 1; d >= 0; d--) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return out;
}

const WEAK = { int: specOf('int32', []), float: specOf('float32', []) };

/** The graph that `f` records on operands like these. */
export function record(
  inputs: readonly Input[],
  f: (xs: Value[]) => Value | readonly Value[],
): Graph {
  const types = inputs.map((x) =>
    typeof x === 'number'
      ? { ...WEAK.float, shape: [], dtype: 'float32' as const, weak: 'float' as const }
      : { shape: x.spec.shape, dtype: x.spec.dtype },
  );
  const def = { name: 'test', decompose: (xs: readonly Operand[]) => f(xs as Value[]) };
  return graphOf(def as unknown as OpDef, types, null, 'cpu');
}

export const lower = (graph: Graph, inputs: readonly Input[], info: TargetInfo = WASM_TARGET) =>
  lowerGraph(
    graph,
    inputs.map((x) => (typeof x === 'number' ? WEAK.float : x.spec)),
    info,
  );

const FAULT = 8;
const memory = new WebAssembly.Memory({ initial: 1024 });
const compiled = new Map<string, KernelFunction>();

export interface Run {
  readonly outputs: readonly TypedArray[];
  /** The fault word: 1 + position, or 0. */
  readonly fault: number;
}

export type Engine = 'interpreter' | 'avx512' | 'avx2' | 'wasm';

/** Two cut all they can into tiles. */
export const targetOf = (engine: Engine): TargetInfo =>
  ({
    wasm: threaded(wasmTarget()),
    avx512: threaded(AVX512_TARGET),
    avx2: threaded(AVX2_TARGET),
    interpreter: WASM_TARGET,
  })[engine];

/** Runs a plan; `alias` lays output `i` on input `alias[i]`. */
export function runPlan(
  plan: LaunchPlan,
  graph: Graph,
  inputs: readonly Input[],
  engine: Engine,
  alias: Readonly<Record<number, number>> = {},
): Run {
  const info = targetOf(engine);
  let top = 1024;
  const take = (bytes: number): number => {
    const address = top;
    top += Math.ceil((bytes + 64) / 64) * 64;
    if (top > memory.buffer.byteLength) throw new Error('the test memory is too small');
    new Uint8Array(memory.buffer, address, bytes).fill(0x7f);
    return address;
  };
  const places = inputs.map((x) => {
    if (typeof x === 'number') return 0;
    const bytes = bytesOf(x.spec.dtype);
    const address = take(x.data.length * bytes);
    new (arrayOf(x.spec.dtype))(memory.buffer, address, x.data.length).set(x.data as never);
    return address + x.first * bytes;
  });
  const outs = graph.outputs.map((v, i) =>
    i in alias ? places[alias[i]] : take(numelOf(v.shape) * bytesOf(v.dtype)),
  );
  const scratch = take(plan.tempBytes);
  const temps = plan.temps.map((at) => scratch + at);
  const addressOf = (ref: BufferRef): number =>
    (ref.kind === 'input' ? places : ref.kind === 'output' ? outs : temps)[ref.index];
  const view = new DataView(memory.buffer);
  view.setInt32(FAULT, 0, true);
  for (const launch of plan.launches) {
    const block = take(launch.args.length * 8);
    launch.args.forEach((arg, slot) => {
      const at = block + slot * 8;
      const index = (n: number): void => {
        if (!Number.isInteger(n)) throw new Error(`argument ${slot} is ${n}`);
        if (info.indexBytes === 4) view.setInt32(at, n, true);
        else view.setBigInt64(at, BigInt(n), true);
      };
      if (arg.kind === 'pointer') index(addressOf(arg.buffer) + arg.bytes);
      else if (arg.kind === 'index') index(arg.value);
      else {
        const x = inputs[arg.input] as number;
        if (arg.elem === 'f32') view.setFloat32(at, x, true);
        else if (arg.elem === 'f64') view.setFloat64(at, x, true);
        else if (arg.elem === 'i32') view.setInt32(at, x, true);
        else view.setBigInt64(at, BigInt(x), true);
      }
    });
    const calls = callsOf(launch, info);
    if (engine === 'wasm') {
      let run = compiled.get(launch.key);
      if (run === undefined) {
        run = instantiate(
          compileKernel(build(launch), info, { faultAddress: FAULT }).bytes,
          memory,
        );
        compiled.set(launch.key, run);
      }
      for (const { first, end, thread } of calls) run(block, first, end, thread);
    } else {
      const kernel = build(launch);
      for (const call of calls) {
        interpretKernel(kernel, info, memory.buffer, block, FAULT, 0, call);
      }
    }
  }
  const outputs = graph.outputs.map((v, i) =>
    new (arrayOf(v.dtype))(memory.buffer, outs[i], numelOf(v.shape)).slice(),
  );
  return { outputs, fault: view.getInt32(FAULT, true) };
}

function build(launch: { build(): Kernel }): Kernel {
  const kernel = launch.build();
  verifyKernel(kernel);
  return kernel;
}
