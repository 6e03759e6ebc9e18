/** Data sets and loaders: the public subpath `gradus/data`. */
import '../wiring.ts';

export { Batches, type BatchOptions, batches, type Columns } from './batches.ts';
export * as datasets from './datasets.ts';
export type { LabelledImages, SplitOptions } from './digits.ts';
