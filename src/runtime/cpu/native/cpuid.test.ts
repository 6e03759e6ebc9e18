/** Processors that this machine is not, from what their manuals say of CPUID. */
import { expect, test } from 'vitest';
import { type Cpuid, readCpu } from './cpuid.ts';

const bits = (...at: number[]): number => at.reduce((word, n) => word | (1 << n), 0) >>> 0;
const words = (text: string): number[] => [
  ...new Uint32Array(new TextEncoder().encode(text.padEnd(16, '\0')).buffer),
];
const AVX2_1 = bits(12, 23, 27, 28, 29);
const AVX2_7 = bits(3, 5, 8);
const AVX512_7 = bits(3, 5, 8, 16, 17, 28, 30, 31);

function machine(leaves: Record<number, number[] | number[][]>): Cpuid {
  return (leaf, subleaf) => {
    const found = leaves[leaf];
    if (found === undefined) return [0, 0, 0, 0];
    return (Array.isArray(found[0]) ? found[subleaf] : found) as number[];
  };
}

const intel = (c1: number, b7: number): Cpuid => {
  const cache = (level: number, type: number, ways: number, sets: number): number[] => [
    type | (level << 5),
    (((ways - 1) << 22) | 63) >>> 0,
    sets - 1,
    0,
  ];
  return machine({
    0: [7, 0x756e6547, 0x6c65746e, 0x49656e69],
    1: [0, 0, c1, 0],
    4: [
      cache(1, 1, 12, 64),
      cache(1, 2, 8, 64),
      cache(2, 3, 16, 2048),
      cache(3, 3, 12, 65536),
      [0, 0, 0, 0],
    ],
    7: [0, b7, 0, 0],
    0x80000000: [0x80000004, 0, 0, 0],
    0x80000002: words('  Some  proces'),
    0x80000003: words('sor of Intel'),
    0x80000004: words(''),
  });
};

test('caches, and what the system saves of AVX-512', () => {
  const cpu = readCpu(intel(AVX2_1, AVX512_7), () => 0xe7);
  expect(cpu).toMatchObject({ vendor: 'GenuineIntel', isa: 'avx512' });
  expect([cpu.l1, cpu.l2, cpu.l3]).toEqual([48 * 1024, 2 ** 21, 48 * 2 ** 20]);
  expect(readCpu(intel(AVX2_1, AVX512_7), () => 0x07).isa).toBe('avx2');
  expect(readCpu(intel(AVX2_1, AVX2_7), () => 0xe7).isa).toBe('avx2');
  expect(readCpu(intel(AVX2_1, AVX512_7), () => 0x03).isa).toBeNull();
});

test('no AVX2, no FMA, no register state: no class, and XGETBV is not run', () => {
  const never = (): number => {
    throw new Error('XGETBV would trap');
  };
  expect(readCpu(intel(AVX2_1, 0), never).isa).toBeNull();
  expect(readCpu(intel(AVX2_1 & ~bits(12), AVX2_7), never).isa).toBeNull();
  expect(readCpu(intel(AVX2_1 & ~bits(27), AVX2_7), never).isa).toBeNull();
});

test('an old AMD processor tells its caches in another way', () => {
  const cpu = readCpu(
    machine({
      0: [1, 0x68747541, 0x444d4163, 0x69746e65],
      0x80000000: [0x80000008, 0, 0, 0],
      0x80000005: [0, 0, (64 << 24) | 0x20140, 0],
      0x80000006: [0, 0, (512 << 16) | 0x8140, (16 << 18) | 0x8140],
    }),
    () => 7,
  );
  expect(cpu.vendor).toBe('AuthenticAMD');
  expect(cpu.isa).toBeNull();
  expect([cpu.l1, cpu.l2, cpu.l3]).toEqual([64 * 1024, 512 * 1024, 8 * 2 ** 20]);
});
