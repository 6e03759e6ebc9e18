import { openPlatform } from '#koffi';
import type { Platform } from './koffi.ts';
import { NativeHost } from './native-host.ts';

export interface NativeOptions {
  /** Threads that may compute at once; every processor, unless given. */
  readonly threads?: number;
  /** Instead of this platform's own, for tests. */
  readonly platform?: Platform;
}

export type Native =
  | { readonly host: NativeHost; readonly reason: '' }
  | { readonly host: null; readonly reason: string };

/**
 * The native host, or a sentence that says why there is none: another processor or system, koffi
 * not installed, executable memory refused. Never throws. One is enough for an isolate.
 */
export function openNative(options: NativeOptions = {}): Native {
  try {
    const host = new NativeHost(options.platform ?? openPlatform(), options.threads);
    if (host.cpu.isa !== null) return { host, reason: '' };
    return { host: null, reason: `${host.cpu.model} has neither AVX-512 nor AVX2 with FMA` };
  } catch (error) {
    return { host: null, reason: error instanceof Error ? error.message : String(error) };
  }
}
