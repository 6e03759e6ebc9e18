import { checkOptions, GraphError, given, ValueError } from '../base/index.ts';
import type { Module } from '../nn/index.ts';
import { Tensor } from '../tensor/index.ts';
import { feedOf, type TrainData } from './feed.ts';
import { FitRun } from './fit.ts';
import type { History } from './history.ts';
import { checkFit, checkTrainer, type FitOptions, type TrainerOptions } from './options.ts';
import { evaluatePass, predictPass } from './pass.ts';
import { Programs } from './programs.ts';

export interface EvaluateOptions {
  /** Examples in a batch; not for loaders. Default 256. */
  readonly batchSize?: number;
}

const EVALUATION_BATCH = 256;

/**
 * Trains, evaluates and uses a model, so that no loop need be written: batches, metrics, validation,
 * progress, checkpoints and Ctrl-C are its business. What a loop of your own would do, it does too:
 * `loss(net.forward(x), y)`, `backward`, `opt.step()`.
 *
 * Throws ValueError for options that make no sense.
 *
 * @example
 * const trainer = new Trainer(net, {
 *   loss: nn.crossEntropy,
 *   optimizer: optim.adam(net.parameters(), { lr: 1e-3 }),
 *   metrics: [accuracy()],
 * });
 * await trainer.fit(train, { epochs: 3, batchSize: 64, validation: test });
 * const { accuracy: share } = await trainer.evaluate(test);
 */
export class Trainer {
  readonly model: Module;
  readonly options: TrainerOptions;
  private readonly programs: Programs;
  private running: FitRun | null = null;

  constructor(model: Module, options: TrainerOptions) {
    checkTrainer(model, options);
    this.model = model;
    this.options = options;
    this.programs = new Programs(model, options);
  }

  /**
   * Trains for `epochs` passes over `data`, and tells how it went.
   *
   * The loss of an epoch is the mean over its examples as they were learned from. `epochs` counts
   * those before a resumed checkpoint too. A run that was resumed gives the same bits as one that was
   * never interrupted, if data, model and options are the same. The first SIGINT or SIGTERM ends the
   * run after the step under way, saves it, and throws TrainingInterrupted, which says how to go on;
   * a second one ends the process.
   *
   * Throws ValueError for data or options that make no sense, NonFiniteError, which names the first
   * bad tensor, for a loss that is NaN or infinite (the model is then as after the step before),
   * GraphError if it is running already, FileError when a checkpoint cannot be written, and what
   * forward, loss and callbacks throw.
   *
   * @example
   * const history = await trainer.fit({ x: images, y: labels }, {
   *   epochs: 20,
   *   batchSize: 64,
   *   validation: test,
   *   checkpoint: 'run.safetensors',
   *   resume: true,
   *   callbacks: [earlyStopping({ monitor: 'valAccuracy', patience: 3 })],
   * });
   * history.epochs.at(-1)?.logs.valAccuracy; // 0.98
   */
  async fit(data: TrainData, options: FitOptions = {}): Promise<History> {
    const op = 'Trainer.fit';
    checkFit(op, options);
    if (this.running !== null) {
      throw new GraphError({
        op,
        problem: 'this trainer is running already',
        remedy: 'await the fit before',
      });
    }
    const { batchSize, shuffle, seed, dropLast, validation } = options;
    const feed = feedOf(op, data, { batchSize, shuffle, seed, dropLast }, { shuffle: true });
    const held =
      validation === undefined ? null : feedOf(`${op}, validation`, validation, {}, EVALUATION);
    const run = new FitRun(this.model, this.options, this.programs, options, feed, held);
    this.running = run;
    try {
      return await run.run();
    } finally {
      this.running = null;
    }
  }

  /**
   * The mean loss and every metric over `data`, in evaluation and without gradients. Metrics that are
   * no numbers (confusionMatrix) are read from themselves. While `fit` runs, only its callbacks may
   * call it; the counts of the epoch are put back after the hook.
   *
   * Throws ValueError for data without examples.
   *
   * @example
   * await trainer.evaluate(test); // { loss: 0.041, accuracy: 0.987 }
   */
  async evaluate(
    data: TrainData,
    options: EvaluateOptions = {},
  ): Promise<Readonly<Record<string, number>>> {
    const op = 'Trainer.evaluate';
    checkOptions(op, options, ['batchSize']);
    const feed = feedOf(op, data, options, EVALUATION);
    const { metrics = [] } = this.options;
    return this.admitted(op, () => evaluatePass(op, this.model, this.programs, metrics, feed));
  }

  /**
   * What the model says of every example, in order: `[N, ...]`, in evaluation and without gradients.
   *
   * `data` is a tensor `[N, ...]` of inputs, or what `fit` takes; targets are not looked at. Throws
   * ValueError for a model whose output is no tensor.
   *
   * @example
   * const classes = (await trainer.predict(images)).argmax(1);
   */
  async predict(data: Tensor | TrainData, options: EvaluateOptions = {}): Promise<Tensor> {
    const op = 'Trainer.predict';
    checkOptions(op, options, ['batchSize']);
    if (Array.isArray(data) && (typeof data[0] === 'number' || Array.isArray(data[0]))) {
      throw new ValueError({
        op,
        problem: 'takes a tensor of inputs, not an array of numbers',
        remedy: 'wrap it: tensor(...)',
      });
    }
    const feed = feedOf(op, data instanceof Tensor ? { x: data } : data, options, EVALUATION);
    return this.admitted(op, () => predictPass(op, this.model, this.programs, feed));
  }

  /** Runs an evaluation, unless it would run between the steps of a fit. */
  private admitted<T>(op: string, evaluation: () => Promise<T>): Promise<T> {
    if (this.running === null) return evaluation();
    const admitted = this.running.admits(evaluation);
    if (admitted !== null) return admitted as Promise<T>;
    throw new GraphError({
      op,
      problem: 'the model is being trained: its modes and counts would change under the steps',
      remedy: 'await the fit, or evaluate in a hook of a callback, such as onEpochEnd',
    });
  }

  /** What Node's console.log shows. @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Trainer(${given(this.model)})`;
  }
}

const EVALUATION = { batchSize: EVALUATION_BATCH };
