import { describe, expect, it } from 'vitest';
import { gp64, rsp, SYSTEM_V, WIN64 } from './index.ts';

describe.each([SYSTEM_V, WIN64])('$name', (convention) => {
  it('has each general register but rsp either as scratch or saved', () => {
    const all = [...convention.gpScratch, ...convention.gpSaved]
      .map((r) => r.id)
      .sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 16 }, (_, i) => i).filter((i) => i !== rsp.id));
  });

  it('passes arguments and results in scratch registers', () => {
    const { gpArguments, gpResult, gpScratch, vectorArguments, vectorSaved } = convention;
    for (const register of [...gpArguments, gpResult]) expect(gpScratch).toContain(register);
    for (const register of vectorArguments) expect(vectorSaved).not.toContain(register);
  });
});

it('the two differ as documented', () => {
  expect(SYSTEM_V.gpArguments.map((r) => r.name)).toEqual(['rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9']);
  expect(WIN64.gpArguments.map((r) => r.name)).toEqual(['rcx', 'rdx', 'r8', 'r9']);
  expect(WIN64.vectorSaved.map((r) => r.id)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  expect([SYSTEM_V.shadowBytes, WIN64.shadowBytes]).toEqual([0, 32]);
  expect(WIN64.gpSaved).toContain(gp64(6));
});
