/** The options of a Trainer, of `fit`, and their checks. */
import { checkOptions, given, ValueError } from '../base/index.ts';
import { Module } from '../nn/index.ts';
import { Optimizer, Schedule } from '../optim/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Callback } from './callback.ts';
import type { TrainData } from './feed.ts';
import type { Metric } from './metrics/metric.ts';
import type { Output } from './progress-line.ts';

export interface TrainerOptions {
  /** `loss(output, target)`: what is made small; 0-d, the mean over a batch. */
  readonly loss: (...outputAndTarget: any[]) => Tensor;
  readonly optimizer: Optimizer;
  /** Counted in training and evaluation. */
  readonly metrics?: readonly Metric[];
  /** Gradients are made smaller where their norm over all parameters is above it. */
  readonly clipGradNorm?: number;
  /** Batches whose gradients are averaged for one step of the optimiser. Default 1. */
  readonly accumulate?: number;
  /**
   * What happens when a loss is NaN or infinite: `throw` a NonFiniteError that names the first bad
   * tensor (default), or `skip` the step, which is told once a run.
   */
  readonly nonFinite?: 'throw' | 'skip';
  /**
   * Whether the steps of training and evaluation are recorded once for each shape of batch and run as
   * programs, as `compile` does: faster, and the same bits. JavaScript in `forward` and in the loss,
   * beside tensors, then runs when they are recorded and not for each batch. A model that reads
   * values in `forward` runs line by line, which is told once. Default true.
   */
  readonly compile?: boolean;
}

export interface CheckpointOptions {
  /** The file, `run.safetensors` say. */
  readonly path: string;
  /** Also after so many steps. */
  readonly everySteps?: number;
  /** Also after the first step when so many seconds have passed. */
  readonly everySeconds?: number;
  /** After so many epochs. Default 1. */
  readonly everyEpochs?: number;
}

export interface FitOptions {
  /** Passes over the data, those before a resumed checkpoint included. Default 1. */
  readonly epochs?: number;
  /** Examples in a batch; not for loaders, which have their own. Default 32. */
  readonly batchSize?: number;
  /** Whether each pass goes in another random order; not for loaders. Default true for data sets. */
  readonly shuffle?: boolean;
  /** Decides the orders; it has nothing to do with `manualSeed`. Default 0. */
  readonly seed?: number | bigint;
  /** Whether a last batch that is not full is left out. Default false. */
  readonly dropLast?: boolean;
  /** Evaluated after each epoch. */
  readonly validation?: TrainData;
  readonly callbacks?: readonly Callback[];
  /**
   * Where the run is saved: after each epoch, and as the options say. When a signal (Ctrl-C) ends the
   * run, it is saved there, or else in `gradus-checkpoint.safetensors`, unless `false`.
   */
  readonly checkpoint?: string | CheckpointOptions | false;
  /**
   * `true` goes on from the checkpoint, or begins if there is none yet, so that a restarted program
   * needs no change; a path goes on from that file, which must be there. Default false.
   */
  readonly resume?: boolean | string;
  /** A file for the curves of loss and metrics, as SVG. */
  readonly curves?: string;
  /** `bar` on terminals, `lines` elsewhere, `none`. Default `auto`: what `out` is fit for. */
  readonly progress?: 'auto' | 'bar' | 'lines' | 'none';
  /** Where progress is written. Default the process's output, or the console. */
  readonly out?: Output;
}

const FIT = [
  'epochs',
  'batchSize',
  'shuffle',
  'seed',
  'dropLast',
  'validation',
  'callbacks',
  'checkpoint',
  'resume',
  'curves',
  'progress',
  'out',
];

const TRAINER = [
  'loss',
  'optimizer',
  'metrics',
  'clipGradNorm',
  'accumulate',
  'nonFinite',
  'compile',
];

/** Where a run is saved when a signal ends it and no place was named. */
export const DEFAULT_CHECKPOINT = 'gradus-checkpoint.safetensors';

/** Throws a ValueError for a name or a value that makes no sense. */
export function checkTrainer(model: Module, options: TrainerOptions): void {
  const op = 'Trainer';
  if (!((model as unknown) instanceof Module)) {
    throw new ValueError({
      op,
      problem: `the first argument is a module, not ${given(model)}`,
      remedy: 'write new Trainer(net, { loss: nn.crossEntropy, optimizer: opt })',
    });
  }
  checkOptions(op, options, TRAINER);
  const { loss, optimizer, metrics = [], clipGradNorm, accumulate, nonFinite } = options ?? {};
  if (typeof loss !== 'function') {
    throw new ValueError({
      op,
      problem: `loss is a function of output and target, not ${given(loss)}`,
      remedy: 'pass { loss: nn.crossEntropy }, say',
    });
  }
  if (!(optimizer instanceof Optimizer)) {
    throw new ValueError({
      op,
      problem: `optimizer is an optimiser, not ${given(optimizer)}`,
      remedy: 'pass { optimizer: optim.adam(net.parameters(), { lr: 1e-3 }) }, say',
    });
  }
  if (!Array.isArray(metrics)) {
    throw new ValueError({ op, problem: `metrics is a list, not ${given(metrics)}` });
  }
  const own = new Set(model.parameters());
  if (!optimizer.groups.some((g) => g.params.some((p) => own.has(p)))) {
    throw new ValueError({
      op,
      problem: 'the optimiser has no parameter of this model: it would not learn',
      remedy: 'make it with net.parameters() of the same net',
    });
  }
  const seen = new Set(['loss', 'lr', 'epoch', 'step', 'seconds']);
  for (const metric of metrics as unknown[]) checkMetric(op, metric, seen);
  if (clipGradNorm !== undefined && !(typeof clipGradNorm === 'number' && clipGradNorm > 0)) {
    throw new ValueError({
      op,
      problem: `clipGradNorm must be a number above 0, not ${given(clipGradNorm)}`,
    });
  }
  checkWhole(op, 'accumulate', accumulate);
  if (nonFinite !== undefined && nonFinite !== 'throw' && nonFinite !== 'skip') {
    throw new ValueError({
      op,
      problem: `nonFinite is 'throw' or 'skip', not ${given(nonFinite)}`,
    });
  }
  if (options.compile !== undefined && typeof options.compile !== 'boolean') {
    throw new ValueError({
      op,
      problem: `compile is true or false, not ${given(options.compile)}`,
    });
  }
}

function checkMetric(op: string, metric: unknown, seen: Set<string>): void {
  const m = metric as Partial<Metric> | null;
  const lacks = ['reset', 'update', 'value'].find(
    (key) => typeof (m as Record<string, unknown> | null)?.[key] !== 'function',
  );
  if (lacks !== undefined) {
    throw new ValueError({
      op,
      problem: `a metric has the methods reset, update and value; ${given(metric)} has no ${lacks}`,
      remedy: typeof metric === 'function' ? 'call it: accuracy()' : undefined,
    });
  }
  if (typeof m?.name !== 'string' || m.name === '') {
    throw new ValueError({
      op,
      problem: 'a metric has no name',
      remedy: "give it one: name = 'mae'",
    });
  }
  if (seen.has(m.name) || /^val[A-Z]/.test(m.name)) {
    throw new ValueError({
      op,
      problem: `there is a second '${m.name}' among the metrics, or the name is taken`,
      remedy: 'give it another name',
    });
  }
  seen.add(m.name);
}

/** Throws a ValueError for a name or a value that makes no sense. */
export function checkFit(op: string, options: FitOptions): void {
  checkOptions(op, options, FIT);
  const { epochs, callbacks = [], checkpoint, resume, curves, progress } = options;
  checkWhole(op, 'epochs', epochs, 0);
  if (!Array.isArray(callbacks) || callbacks.some((c) => typeof c !== 'object' || c === null)) {
    throw new ValueError({
      op,
      problem: `callbacks is a list of objects with hooks, not ${given(callbacks)}`,
      remedy: 'call those of gradus/train: [earlyStopping()]',
    });
  }
  for (const callback of callbacks) checkCallback(op, callback);
  if (resume !== undefined && typeof resume !== 'boolean' && typeof resume !== 'string') {
    throw new ValueError({ op, problem: `resume is true, false or a path, not ${given(resume)}` });
  }
  if (curves !== undefined && typeof curves !== 'string') {
    throw new ValueError({
      op,
      problem: `curves is the path of an SVG file, not ${given(curves)}`,
    });
  }
  if (progress !== undefined && !['auto', 'bar', 'lines', 'none'].includes(progress)) {
    throw new ValueError({
      op,
      problem: `progress is 'auto', 'bar', 'lines' or 'none', not ${given(progress)}`,
    });
  }
  if (typeof checkpoint === 'object' && checkpoint !== null) {
    const known = ['path', 'everySteps', 'everySeconds', 'everyEpochs'];
    checkOptions(`${op}, checkpoint`, checkpoint, known);
    checkWhole(op, 'everySteps', checkpoint.everySteps);
    checkWhole(op, 'everyEpochs', checkpoint.everyEpochs);
    const { everySeconds = 1 } = checkpoint;
    if (!(typeof everySeconds === 'number' && everySeconds > 0)) {
      throw new ValueError({
        op,
        problem: `everySeconds must be a number above 0, not ${given(everySeconds)}`,
      });
    }
  }
  const path = typeof checkpoint === 'object' ? checkpoint?.path : checkpoint;
  if (path === undefined || path === false) return;
  if (typeof path !== 'string' || path === '') {
    throw new ValueError({
      op,
      problem: `checkpoint is a path, { path, ... } or false, not ${given(checkpoint)}`,
      remedy: "pass 'run.safetensors'",
    });
  }
}

const HOOKS = ['onFitStart', 'onEpochStart', 'onStepEnd', 'onEpochEnd', 'onFitEnd'];

/** A hook that is misspelt would never be called. */
function checkCallback(op: string, callback: Callback): void {
  if ((callback as unknown) instanceof Schedule) {
    throw new ValueError({
      op,
      problem: 'a schedule is no callback',
      remedy: 'wrap it: lrSchedule(schedule)',
    });
  }
  const keys = new Set<string>();
  let level: object | null = callback;
  while (level !== null && level !== Object.prototype) {
    for (const key of Object.getOwnPropertyNames(level)) keys.add(key);
    level = Object.getPrototypeOf(level) as object | null;
  }
  const strange = [...keys].find((key) => /^on[A-Z_]/.test(key) && !HOOKS.includes(key));
  if (strange === undefined && HOOKS.some((hook) => keys.has(hook))) return;
  throw new ValueError({
    op,
    problem: strange === undefined ? 'a callback has no hook' : `there is no hook '${strange}'`,
    remedy: `the hooks are ${HOOKS.join(', ')}; onStepEnd comes after each step`,
  });
}

function checkWhole(op: string, name: string, value: number | undefined, least = 1): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new ValueError({
    op,
    problem: `${name} must be a whole number from ${least}, not ${given(value)}`,
  });
}
