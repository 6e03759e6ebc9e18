import { expect, it } from 'vitest';
import { philox4x32, type Words4 } from './philox.ts';

// The known answers of Random123's kat_vectors.
it.each<[Words4, [number, number], string]>([
  [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [[-1, -1, -1, -1], [-1, -1], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  ],
])('philox4x32(%j, %j) is the known answer', (counter, key, words) => {
  const hex = philox4x32(counter, key).map((w) => w.toString(16).padStart(8, '0'));
  expect(hex.join(' ')).toBe(words);
});
