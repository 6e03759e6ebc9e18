/** Machine code on memory between guard pages; see src/runtime/cpu/guarded-memory.test-util.ts. */

import { chooseIsa } from '../../src/runtime/cpu/choose-isa.ts';
import { type GuardedEnd, GuardedMemory } from '../../src/runtime/cpu/guarded-memory.test-util.ts';
import { openNative, threadsFromFlag } from '../../src/runtime/cpu/native/index.ts';
import { X64Device } from '../../src/runtime/cpu/x64-device.ts';
import { registerDevice } from '../../src/runtime/index.ts';

interface Guarded {
  readonly device: X64Device;
  readonly memory: GuardedMemory;
}

/** A device whose threads take part in small kernels too. */
export function guardedDevice(end: GuardedEnd, threads = threadsFromFlag()): Guarded {
  const { host, reason } = openNative({ threads });
  const isa = host === null ? null : chooseIsa(host.cpu);
  if (host === null || isa === null) throw new Error(`no machine code here: ${reason}`);
  const memory = new GuardedMemory(host.system, end);
  return { device: new X64Device(host, isa, { memory, parallelWork: 256 }), memory };
}

/** Makes such a device the one that computes. */
export function computeGuarded(end: GuardedEnd): GuardedMemory {
  const { device, memory } = guardedDevice(end);
  registerDevice('cpu', () => device);
  return memory;
}
