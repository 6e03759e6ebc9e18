/** Data sets and loaders: the public subpath `gradus/data`. */
import '../wiring.ts';

export { Batches, type BatchOptions, batches } from './batches.ts';
export type { ByteSource } from './byte-source.ts';
export { type Collated, collate } from './collate.ts';
export {
  type CsvList,
  type CsvOptions,
  type CsvRecord,
  type CsvType,
  type CsvValue,
  parseCsv,
  readCsv,
  readCsvFile,
} from './csv.ts';
export { DataLoader, type LoaderOptions } from './data-loader.ts';
export type { Dataset, Stream, StreamDataset, Transform } from './dataset.ts';
export * as datasets from './datasets.ts';
export type { DownloadProgress } from './download.ts';
export { DownloadError, type DownloadFailure } from './download-error.ts';
export { type IdxArray, type IdxOptions, parseIdx, readIdx, readIdxFile } from './idx.ts';
export {
  type ImageBatch,
  type ImageExample,
  LabelledImages,
  type LabelledImagesOptions,
} from './labelled-images.ts';
export type { LoaderState } from './loader-state.ts';
export type { DatasetOptions } from './locate.ts';
export type { ImageParts } from './mnist.ts';
export { type Columns, type RowOf, type SplitOptions, TensorDataset } from './tensor-dataset.ts';
export {
  type TextBatch,
  TextCorpus,
  type TextExample,
  type WindowOptions,
} from './text-corpus.ts';
