/** Streams of examples under way: one face for iterables of both kinds. */
import { given, ValueError } from '../base/index.ts';
import type { StreamDataset } from './dataset.ts';

/** A pass through a stream. */
export type OpenStream<T> = {
  /** Whether the stream is its own iterator: it can be gone through once only. */
  readonly once: boolean;
} & (
  | { readonly sync: true; readonly next: () => IteratorResult<T>; readonly close: () => void }
  | {
      readonly sync: false;
      readonly next: () => Promise<IteratorResult<T>>;
      readonly close: () => Promise<void>;
    }
);

export const isStream = (x: unknown): boolean => typeof x === 'function' || isIterable(x);

const isIterable = (x: unknown): boolean =>
  typeof x === 'object' && x !== null && (Symbol.iterator in x || Symbol.asyncIterator in x);

/** Begins pass number `pass`. */
export function openStream<T>(stream: StreamDataset<T>, pass: number): OpenStream<T> {
  const made = typeof stream === 'function' ? stream(pass) : stream;
  if (!isIterable(made)) {
    throw new ValueError({
      op: 'DataLoader',
      problem: `the data set's function must return an iterable, not ${given(made)}`,
    });
  }
  if (Symbol.asyncIterator in made) {
    const iterator = made[Symbol.asyncIterator]();
    return {
      sync: false,
      once: (iterator as unknown) === made,
      next: () => iterator.next(),
      close: async () => void (await iterator.return?.()),
    };
  }
  const iterator = made[Symbol.iterator]();
  return {
    sync: true,
    once: (iterator as unknown) === made,
    next: () => iterator.next(),
    close: () => void iterator.return?.(),
  };
}
