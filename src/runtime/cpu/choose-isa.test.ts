import { expect, test } from 'vitest';
import { chooseIsa } from './choose-isa.ts';

const cpu = (isa: 'avx512' | 'avx2' | null) => ({ isa, model: 'Some CPU' });

test('the class is that of the processor, or a smaller one by request', () => {
  for (const isa of ['avx512', 'avx2', null] as const) expect(chooseIsa(cpu(isa), '')).toBe(isa);
  expect(chooseIsa(cpu('avx512'), 'avx2')).toBe('avx2');
  expect(chooseIsa(cpu('avx512'), 'avx512')).toBe('avx512');
  expect(chooseIsa(cpu('avx2'), 'avx2')).toBe('avx2');
});

test('what the processor lacks, and what is no class, is an error', () => {
  expect(() => chooseIsa(cpu('avx2'), 'avx512')).toThrow(/GRADUS_ISA: Some CPU has no AVX-512/);
  expect(() => chooseIsa(cpu(null), 'avx2')).toThrow(/Some CPU has no AVX2 with FMA/);
  expect(() => chooseIsa(cpu('avx512'), 'sse')).toThrow(/there is no ISA class 'sse'/);
});
