/** Where a run's batches come from: one face for loaders, data sets, tensors and iterables. */
import { checkOptions, given, ValueError } from '../base/index.ts';
import {
  type Columns,
  DataLoader,
  type Dataset,
  type LoaderState,
  TensorDataset,
} from '../data/index.ts';
import { Tensor } from '../tensor/index.ts';

/** What becomes the arguments of `forward`, and what the loss compares the output with. */
export interface Example {
  readonly inputs: readonly unknown[];
  readonly target: Tensor;
  /** Examples in the batch. */
  readonly count: number;
}

/**
 * Data to train on or to evaluate: a data set or a loader whose batches are `{ x, y }` or `[x, y]`,
 * an object of tensors `{ x, y }`, or an iterable of batches. An array as `x` becomes several
 * arguments of `forward`.
 */
export type TrainData = Dataset<unknown> | Columns | Iterable<unknown> | AsyncIterable<unknown>;

/** How a data set is gone through. */
export interface FeedOptions {
  readonly batchSize?: number;
  readonly shuffle?: boolean;
  readonly seed?: number | bigint;
  readonly dropLast?: boolean;
}

/** Where a feed is, as plain data: a loader's own state, or batches of an iterable. */
export type FeedState = LoaderState | { readonly batch: number };

export interface Feed {
  /** Batches in a pass. */
  readonly length: number | undefined;
  /** Examples in a pass. */
  readonly count: number | undefined;
  /** One pass, or what is left of it after `restore`. */
  batches(): AsyncIterable<unknown>;
  /** Batches of this pass that were handed out. */
  state(): FeedState;
  restore(state: FeedState): void;
}

const LOADER_OPTIONS = ['batchSize', 'shuffle', 'seed', 'dropLast'];

/**
 * The feed of `data`; `usual` holds what is not given, for data that have no batches of their own.
 * Throws ValueError for what holds no examples, or for options of data that make their own batches.
 */
export function feedOf(
  op: string,
  data: TrainData,
  options: FeedOptions,
  usual: FeedOptions = {},
): Feed {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings = Object.fromEntries(set) as FeedOptions;
  checkOptions(op, settings, LOADER_OPTIONS);
  const all = { ...usual, ...settings };
  if (data instanceof DataLoader) {
    refuse(op, settings, 'a loader');
    return loaderFeed(data);
  }
  if (isDataset(data)) return loaderFeed(new DataLoader(data, all));
  if (Array.isArray(data) && data.length > 0 && data.every((x) => x instanceof Tensor)) {
    throw new ValueError({
      op,
      problem: 'the data are a list of tensors',
      remedy: 'pass { x, y }; a list is a list of batches',
    });
  }
  if (isIterable(data)) {
    refuse(op, settings, 'an iterable of batches');
    return new IterableFeed(op, data);
  }
  if (typeof data === 'object' && data !== null && !(data instanceof Tensor)) {
    return loaderFeed(new DataLoader(new TensorDataset(data as Columns, op), all) as never);
  }
  throw new ValueError({
    op,
    problem: `the data are ${given(data)}`,
    remedy: 'pass { x, y } of tensors, a data set, or a DataLoader',
  });
}

function refuse(op: string, settings: FeedOptions, what: string): void {
  const [name] = Object.keys(settings);
  if (name === undefined) return;
  throw new ValueError({
    op,
    problem: `'${name}' was given, but ${what} makes its own batches`,
    remedy: what === 'a loader' ? `give it to the DataLoader` : undefined,
  });
}

const isDataset = (x: unknown): x is Dataset<unknown> =>
  typeof x === 'object' &&
  x !== null &&
  typeof (x as { get?: unknown }).get === 'function' &&
  typeof (x as { length?: unknown }).length === 'number';

const isIterable = (x: unknown): x is Iterable<unknown> | AsyncIterable<unknown> =>
  typeof x === 'object' &&
  x !== null &&
  !(x instanceof Tensor) &&
  (Symbol.iterator in x || Symbol.asyncIterator in x);

function loaderFeed(loader: DataLoader<unknown, unknown, unknown>): Feed {
  return {
    length: loader.length,
    count: loader.count,
    batches: () => loader,
    state: () => loader.state(),
    restore: (state) => loader.restore(state as LoaderState),
  };
}

/** Batches of an iterable; a resumed pass leaves out those it has had. */
class IterableFeed implements Feed {
  readonly length = undefined;
  readonly count = undefined;
  private readonly data: Iterable<unknown> | AsyncIterable<unknown>;
  private readonly op: string;
  private handedOut = 0;
  private skip = 0;
  private passes = 0;

  constructor(op: string, data: Iterable<unknown> | AsyncIterable<unknown>) {
    this.op = op;
    this.data = data;
  }

  async *batches(): AsyncIterable<unknown> {
    const { skip } = this;
    this.skip = 0;
    this.handedOut = 0;
    for await (const batch of this.data) {
      if (++this.handedOut > skip) yield batch;
    }
    if (this.handedOut === 0 && this.passes > 0) {
      throw new ValueError({
        op: this.op,
        problem: `pass ${this.passes + 1} over the data has no batches`,
        remedy:
          'an iterator can be gone through once: pass an array, a loader, or an object that iterates anew',
      });
    }
    this.passes++;
    this.handedOut = 0; // the next pass begins at its beginning
  }

  state(): FeedState {
    return { batch: this.handedOut };
  }

  restore(state: FeedState): void {
    const { batch } = state;
    if ('version' in state || !Number.isSafeInteger(batch) || batch < 0) {
      throw new ValueError({
        op: this.op,
        problem: 'the data had another form: a loader, not batches',
      });
    }
    this.skip = batch;
    this.handedOut = batch;
  }
}

/** The inputs and the target of a batch `{ x, y }` or `[x, y]`. Throws ValueError for others. */
export function exampleOf(op: string, batch: unknown): Example {
  const [x, y] = Array.isArray(batch)
    ? (batch as unknown[])
    : [(batch as { x?: unknown } | null)?.x, (batch as { y?: unknown } | null)?.y];
  if (x === undefined || !(y instanceof Tensor)) {
    const held =
      typeof batch === 'object' &&
      batch !== null &&
      !Array.isArray(batch) &&
      !(batch instanceof Tensor)
        ? `an object of ${Object.keys(batch).join(', ') || 'nothing'}`
        : given(batch);
    throw new ValueError({
      op,
      problem: `a batch is { x, y } or [x, y], with y a tensor, not ${held}`,
      remedy: "make it one with the loader's collate or transform",
    });
  }
  return { inputs: Array.isArray(x) ? x : [x], target: y, count: y.rank > 0 ? y.shape[0] : 1 };
}
