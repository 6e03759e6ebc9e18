import type { Device } from '../device.ts';
import { chooseIsa } from './choose-isa.ts';
import { openNative, threadsFromFlag } from './native/index.ts';
import { X64Device } from './x64-device.ts';

/** The x86-64 engine, or why there is none here. */
export function openX64(): { readonly device: Device } | { readonly reason: string } {
  const { host, reason } = openNative({ threads: threadsFromFlag() });
  if (host === null) return { reason };
  const isa = chooseIsa(host.cpu);
  if (isa === null) return { reason: `${host.cpu.model} has neither AVX-512 nor AVX2 with FMA` };
  return { device: new X64Device(host, isa) };
}
