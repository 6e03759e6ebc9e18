/** Goes through tensors in batches: the simple form of a DataLoader. */
import { checkOptions } from '../base/index.ts';
import { DataLoader } from './data-loader.ts';
import { type Columns, TensorDataset } from './tensor-dataset.ts';

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
export class Batches<C extends Columns> extends DataLoader<unknown, unknown, C> {
  declare readonly length: number;
  declare readonly count: number;

  constructor(columns: C, options: BatchOptions = {}) {
    checkOptions('batches', options, ['batchSize', 'shuffle', 'seed', 'dropLast']);
    super(new TensorDataset(columns, 'batches'), options);
  }
}

/**
 * The examples in batches, again for every `for ... of`; shuffled anew each time if asked, by a
 * generator of its own, so that equal seeds give equal orders. {@link DataLoader} can do more.
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
