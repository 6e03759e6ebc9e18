/** Settings from the environment, read once at first use; browsers have none. */

type Env = Readonly<Record<string, string | undefined>>;
const env: Env = (globalThis as { process?: { env?: Env } }).process?.env ?? {};

/** `GRADUS_DEBUG`: 0 silent, 1 programs and timings, 2 graphs, 3 passes, 4 kernels, 5 machine code. */
export const debugLevel = (): number => Number(env.GRADUS_DEBUG ?? 0) || 0;

/** `GRADUS_VERIFY=1`: checks every kernel before it is compiled, and poisons memory given back. */
export const verifying = (): boolean => env.GRADUS_VERIFY === '1';

/** `GRADUS_CPU`: which engine runs the CPU device; `undefined` lets Gradus choose. */
export const cpuEngine = (): string | undefined => env.GRADUS_CPU;

/** `GRADUS_ISA`: which vector instructions machine code may hold, as written. */
export const isaWanted = (): string | undefined => env.GRADUS_ISA;

/** `GRADUS_WASM_HEAP`: megabytes of WebAssembly memory that tensors may keep, as written. */
export const wasmHeap = (): string => env.GRADUS_WASM_HEAP ?? '256';

/** `GRADUS_THREADS`: how many threads kernels may use, as written. */
export const threadsWanted = (): string | undefined => env.GRADUS_THREADS;

/** `GRADUS_COMPILE=0` (or off, no, false): compiled functions run eagerly. */
export const compileWanted = (): boolean => !/^(0|off|no|false)$/i.test(env.GRADUS_COMPILE ?? '1');
