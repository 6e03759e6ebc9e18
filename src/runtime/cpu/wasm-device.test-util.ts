/** WebAssembly devices for tests: so many threads, so much memory, and tensors of a few numbers. */
import { vi } from 'vitest';
import { specOf } from '../../base/index.ts';
import type { Slot } from '../device.ts';
import { WasmDevice } from './wasm-device.ts';
import type { WasmThreads } from './wasm-threads.ts';

/** What a device keeps to itself. */
export const inner = (device: WasmDevice): WasmThreads =>
  Reflect.get(device, 'machine') as WasmThreads;

/** Its tests must call `vi.unstubAllEnvs`. */
export function open(threads = 1, megabytes = 64): WasmDevice {
  vi.stubEnv('GRADUS_THREADS', String(threads));
  vi.stubEnv('GRADUS_WASM_HEAP', String(megabytes));
  return new WasmDevice();
}

export const N = 24;
export const SQUARE = specOf('float32', [N, N]);
export const INDEX = specOf('int32', [N, N]);

export function slot(device: WasmDevice, values: Float32Array | Int32Array): Slot {
  const s = { storage: device.allocate(values.byteLength), offset: 0 };
  device.write(s, values);
  return s;
}

export const numbers = (seed: number, n = N): Float32Array =>
  new Float32Array(n * n).map((_, i) => ((i * 37 + seed * 11) % 17) / 8 - 1);
export const read = (device: WasmDevice, s: Slot, n = N): Float32Array =>
  device.read(s, 'float32', n * n) as Float32Array;

/** Equal to the bit; comparing elements takes the test runner seconds. */
export const same = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;
