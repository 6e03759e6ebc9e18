import type { Device } from '../device.ts';
import { openNative, threadsFromFlag } from './native/index.ts';
import { X64Device } from './x64-device.ts';

/** The x86-64 engine, or why there is none here. */
export function openX64(): { readonly device: Device } | { readonly reason: string } {
  const { host, reason } = openNative({ threads: threadsFromFlag() });
  if (host === null) return { reason };
  if (host.cpu.isa !== 'avx512') return { reason: `${host.cpu.model} has no AVX-512` };
  return { device: new X64Device(host) };
}
