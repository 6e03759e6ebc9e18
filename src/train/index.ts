/** Training without a loop of one's own: the public subpath `gradus/train`. */
import '../wiring.ts';

export type { Callback, CallbackState, Run } from './callback.ts';
export { csvLogger } from './callbacks/csv-logger.ts';
export { type EarlyStoppingOptions, earlyStopping } from './callbacks/early-stopping.ts';
export { type LrScheduleOptions, lrSchedule } from './callbacks/lr-schedule.ts';
export { type ModelCheckpointOptions, modelCheckpoint } from './callbacks/model-checkpoint.ts';
export type { MonitorOptions } from './callbacks/monitor.ts';
export { curvesSvg } from './curves-svg.ts';
export type { TrainData } from './feed.ts';
export type { CurvePoint, EpochRecord, History, Logs } from './history.ts';
export {
  accuracy,
  type BinaryAccuracyOptions,
  binaryAccuracy,
  type TopKOptions,
  topKAccuracy,
} from './metrics/accuracy.ts';
export { ConfusionMatrix, confusionMatrix } from './metrics/confusion-matrix.ts';
export { meanLoss } from './metrics/mean-loss.ts';
export { MeanMetric, type Metric, type Plain } from './metrics/metric.ts';
export { NonFiniteError } from './non-finite-error.ts';
export type { CheckpointOptions, FitOptions, TrainerOptions } from './options.ts';
export { bar, type Output, type Progress, progressLine } from './progress-line.ts';
export { type EvaluateOptions, Trainer } from './trainer.ts';
export { TrainingInterrupted } from './training-interrupted.ts';
