/** What the processor says of itself. */

/** Vector instructions that kernels are written for: the ISA class. */
export type IsaClass = 'avx512' | 'avx2';

export interface CpuInfo {
  /** 'GenuineIntel', 'AuthenticAMD', ... */
  readonly vendor: string;
  /** The name it is sold under. */
  readonly model: string;
  /** null: neither AVX2 with FMA nor AVX-512, or the system does not save their registers. */
  readonly isa: IsaClass | null;
  /** Bytes of the data caches as one core sees them; 0 where they are not told. */
  readonly l1: number;
  readonly l2: number;
  readonly l3: number;
}

/** Runs CPUID: [eax, ebx, ecx, edx]. */
export type Cpuid = (leaf: number, subleaf: number) => readonly number[];

/** `xgetbv` is called only where the system has it on. */
export function readCpu(cpuid: Cpuid, xgetbv: () => number): CpuInfo {
  const [maxLeaf, b, c, d] = cpuid(0, 0);
  const [maxExtended] = cpuid(0x80000000, 0);
  return {
    vendor: text([b, d, c]),
    model: maxExtended >= 0x80000004 ? modelOf(cpuid) : '',
    isa: maxLeaf >= 7 ? isaOf(cpuid, xgetbv) : null,
    ...cachesOf(cpuid, maxLeaf, maxExtended),
  };
}

const text = (words: readonly number[]): string =>
  String.fromCharCode(...new Uint8Array(Uint32Array.from(words).buffer)).replace(/\0.*$/s, '');

const modelOf = (cpuid: Cpuid): string =>
  text([0x80000002, 0x80000003, 0x80000004].flatMap((leaf) => [...cpuid(leaf, 0)]))
    .replace(/\s+/g, ' ')
    .trim();

const has = (word: number, ...bits: number[]): boolean => bits.every((n) => (word >>> n) & 1);

function isaOf(cpuid: Cpuid, xgetbv: () => number): IsaClass | null {
  const [, , c1] = cpuid(1, 0);
  const [, b7] = cpuid(7, 0);
  // FMA, POPCNT, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2.
  if (!has(c1, 12, 23, 27, 28, 29) || !has(b7, 3, 5, 8)) return null;
  const saved = xgetbv();
  if (!has(saved, 1, 2)) return null;
  // AVX512F, DQ, CD, BW, VL; mask registers and both halves of the vector registers.
  return has(b7, 16, 17, 28, 30, 31) && has(saved, 5, 6, 7) ? 'avx512' : 'avx2';
}

/** The description of caches is the same on Intel (leaf 4) and AMD (0x8000001d). */
function cachesOf(
  cpuid: Cpuid,
  maxLeaf: number,
  maxExtended: number,
): { l1: number; l2: number; l3: number } {
  const sizes = [0, 0, 0, 0];
  for (const leaf of [4, 0x8000001d]) {
    if (leaf > (leaf < 0x80000000 ? maxLeaf : maxExtended) || sizes[1] > 0) continue;
    for (let i = 0; i < 16; i++) {
      const [a, b, sets] = cpuid(leaf, i);
      const type = a & 31;
      if (type === 0) break;
      const level = (a >>> 5) & 7;
      const instructions = 2;
      if (type === instructions || level > 3) continue;
      const [ways, partitions, line] = [b >>> 22, (b >>> 12) & 1023, b & 4095];
      sizes[level] = (ways + 1) * (partitions + 1) * (line + 1) * (sets + 1);
    }
  }
  if (sizes[1] === 0 && maxExtended >= 0x80000006) {
    const [, , l1] = cpuid(0x80000005, 0);
    const [, , l2, l3] = cpuid(0x80000006, 0);
    return { l1: (l1 >>> 24) * 1024, l2: (l2 >>> 16) * 1024, l3: (l3 >>> 18) * 2 ** 19 };
  }
  return { l1: sizes[1], l2: sizes[2], l3: sizes[3] };
}
