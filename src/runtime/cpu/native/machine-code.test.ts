/** The bytes of the host's routines and of the test kernels, against GNU as. */
import { expect, test } from 'vitest';
import { assemble, hasAssembler } from './assemble.test-util.ts';
import { KERNELS } from './kernels.test-util.ts';
import { assembled, CALL, ROUTINES } from './machine-code.ts';

test.each(Object.entries({ ...ROUTINES, ...KERNELS }))('%s is what it says', (_name, routine) => {
  expect(routine.hex).toMatch(/^([0-9a-f]{2})+$/);
  // The tests that run the code hold without it.
  if (hasAssembler()) expect(assemble(routine.assembly)).toBe(routine.hex);
});

test('an address is put in', () => {
  const bytes = assembled(CALL, 0x7f12_3456_7000);
  expect(new DataView(bytes.buffer).getBigUint64(2, true)).toBe(0x7f12_3456_7000n);
  expect(bytes.length).toBe(CALL.hex.length / 2);
});
