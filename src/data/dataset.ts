/** What a loader takes its examples from. */
import type { Generator } from '../tensor/index.ts';

/**
 * A data set whose examples have numbers. `get` may return a Promise; then loaders take
 * `for await`.
 *
 * @example
 * const squares = { length: 100, get: (i: number) => ({ x: i, y: i * i }) };
 */
export interface Dataset<T, B = unknown> {
  readonly length: number;
  /** Example `index`, from 0 to length - 1; the same at every call. */
  get(index: number): T | Promise<T>;
  /**
   * Optional, for speed: what the default collate would make of these examples, at once. Used
   * where neither `transform` nor `collate` is given.
   */
  pick?(rows: Int32Array): B | Promise<B>;
}

/** Examples that come one after the other, from the beginning at each pass. */
export type Stream<T> = Iterable<T> | AsyncIterable<T>;

/**
 * A data set that is gone through from its beginning: an iterable, or a function that makes one for
 * pass number `pass` (from 0), such as a generator function.
 */
export type StreamDataset<T> = Stream<T> | ((pass: number) => Stream<T>);

/**
 * Changes an example; may return a Promise. `random` belongs to this example in this pass: what it
 * draws does not depend on the order, on prefetching or on where a run was resumed.
 */
export type Transform<T, U> = (example: T, random: Generator) => U | Promise<U>;
