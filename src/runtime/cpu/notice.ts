import { openX64 } from '#x64';
import { cpuEngine } from '../../base/index.ts';

/** For an engine that is not the fastest one: why that one does not compute. */
export function whyNoMachineCode(): string {
  const native = openX64();
  if ('reason' in native) return `no machine code: ${native.reason}`;
  return `GRADUS_CPU=${cpuEngine()} asks for this engine; machine code would be faster`;
}
