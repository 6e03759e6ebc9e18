/** Goes through data sets in batches. */
import { checkOptions, given, philox4x32, ValueError } from '../base/index.ts';
import { Generator } from '../tensor/index.ts';
import { type Collated, collate as joinExamples } from './collate.ts';
import type { Dataset, StreamDataset, Transform } from './dataset.ts';
import { checkState, type LoaderState } from './loader-state.ts';
import { isStream, type OpenStream, openStream } from './open-stream.ts';

export interface LoaderOptions<T, U, B> {
  /** Examples in a batch. Default 32. */
  readonly batchSize?: number;
  /** Whether each pass goes in another random order. Default false. */
  readonly shuffle?: boolean;
  /** Decides orders and what transforms draw; it has nothing to do with `manualSeed`. Default 0. */
  readonly seed?: number | bigint;
  /** Whether a last batch that is not full is left out. Default false. */
  readonly dropLast?: boolean;
  /** Joins examples into a batch. Default: see {@link collate}. */
  readonly collate?: (examples: U[]) => B | Promise<B>;
  /** Changes each example before they are joined. */
  readonly transform?: Transform<T, U>;
  /** Batches made ahead while one is in use, where the data set is asynchronous. Default 2. */
  readonly prefetch?: number;
}

const OPTIONS = [
  'batchSize',
  'shuffle',
  'seed',
  'dropLast',
  'collate',
  'transform',
  'prefetch',
] as const;

/** Where one pass is. */
interface Run {
  readonly pass: number;
  /** Batches handed out. */
  batch: number;
  done: boolean;
}

const END = Symbol('end');
type Made<B> = B | typeof END;

/**
 * The examples of a data set in batches, again for every loop; each pass may have another order,
 * drawn by a generator of the loader's own, so that equal seeds give equal batches.
 *
 * The data set is a {@link Dataset} (`length` and `get`), an array, an iterable, or a function that
 * makes one for each pass. `for ... of` serves where data set, transform and collate return plain
 * values, and makes each batch when it is asked for. `for await ... of` serves always; if they
 * return Promises, `prefetch` batches are made ahead. Both give the same batches.
 *
 * `state()` tells the position, mid-pass too, and `restore(state)` goes there. A stream is read
 * again up to that place.
 *
 * Throws ValueError for no examples, options that make no sense, and `shuffle` of a stream, whose
 * order is its own.
 *
 * @example
 * const loader = new DataLoader(train, { batchSize: 64, shuffle: true, seed: 1 });
 * for (const { x, y } of loader) step(x, y);
 */
export class DataLoader<T, U = T, B = Collated<U>> implements Iterable<B>, AsyncIterable<B> {
  /** Batches in a pass; undefined for a stream. */
  readonly length: number | undefined;
  /** Examples in all; undefined for a stream. */
  readonly count: number | undefined;
  readonly batchSize: number;
  private readonly dataset: Dataset<T> | null;
  private readonly stream: StreamDataset<T> | null;
  private readonly options: LoaderOptions<T, U, B>;
  private readonly seed: bigint;
  private readonly prefetch: number;
  private readonly collate: (examples: U[]) => B | Promise<B>;
  /** The loop that began last; null before the first. */
  private run: Run | null = null;
  /** Where the next loop begins, after restore. */
  private restored: LoaderState | null = null;
  private passes = 0;

  constructor(
    dataset: Dataset<T> | readonly T[] | StreamDataset<T>,
    options: LoaderOptions<T, U, B> = {},
  ) {
    const op = new.target === (DataLoader as unknown) ? 'DataLoader' : 'batches';
    checkOptions(op, options, OPTIONS);
    const { batchSize = 32, seed = 0, dropLast = false, prefetch = 2 } = options;
    const wrong = (problem: string, remedy?: string): never => {
      throw new ValueError({ op, problem, remedy });
    };
    const whole = (name: string, n: number, least: number): void => {
      if (Number.isSafeInteger(n) && n >= least) return;
      wrong(`${name} must be a whole number of at least ${least}, not ${given(n)}`);
    };
    whole('batchSize', batchSize, 1);
    whole('prefetch', prefetch, 0);
    for (const name of ['collate', 'transform'] as const) {
      if (options[name] !== undefined && typeof options[name] !== 'function') {
        wrong(`${name} is a function, not ${given(options[name])}`);
      }
    }
    for (const name of ['shuffle', 'dropLast'] as const) {
      if (options[name] !== undefined && typeof options[name] !== 'boolean') {
        wrong(`${name} is true or false, not ${given(options[name])}`);
      }
    }
    new Generator(seed); // checks the seed
    this.seed = BigInt.asUintN(64, BigInt(seed));
    this.options = options;
    this.batchSize = batchSize;
    this.prefetch = prefetch;
    this.collate = options.collate ?? (joinExamples as unknown as (examples: U[]) => B);
    this.dataset = mapped(dataset);
    this.stream = this.dataset === null ? (dataset as StreamDataset<T>) : null;
    if (this.dataset === null) {
      if (!isStream(dataset)) {
        wrong(
          `takes a data set, an array or an iterable, not ${given(dataset)}`,
          'a data set has a length and get(index)',
        );
      }
      if (options.shuffle) {
        wrong('a stream comes in its own order: it cannot be shuffled', 'collect it in an array');
      }
      return;
    }
    const count = this.dataset.length;
    whole("the data set's length", count, 0);
    if (count === 0) wrong('there are no examples');
    if (dropLast && batchSize > count) {
      wrong(
        `${count} examples do not fill one batch of ${batchSize}, and dropLast leaves out the rest`,
        'use a smaller batchSize, or dropLast: false',
      );
    }
    this.count = count;
    this.length = (dropLast ? Math.floor : Math.ceil)(count / batchSize);
  }

  /**
   * The position: which pass, and how many of its batches were handed out; in a loop's body, its
   * batch is counted. Plain data, for JSON too.
   */
  state(): LoaderState {
    const { run, restored } = this;
    const at = restored ?? (run !== null && !run.done ? run : { pass: this.passes, batch: 0 });
    return { version: 1, pass: at.pass, batch: at.batch, ...this.settings() };
  }

  /**
   * Lets the next loop begin at `state`: it gives the batches that were left of that pass, to the
   * bit, perhaps none; the loops after it go on with the next passes. Throws ValueError for a state
   * of a loader with other settings or another number of examples.
   */
  restore(state: LoaderState): void {
    checkState(state, this.settings(), this.length);
    this.restored = { ...state };
  }

  private settings(): Omit<LoaderState, 'version' | 'pass' | 'batch'> {
    return {
      batchSize: this.batchSize,
      shuffle: this.options.shuffle ?? false,
      dropLast: this.options.dropLast ?? false,
      seed: String(this.seed),
      count: this.count ?? null,
    };
  }

  /** One pass. Every pass in full or in part has the next order. */
  *[Symbol.iterator](): IterableIterator<B> {
    const run = this.begin();
    const iterator =
      this.dataset === null ? openStream(this.stream as StreamDataset<T>, run.pass) : null;
    if (iterator?.sync === false) throw this.needsAwait('the data set is asynchronous');
    try {
      const supply = iterator === null ? this.fromDataset(run) : this.fromStream(run, iterator);
      for (;;) {
        const made = supply();
        if (isPromise(made)) {
          made.catch(() => {});
          throw this.needsAwait('the data set, transform or collate returns Promises');
        }
        if (made === END) break;
        run.batch++;
        yield made as B;
      }
      this.finish(run);
    } finally {
      iterator?.close();
    }
  }

  /** As the synchronous pass, for data sets, transforms and collates that return Promises too. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<B> {
    const run = this.begin();
    const iterator =
      this.dataset === null ? openStream(this.stream as StreamDataset<T>, run.pass) : null;
    const supply = iterator === null ? this.fromDataset(run) : this.fromStream(run, iterator);
    const queue: (Made<B> | Promise<Made<B>>)[] = [];
    try {
      for (;;) {
        // Only what is asynchronous is worth making ahead.
        while (queue.length === 0 || (queue.length <= this.prefetch && isPromise(queue.at(-1)))) {
          const made = queue.length === 0 ? supply() : attempt(supply);
          if (isPromise(made)) made.catch(() => {}); // told when its turn comes
          queue.push(made);
        }
        const made = await (queue.shift() as Made<B> | Promise<Made<B>>);
        if (made === END) break;
        run.batch++;
        yield made;
      }
      this.finish(run);
    } finally {
      await iterator?.close();
    }
  }

  private begin(): Run {
    const { restored } = this;
    const pass = restored?.pass ?? this.passes;
    this.restored = null;
    this.passes = pass + 1;
    this.run = { pass, batch: restored?.batch ?? 0, done: false };
    return this.run;
  }

  private finish(run: Run): void {
    run.done = true;
  }

  /** Makes the next batch at each call. */
  private fromDataset(run: Run): () => Made<B> | Promise<Made<B>> {
    const dataset = this.dataset as Dataset<T>;
    const { batchSize, length = 0, count = 0 } = this;
    const { shuffle = false, transform, collate } = this.options;
    let order: Int32Array | null = null;
    let next = run.batch;
    if (shuffle && next < length) {
      const generator = new Generator(this.seed);
      generator.state = BigInt(run.pass) * BigInt(count - 1); // a permutation takes count - 1 draws
      order = generator.permutation(count);
    }
    return () => {
      if (next >= length) return END;
      const start = next++ * batchSize;
      const end = Math.min(start + batchSize, count);
      const rows =
        order?.slice(start, end) ?? Int32Array.from({ length: end - start }, (_, i) => start + i);
      if (dataset.pick !== undefined && transform === undefined && collate === undefined) {
        return dataset.pick(rows) as B | Promise<B>;
      }
      const examples: (U | Promise<U>)[] = [];
      try {
        for (const row of rows) {
          examples.push(this.changed(() => dataset.get(row), run.pass, row));
        }
      } catch (error) {
        silence(examples);
        throw error;
      }
      return this.joined(examples);
    };
  }

  /** Gathers the next batch at each call; calls wait for one another. */
  private fromStream(run: Run, iterator: OpenStream<T>): () => Made<B> | Promise<Made<B>> {
    const { batchSize } = this;
    const from = run.batch;
    const skip = from * batchSize;
    let index = 0;
    let ended = false;
    const close = (examples: (U | Promise<U>)[]): Made<B> | Promise<Made<B>> => {
      if (ended && index === 0) throw this.noExamples(run.pass, iterator);
      if (ended && Math.ceil(index / batchSize) < from) {
        throw new ValueError({
          op: 'DataLoader',
          problem: `the data set ended after ${index} examples; the restored position is ${skip}`,
        });
      }
      const short = examples.length < batchSize && (this.options.dropLast ?? false);
      return examples.length === 0 || short ? END : this.joined(examples);
    };
    const take = (examples: (U | Promise<U>)[], { value, done }: IteratorResult<T>): void => {
      if (done) ended = true;
      else if (index < skip) index++;
      else examples.push(this.changed(() => value, run.pass, index++));
    };
    if (iterator.sync) {
      return () => {
        const examples: (U | Promise<U>)[] = [];
        while (!ended && examples.length < batchSize) take(examples, iterator.next());
        return close(examples);
      };
    }
    let tail: Promise<unknown> = Promise.resolve();
    let failed = false;
    return () => {
      if (ended || failed) return END;
      const made = tail.then(async () => {
        const examples: (U | Promise<U>)[] = [];
        try {
          while (!ended && examples.length < batchSize) take(examples, await iterator.next());
        } catch (error) {
          failed = true;
          silence(examples);
          throw error;
        }
        return examples;
      });
      tail = made;
      // Joining waits for transforms; reading the next batch does not wait for joining.
      return made.then(close);
    };
  }

  private changed(get: () => T | Promise<T>, pass: number, index: number): U | Promise<U> {
    const { transform } = this.options;
    const example = get();
    if (transform === undefined) return example as unknown as U | Promise<U>;
    const random = generatorOf(this.seed, pass, index);
    return isPromise(example)
      ? example.then((x) => transform(x, random))
      : transform(example as T, random);
  }

  private joined(examples: (U | Promise<U>)[]): B | Promise<B> {
    return examples.some(isPromise)
      ? Promise.all(examples).then((all) => this.collate(all))
      : this.collate(examples as U[]);
  }

  private noExamples(pass: number, { once }: OpenStream<T>): ValueError {
    return new ValueError({
      op: 'DataLoader',
      problem: `there are no examples in pass ${pass}`,
      remedy:
        once && pass > 0
          ? 'a generator can be gone through once: pass the function that makes it'
          : undefined,
    });
  }

  private needsAwait(why: string): ValueError {
    return new ValueError({
      op: 'DataLoader',
      problem: `for ... of takes no Promises: ${why}`,
      remedy: 'write for await (const batch of loader)',
    });
  }
}

const isPromise = (x: unknown): x is Promise<never> =>
  typeof x === 'object' && x !== null && typeof (x as { then?: unknown }).then === 'function';

/** The data set if its examples have numbers, null if it is a stream. */
function mapped<T>(x: Dataset<T> | readonly T[] | StreamDataset<T>): Dataset<T> | null {
  if (Array.isArray(x)) return { length: x.length, get: (i: number) => x[i] as T };
  const one = x as Partial<Dataset<T>> | null | undefined;
  return typeof x === 'object' && typeof one?.get === 'function' && 'length' in x
    ? (x as Dataset<T>)
    : null;
}

/** Promises that nobody will wait for. */
function silence(list: readonly unknown[]): void {
  for (const x of list) if (isPromise(x)) x.catch(() => {});
}

function attempt<X>(f: () => X | Promise<X>): X | Promise<X> {
  try {
    return f();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The random numbers of one example in one pass. */
function generatorOf(seed: bigint, pass: number, index: number): Generator {
  const key = [Number(seed & 0xffffffffn), Number(seed >> 32n)] as const;
  const [a, b] = philox4x32([index | 0, Math.floor(index / 2 ** 32), pass, 1], key);
  return new Generator((BigInt(b) << 32n) | BigInt(a));
}
