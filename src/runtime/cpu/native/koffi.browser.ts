import type { Platform } from './koffi.ts';

/** Browsers run no native code. */
export function openPlatform(): Platform {
  return {
    koffi: null,
    reason: 'there is no native code in browsers',
    processors: 1,
    available: () => Number.POSITIVE_INFINITY,
    bufferBytes: () => 0,
    allocate: (bytes) => new ArrayBuffer(bytes),
  };
}
