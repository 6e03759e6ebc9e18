/** The device on which tensors are made when none is named. */
import { type DeviceSpeed, deviceNames, getDevice } from '../runtime/device.ts';
import { rejectPromise, type Synchronous } from './grad-mode.ts';

let current = 'cpu';

export interface DeviceInfo {
  readonly name: string;
  /** What computes: 'WebAssembly SIMD', 'reference', ... */
  readonly engine: string;
  /** Class of instructions that kernels are made of: 'avx512', 'wasm-relaxed', ... */
  readonly isa: string;
  /** Threads that kernels run on. */
  readonly threads: number;
  /** Bytes of memory held, and used for tensors. */
  readonly heapBytes: number;
  readonly usedBytes: number;
  /** What the machine allows at most, or null where it is not measured. Takes seconds. */
  measure(): DeviceSpeed | null;
  /** Why nothing faster computes here: a sentence, or null. */
  notice(): string | null;
}

/** All devices; the first is the one that tensors are made on unless another is named. */
export const devices = (): DeviceInfo[] =>
  deviceNames().map((name) => {
    const d = getDevice(name);
    return {
      name,
      engine: d.engine,
      isa: d.isa,
      threads: d.threads,
      ...d.memory(),
      measure: () => d.measure?.() ?? null,
      notice: () => d.notice?.() ?? null,
    };
  });

/** Name of the device on which tensors are made when none is named. */
export function device(): string;
/** Makes `name` that device. */
export function device(name: string): string;
/**
 * Runs `f` with `name` as that device.
 *
 * Throws DeviceError if there is no such device, GraphError if `f` returns a Promise.
 *
 * @example
 * const x = device('cpu', () => zeros([2, 3]));
 */
export function device<T>(name: string, f: () => Synchronous<T>): T;
export function device<T>(name?: string, f?: () => Synchronous<T>): string | T {
  if (name === undefined) return current;
  getDevice(name);
  const before = current;
  current = name;
  if (f === undefined) return name;
  try {
    return rejectPromise('device', f() as T);
  } finally {
    current = before;
  }
}
