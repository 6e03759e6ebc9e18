/** An op of more inputs than one kernel's arguments hold. */
import { expect, test } from 'vitest';
import * as g from '../../src/index.ts';

test('concat and stack of 300 tensors', () => {
  const parts = Array.from({ length: 300 }, (_, i) => g.tensor([i, i + 1]));
  const expected = Array.from({ length: 300 }, (_, i) => [i, i + 1]);
  expect(g.stack(parts).toArray()).toEqual(expected);
  expect(g.concat(parts, 0).toArray()).toEqual(expected.flat());
});
