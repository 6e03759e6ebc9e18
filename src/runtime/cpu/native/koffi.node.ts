import { createRequire } from 'node:module';
import type { Koffi, Platform } from './koffi.ts';
import { processors } from './processors.node.ts';

const require = createRequire(import.meta.url);

/**
 * koffi's prebuilt library for this platform, loaded by itself: its main package has an install
 * script and the sources of every platform (see docs/decisions/0007-koffi.md).
 */
export function openPlatform(): Platform {
  const { platform, arch } = process;
  const open = (koffi: Koffi | null, reason: string): Platform => {
    return { koffi, reason, processors: processors(), available, bufferBytes, allocate };
  };
  const none = (reason: string): Platform => open(null, reason);
  if (arch !== 'x64') return none(`the processor is ${arch}, not x86-64`);
  if (platform !== 'linux') return none(`native code is not supported on ${platform} yet`);
  const name = `@koromix/koffi-${platform}-${arch}`;
  try {
    return open(load(name), '');
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === 'MODULE_NOT_FOUND') return none(`the optional package ${name} is not installed`);
    return none(`${name} does not load: ${String((error as Error).message)}`);
  }
}

/** The binary for glibc itself: the package's own entry first finds out which C library there is. */
function load(name: string): Koffi {
  try {
    return require(`${name}/linux_x64/koffi.node`) as Koffi;
  } catch {
    return require(name) as Koffi;
  }
}

/** Node 20 has it from its thirteenth version on. */
const available = (): number => {
  const { availableMemory } = process as { availableMemory?: () => number };
  return availableMemory?.() ?? Number.POSITIVE_INFINITY;
};
const bufferBytes = (): number => process.memoryUsage().arrayBuffers;

// Not from Buffer's pool: the memory is the tensor's own, and the collector's.
const allocate = (bytes: number): ArrayBuffer =>
  Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
