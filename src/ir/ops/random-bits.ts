import { checkShape, type Shape } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { ndZeros } from '../nd-array.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';

/**
 * What random numbers depend on: keyLo, keyHi (the seed), counterLo, counterHi (which call), as
 * int32 bit patterns or 0-d int32 tensors.
 */
export type RandomState = readonly [Operand, Operand, Operand, Operand];

export interface RandomAttrs extends Attrs {
  readonly shape: Shape;
  readonly device?: string;
}

interface BitsAttrs extends RandomAttrs {
  readonly word: number;
}

/** The 64-bit product of two words as [low, high]. */
function mulWide(a: number, b: number): [number, number] {
  const product = BigInt(a >>> 0) * BigInt(b >>> 0);
  return [Number(BigInt.asIntN(32, product)), Number(BigInt.asIntN(32, product >> 32n))];
}

/** Philox4x32-10: four random words from a counter and a key of int32 words. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): readonly [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [low0, high0] = mulWide(c0, 0xd2511f53);
    const [low1, high1] = mulWide(c2, 0xcd9e8d57);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0, c1, c2, c3];
}

export const RANDOM_BITS = defineOp<BitsAttrs>({
  name: 'randomBits',
  infer: (_, { shape }) => ({ shape, dtype: 'int32' }),
  operands: () => ['int32', 'int32', 'int32', 'int32'],
  reference(state, { shape, word }) {
    const out = ndZeros(shape, 'int32');
    const [k0, k1, c0, c1] = state.map((x) => Number(x.data[0]));
    for (let i = 0; i < out.data.length; i++) out.data[i] = philox([i, 0, c0, c1], [k0, k1])[word];
    return out;
  },
  lower: {
    kind: 'element',
    expr: (e, [k0, k1, c0, c1], { word }) => e.philox(word, k0, k1, c0, c1),
  },
});

/** Numbers as the int32 bit patterns they stand for. */
export const randomOperands = (state: RandomState): Operand[] =>
  state.map((x) => (typeof x === 'number' ? x | 0 : x));

/**
 * Random int32 words: word `word` (0 to 3) of Philox4x32-10 with counter
 * (position, 0, counterLo, counterHi), equal on every device. The generator is stateless: the
 * same state gives the same words.
 *
 * Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011.
 *
 * @example
 * randomBits([2], [0, 0, 0, 0]).shape; // [2]
 */
export function randomBits(shape: Shape, state: RandomState, word = 0, device?: string): Value {
  checkShape(shape, 'randomBits');
  return apply(RANDOM_BITS, randomOperands(state), attrs({ shape, word, device }))[0];
}
