/** Runs generated modules, and finds out once what this WebAssembly engine can do. */
import { setV8Flag } from '#v8-flags';
import { encodeModule, FunctionBuilder } from '../../asm/wasm/index.ts';
import { type TargetInfo, WASM_TARGET } from '../../kernel/index.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `GRADUS_WASM_RELAXED=0` keeps to plain SIMD. */
function wasmRelaxed(): boolean {
  const env: Env | undefined = (globalThis as { process?: { env?: Env } }).process?.env;
  return env?.GRADUS_WASM_RELAXED !== '0';
}

let target: TargetInfo | undefined;

/** What schedules may ask of WebAssembly here; the first call prepares the engine. */
export function wasmTarget(): TargetInfo {
  target ??= prepareEngine();
  return target;
}

/** A compiled kernel: the address of its argument block, the tiles to run, the thread. */
export type KernelFunction = (args: number, first: number, end: number, thread: number) => void;

/** Compiles a module at once and returns its `run`. */
export function instantiate(
  bytes: Uint8Array<ArrayBuffer>,
  memory: WebAssembly.Memory,
): KernelFunction {
  wasmTarget();
  return instantiateNow(bytes, memory);
}

function instantiateNow(bytes: Uint8Array<ArrayBuffer>, memory: WebAssembly.Memory) {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return instance.exports.run as KernelFunction;
}

function prepareEngine(): TargetInfo {
  // V8's baseline compiler leaves a new kernel at a quarter of its speed for its first calls.
  setV8Flag('--no-liftoff');
  if (!wasmRelaxed()) return WASM_TARGET;
  const probe = fusionProbe();
  // Node 20 has relaxed SIMD behind this flag; newer versions warn of the flag, so ask first.
  if (!WebAssembly.validate(probe)) setV8Flag('--experimental-wasm-relaxed-simd');
  if (!WebAssembly.validate(probe) || !fuses(probe)) return WASM_TARGET;
  return { ...WASM_TARGET, isa: 'wasm-relaxed' };
}

/** (1 + 2^-12)^2 - 1 in float32: its last bit survives only if the product is not rounded. */
const FACTOR = 1 + 2 ** -12;
const FUSED = FACTOR * FACTOR - 1;

/** Stores relaxed_madd(FACTOR, FACTOR, -1) at its argument. */
function fusionProbe(): Uint8Array<ArrayBuffer> {
  const f = new FunctionBuilder('run', ['i32']);
  f.get(0);
  for (const x of [FACTOR, FACTOR, -1]) {
    f.emit('f32.const', x);
    f.emit('f32x4.splat');
  }
  f.emit('f32x4.relaxed_madd');
  f.emit('v128.store', 0);
  return encodeModule([f]);
}

/** Relaxed SIMD may also round twice: then the ISA class is that of plain WebAssembly. */
function fuses(probe: Uint8Array<ArrayBuffer>): boolean {
  const memory = new WebAssembly.Memory({ initial: 1 });
  instantiateNow(probe, memory)(0, 0, 1, 0);
  return new Float32Array(memory.buffer)[0] === Math.fround(FUSED);
}
