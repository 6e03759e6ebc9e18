/** Names and constants for vectors of lanes. */
import type { Elem } from '../../kernel/index.ts';
import { bytesOf } from './selector.ts';

export const ps = (elem: Elem): 'ps' | 'pd' => (bytesOf(elem) === 8 ? 'pd' : 'ps');
export const dq = (elem: Elem): 'd' | 'q' => (bytesOf(elem) === 8 ? 'q' : 'd');

/** The numbers 0, 1, 2, ... as lanes. */
export function countingBytes(elem: 'i32' | 'i64', n: number): Uint8Array {
  const numbers = Array.from({ length: n }, (_, i) => i);
  const array = elem === 'i32' ? Int32Array.from(numbers) : BigInt64Array.from(numbers, BigInt);
  return new Uint8Array(array.buffer);
}
