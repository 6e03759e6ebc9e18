import { DeviceError, isaWanted } from '../../base/index.ts';
import type { CpuInfo, IsaClass } from './native/cpuid.ts';

/** What the processor has, or less if `GRADUS_ISA` asks for it; null if it has neither class. */
export function chooseIsa(
  { isa, model }: Pick<CpuInfo, 'isa' | 'model'>,
  wanted = isaWanted(),
): IsaClass | null {
  if (wanted === undefined || wanted === '') return isa;
  if (wanted !== 'avx512' && wanted !== 'avx2') {
    throw new DeviceError({
      op: 'GRADUS_ISA',
      problem: `there is no ISA class '${wanted}'`,
      remedy: "set it to 'avx512' or 'avx2', or unset it",
    });
  }
  if (isa === null || (wanted === 'avx512' && isa !== wanted)) {
    throw new DeviceError({
      op: 'GRADUS_ISA',
      problem: `${model} has no ${wanted === 'avx2' ? 'AVX2 with FMA' : 'AVX-512'}`,
      remedy: 'unset it: Gradus then takes what there is',
    });
  }
  return wanted;
}
