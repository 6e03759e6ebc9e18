/** Goes through tensors in batches. */
import { checkOptions, formatShape, given, ShapeError, ValueError } from '../base/index.ts';
import { Generator, noGrad, Tensor, tensor } from '../tensor/index.ts';

/** Tensors by name whose first dimension counts the same examples. */
export type Columns = Readonly<Record<string, Tensor>>;

export interface BatchOptions {
  /** Examples in a batch. Default 32. */
  readonly batchSize?: number;
  /** Whether each pass goes in another random order. Default false. */
  readonly shuffle?: boolean;
  /** Decides the orders; it has nothing to do with `manualSeed`. Default 0. */
  readonly seed?: number | bigint;
  /** Whether a last batch that is not full is left out. Default false. */
  readonly dropLast?: boolean;
}

/** See {@link batches}. */
export class Batches<C extends Columns> implements Iterable<C> {
  /** Batches in a pass. */
  readonly length: number;
  /** Examples in all. */
  readonly count: number;
  readonly batchSize: number;
  private readonly columns: C;
  /** Gives the order of each pass; null without shuffling. */
  private readonly generator: Generator | null;

  constructor(columns: C, options: BatchOptions = {}) {
    checkOptions('batches', options, ['batchSize', 'shuffle', 'seed', 'dropLast']);
    const { batchSize = 32, shuffle = false, seed = 0, dropLast = false } = options;
    this.count = countOf(columns);
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new ValueError({
        op: 'batches',
        problem: `batchSize must be a whole number of at least 1, not ${given(batchSize)}`,
      });
    }
    if (dropLast && batchSize > this.count) {
      throw new ValueError({
        op: 'batches',
        problem: `${this.count} examples do not fill one batch of ${batchSize}, and dropLast leaves out the rest`,
        remedy: 'use a smaller batchSize, or dropLast: false',
      });
    }
    this.columns = columns;
    this.batchSize = batchSize;
    this.generator = shuffle ? new Generator(seed) : null;
    this.length = (dropLast ? Math.floor : Math.ceil)(this.count / batchSize);
  }

  /** One pass. Every pass in full or in part has the next order. */
  *[Symbol.iterator](): IterableIterator<C> {
    const order = this.generator?.permutation(this.count) ?? null;
    for (let i = 0; i < this.length; i++) {
      const start = i * this.batchSize;
      const end = Math.min(start + this.batchSize, this.count);
      const rows = order === null ? range(start, end) : order.subarray(start, end);
      yield pickRows(this.columns, rows);
    }
  }
}

/**
 * The examples in batches, again for every `for ... of`; shuffled anew each time if asked, by a
 * generator of its own, so that equal seeds give equal orders.
 *
 * Shapes: every tensor `[N, ...]`; a batch has the same names with `[batchSize, ...]`, the last one
 * fewer rows unless `dropLast`. Throws ValueError for no examples or a batchSize below 1,
 * ShapeError when tensors differ in their number of examples.
 *
 * @example
 * const loader = batches({ x: images, y: labels }, { batchSize: 64, shuffle: true, seed: 1 });
 * for (let epoch = 0; epoch < 3; epoch++) for (const { x, y } of loader) step(x, y);
 */
export const batches = <C extends Columns>(columns: C, options: BatchOptions = {}): Batches<C> =>
  new Batches(columns, options);

/** The rows of every column, in that order. @internal */
export function pickRows<C extends Columns>(columns: C, rows: Int32Array): C {
  const picked: Record<string, Tensor> = noGrad(() => {
    const index = tensor(rows, { dtype: 'int32' });
    return Object.fromEntries(
      Object.entries(columns).map(([name, t]) => [name, t.indexSelect(0, index)]),
    );
  });
  return picked as C;
}

const range = (start: number, end: number): Int32Array =>
  Int32Array.from({ length: end - start }, (_, i) => start + i);

function countOf(columns: Columns): number {
  const op = 'batches';
  if (
    typeof columns !== 'object' ||
    columns === null ||
    columns instanceof Tensor ||
    Array.isArray(columns)
  ) {
    throw new ValueError({
      op,
      problem: `takes tensors by name, not ${given(columns)}`,
      remedy: 'pass { x, y }',
    });
  }
  const entries = Object.entries(columns);
  for (const [name, t] of entries) {
    if (!(t instanceof Tensor)) {
      throw new ValueError({
        op,
        problem: `${name} is not a tensor but ${given(t)}`,
        remedy: "wrap arrays with tensor(...), labels with tensor(labels, { dtype: 'int32' })",
      });
    }
    if (t.rank === 0) {
      throw new ShapeError({ op, problem: `${name} is 0-d: its first dimension counts examples` });
    }
  }
  const sizes = entries.map(([, t]) => t.shape[0]);
  if (sizes.some((n) => n !== sizes[0])) {
    throw new ShapeError({
      op,
      problem: `the tensors hold different numbers of examples: ${entries
        .map(([name, t]) => `${name} ${formatShape(t.shape)}`)
        .join(', ')}`,
      remedy: 'each row of one belongs to the row of the same number in the others',
    });
  }
  if (entries.length === 0 || sizes[0] === 0) {
    throw new ValueError({ op, problem: 'there are no examples' });
  }
  return sizes[0];
}
