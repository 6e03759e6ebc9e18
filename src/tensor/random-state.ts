/** The state of the random numbers: which call comes next under which seed. */
import { ValueError } from '../base/index.ts';
import type { RandomState } from '../ir/index.ts';
import { recording } from './recording.ts';

/** What {@link setRandomState} restores. */
export interface RandomSnapshot {
  readonly seed: bigint;
  readonly counter: bigint;
}

const MASK = 2n ** 64n - 1n;
let seed = BigInt(Math.floor(Math.random() * 2 ** 53));
let counter = 0n;

export function seedOf(op: string, value: number | bigint): bigint {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return BigInt(value) & MASK;
  throw new ValueError({
    op,
    problem: `a seed is a whole number, not ${String(value)}`,
    remedy: 'give an integer up to 2^53, or a bigint',
  });
}

/**
 * Starts the random numbers anew: the same seed gives the same numbers, on every device.
 * Before the first call the seed is arbitrary.
 *
 * @example
 * manualSeed(0);
 */
export function manualSeed(value: number | bigint): void {
  recording()?.refuse(
    'manualSeed',
    'the seed would be set once, when the function is recorded',
    'set it before the call',
  );
  seed = seedOf('manualSeed', value);
  counter = 0n;
}

export const getRandomState = (): RandomSnapshot => ({ seed, counter });

export function setRandomState(state: RandomSnapshot): void {
  seed = BigInt.asUintN(64, state.seed);
  counter = BigInt.asUintN(64, state.counter);
}

/** A 64-bit state word as two signed 32-bit ones, the low first. */
export const wordsOf = (x: bigint): [number, number] => [
  Number(BigInt.asIntN(32, x)),
  Number(BigInt.asIntN(32, x >> 32n)),
];

/** Key and counter of the next random call, as the random ops take them. */
export function nextKey(): RandomState {
  const recorded = recording();
  if (recorded !== null) return recorded.randomState();
  const state = [...wordsOf(seed), ...wordsOf(counter)] as const;
  counter = (counter + 1n) & MASK;
  return state;
}
