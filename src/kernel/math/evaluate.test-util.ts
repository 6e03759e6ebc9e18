/** Runs a function of float registers over arrays, as a kernel on the WebAssembly target. */
import {
  compileKernel,
  instantiate,
  type KernelFunction,
  wasmTarget,
} from '../../target/wasm/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import { interpretKernel } from '../interpret.ts';
import { type Kernel, type Reg, type TargetInfo, WASM_TARGET } from '../ir.ts';
import { verifyKernel } from '../verify.ts';

export type MathFn = (b: KernelBuilder, x: Reg, y: Reg) => Reg;
export type Floats = Float32Array | Float64Array;

export interface Mode {
  readonly name: string;
  readonly info: TargetInfo;
}

/** Plain WebAssembly rounds the products of `fma`; relaxed SIMD, where there is any, does not. */
export function wasmModes(): Mode[] {
  const modes: Mode[] = [{ name: 'unfused', info: WASM_TARGET }];
  const best = wasmTarget();
  if (best.isa === 'wasm-relaxed') modes.push({ name: 'fused', info: best });
  return modes;
}

const CAPACITY = 1 << 18;
const X = 64;
const memory = new WebAssembly.Memory({ initial: 1 + (3 * CAPACITY * 8) / 65536 });
const compiled = new Map<string, KernelFunction>();

/** out[i] = fn(x[i], y[i]) for i < n, `lanes` at a time. */
export function loopKernel(fn: MathFn, elem: 'f32' | 'f64', lanes: number): Kernel {
  const b = new KernelBuilder(fn.name || 'fn');
  const [x, y, out] = ['x', 'y', 'out'].map((name) => b.param(name, 'ptr'));
  const n = b.param('n', 'index');
  const scale = elem === 'f32' ? 4 : 8;
  b.loop(0, n, lanes, [], (i) => {
    const load = (from: Reg): Reg => b.load(elem, lanes, at(from, 0, i, scale));
    b.store(elem, at(out, 0, i, scale), fn(b, load(x), load(y)));
    return [];
  });
  const kernel = b.finish();
  verifyKernel(kernel);
  return kernel;
}

function writeArguments(view: DataView, bytes: number, count: number): void {
  const room = CAPACITY * bytes;
  [X, X + room, X + 2 * room, count].forEach((v, slot) => view.setInt32(slot * 8, v, true));
}

/** fn over the arrays; their length at most 2^18. */
export function evaluate<A extends Floats>(
  fn: MathFn,
  mode: Mode,
  lanes: number,
  xs: A,
  ys: A = xs,
): A {
  const { elem, make, bytes } = shape(xs);
  const key = `${fn.name} ${mode.info.isa} ${lanes} ${elem}`;
  let run = compiled.get(key);
  if (run === undefined) {
    const code = compileKernel(loopKernel(fn, elem, lanes), mode.info, { faultAddress: 56 });
    run = instantiate(code.bytes, memory);
    compiled.set(key, run);
  }
  const count = Math.ceil(xs.length / lanes) * lanes;
  if (count > CAPACITY) throw new Error(`at most ${CAPACITY} values`);
  const room = CAPACITY * bytes;
  writeArguments(new DataView(memory.buffer), bytes, count);
  new make(memory.buffer, X, xs.length).set(xs);
  new make(memory.buffer, X + room, ys.length).set(ys);
  run(0, 0, 1, 0);
  return new make(memory.buffer, X + 2 * room, xs.length).slice() as A;
}

/** The same by the interpreter: slow, for a few values. */
export function interpret<A extends Floats>(fn: MathFn, mode: Mode, xs: A, ys: A = xs): A {
  const { elem, make, bytes } = shape(xs);
  const room = CAPACITY * bytes;
  const buffer = new ArrayBuffer(X + 3 * room);
  writeArguments(new DataView(buffer), bytes, xs.length);
  new make(buffer, X, xs.length).set(xs);
  new make(buffer, X + room, ys.length).set(ys);
  interpretKernel(loopKernel(fn, elem, 1), mode.info, buffer, 0, 56);
  return new make(buffer, X + 2 * room, xs.length).slice() as A;
}

function shape(xs: Floats) {
  return xs instanceof Float32Array
    ? ({ elem: 'f32', make: Float32Array, bytes: 4 } as const)
    : ({ elem: 'f64', make: Float64Array, bytes: 8 } as const);
}
