import { openX64 } from '#x64';
import { cpuEngine } from '../../base/index.ts';

/** For an engine that is not the fastest one: why that one does not compute. */
export function whyNoMachineCode(): string {
  const native = openX64();
  if ('reason' in native) return `no machine code: ${native.reason}`;
  const asked = cpuEngine();
  return asked === undefined || asked === ''
    ? 'GRADUS_CPU=x64 would compute with machine code, which is faster'
    : `GRADUS_CPU=${asked} asks for this engine; GRADUS_CPU=x64 would be faster`;
}
