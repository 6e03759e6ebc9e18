/** `fit`: epochs of steps, with callbacks, checkpoints, signals and progress. */

import { ValueError } from '../base/index.ts';
import { FileError, writeFile } from '../format/index.ts';
import type { Module } from '../nn/index.ts';
import type { Optimizer } from '../optim/index.ts';
import type { Callback, Run } from './callback.ts';
import { type Position, readCheckpoint, tidyCheckpoints, writeCheckpoint } from './checkpoint.ts';
import { curvesSvg } from './curves-svg.ts';
import { exampleOf, type Feed } from './feed.ts';
import { Curve, type EpochRecord, type History, type Logs } from './history.ts';
import { MeanMetric, type Metric } from './metrics/metric.ts';
import { rememberModes } from './modes.ts';
import {
  type CheckpointOptions,
  DEFAULT_CHECKPOINT,
  type FitOptions,
  type TrainerOptions,
} from './options.ts';
import { evaluatePass, numbersOf } from './pass.ts';
import {
  bar,
  defaultOutput,
  duration,
  number,
  type Progress,
  progressLine,
  SILENT,
} from './progress-line.ts';
import { Signals } from './signals.ts';
import { checkFinite, Stepper } from './step.ts';
import { TrainingInterrupted } from './training-interrupted.ts';
import { turn } from './turn.ts';

const OP = 'Trainer.fit';
/** After how many milliseconds signals, timers and the collector have their turn. */
const TURN_MS = 10;

export class FitRun implements Run {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly records: EpochRecord[] = [];
  epoch = 0;
  step = 0;
  batch = 0;
  logs: Logs = {};
  failed = false;
  private readonly settings: TrainerOptions;
  private readonly options: FitOptions;
  private readonly metrics: readonly Metric[];
  readonly callbacks: readonly Callback[];
  private readonly feed: Feed;
  private readonly validation: Feed | null;
  private readonly stepper: Stepper;
  private readonly checkpoint: CheckpointOptions | null;
  private readonly progress: Progress;
  private readonly mean = new MeanMetric('loss', () => [0, 0]);
  private readonly curve = new Curve();
  private signals: Signals | null = null;
  private stopped: string | undefined;
  private savedStep = -1;
  private savedAt = 0;
  private epochStart = 0;
  private seen = 0;

  constructor(
    model: Module,
    settings: TrainerOptions,
    options: FitOptions,
    feed: Feed,
    validation: Feed | null,
  ) {
    this.model = model;
    this.optimizer = settings.optimizer;
    this.settings = settings;
    this.options = options;
    this.epochs = options.epochs ?? 1;
    this.metrics = settings.metrics ?? [];
    this.callbacks = options.callbacks ?? [];
    this.feed = feed;
    this.validation = validation;
    this.stepper = new Stepper(model, settings);
    const { checkpoint, progress = 'auto' } = options;
    this.checkpoint =
      typeof checkpoint === 'string'
        ? { path: checkpoint }
        : checkpoint === false
          ? null
          : (checkpoint ?? null);
    const out = options.out ?? defaultOutput();
    this.progress =
      progress === 'none'
        ? SILENT
        : progressLine(out, progress === 'auto' ? out.isTTY : progress === 'bar');
  }

  get batches(): number | undefined {
    return this.feed.length;
  }

  stop(why: string): void {
    this.stopped ??= why;
  }

  say(text: string): void {
    this.progress.say(text);
  }

  /** Runs from the beginning, or from the checkpoint. */
  async run(): Promise<History> {
    const resumed = this.resume();
    const restoreModes = rememberModes(this.model);
    // A model that evaluates as a whole is to train; parts that were set apart stay so.
    if (!this.model.training) this.model.train();
    this.signals = new Signals();
    this.savedAt = performance.now();
    this.stepper.begin();
    try {
      await this.call('onFitStart');
      const first = resumed?.epoch ?? 0;
      for (let e = first; e < this.epochs && this.stopped === undefined; e++) {
        await this.runEpoch(e + 1, e === first ? resumed : null);
      }
    } catch (error) {
      this.failed = true;
      // The first error is the one to tell.
      await this.end().catch(() => {});
      throw error;
    } finally {
      this.signals.release();
      restoreModes();
    }
    await this.end();
    if (this.stopped !== undefined) this.say(`stopped: ${this.stopped}`);
    return this.history();
  }

  private async end(): Promise<void> {
    await this.call('onFitEnd');
    const { curves } = this.options;
    if (curves === undefined || this.curve.points.length === 0) return;
    writeFile(OP, curves, [new TextEncoder().encode(curvesSvg(this.history()))]);
  }

  /** The counts of the epoch under way, to be put back after an evaluation in between. */
  metricStates(): () => void {
    const states = this.metrics.map((m) => m.state?.());
    return () => {
      this.metrics.forEach((m, i) => {
        const state = states[i];
        if (state !== undefined) m.restore?.(state);
      });
    };
  }

  private history(): History {
    return { epochs: this.records, curve: this.curve.points, stopped: this.stopped };
  }

  private async runEpoch(epoch: number, resumed: Position | null): Promise<void> {
    this.epoch = epoch;
    this.epochStart = performance.now();
    this.seen = 0;
    this.mean.reset();
    for (const metric of this.metrics) metric.reset();
    if (resumed !== null) this.restoreCounts(resumed);
    this.batch = resumed === null ? 0 : this.feed.state().batch;
    this.logs = { ...this.means(), lr: this.optimizer.lr };
    if (this.batch === 0) await this.call('onEpochStart');
    await this.trainPass();
    await this.stepIfPending();
    const trained = { ...this.means(), lr: this.optimizer.lr };
    this.logs = trained;
    if (this.validation !== null) {
      const logs = await evaluatePass(
        OP,
        this.model,
        this.settings.loss,
        this.metrics,
        this.validation,
        () => this.progress.update(`${this.head()}  validating`),
      );
      this.logs = { ...trained, ...valNames(logs) };
    }
    const seconds = (performance.now() - this.epochStart) / 1000;
    this.records.push({ epoch, step: this.step, seconds, logs: this.logs });
    this.progress.done(`${this.head()}  ${duration(seconds)}  ${told(this.logs)}`);
    await this.call('onEpochEnd');
    this.mean.reset();
    for (const metric of this.metrics) metric.reset();
    const { everyEpochs = 1 } = this.checkpoint ?? {};
    const last = epoch === this.epochs || this.stopped !== undefined;
    if (this.checkpoint !== null && (epoch % everyEpochs === 0 || last)) this.save(epoch);
    this.endIfSignalled(epoch);
  }

  private async trainPass(): Promise<void> {
    let turnAt = performance.now();
    const where = (): string => `epoch ${this.epoch}, batch ${this.batch}, step ${this.step + 1}`;
    for await (const batch of this.feed.batches()) {
      this.batch++;
      const example = exampleOf(OP, batch);
      const result = this.stepper.batch(OP, example, where);
      if (result === null) {
        if (this.stepper.skipped === 1) this.say(`the loss is not finite in ${where()}: skipped`);
        continue;
      }
      const { output, loss } = result;
      this.mean.add(loss * example.count, example.count);
      for (const metric of this.metrics) metric.update(output, example.target);
      this.seen += example.count;
      this.curve.add(this.step + 1, loss);
      if (this.stepper.due) await this.advance(where);
      this.progress.update(this.line());
      if (performance.now() - turnAt > TURN_MS) {
        await turn();
        turnAt = performance.now();
      }
      if (this.stopped !== undefined) break;
    }
    if (this.batch === 0) {
      throw new ValueError({ op: OP, problem: 'there are no examples to learn from' });
    }
  }

  private async stepIfPending(): Promise<void> {
    if (!this.stepper.pending) return;
    await this.advance(() => `epoch ${this.epoch}, its last batch, step ${this.step + 1}`);
  }

  /** One step of the optimiser, and what follows it. */
  private async advance(where: () => string): Promise<void> {
    this.stepper.step(OP, where);
    this.step++;
    if (this.callbacks.some((c) => c.onStepEnd !== undefined)) {
      this.logs = { ...this.means(), lr: this.optimizer.lr };
      await this.call('onStepEnd');
    }
    const { everySteps = 0, everySeconds = Number.POSITIVE_INFINITY } = this.checkpoint ?? {};
    const waited = (performance.now() - this.savedAt) / 1000;
    const due = (everySteps > 0 && this.step % everySteps === 0) || waited >= everySeconds;
    if (this.checkpoint !== null && due) this.save(this.epoch - 1);
    this.endIfSignalled(this.epoch - 1);
  }

  private endIfSignalled(epochsDone: number): void {
    const signal = this.signals?.received ?? null;
    if (signal === null) return;
    let path: string | null = null;
    if (this.options.checkpoint !== false) {
      path = this.checkpoint?.path ?? DEFAULT_CHECKPOINT;
      if (this.savedStep !== this.step) this.save(epochsDone, path);
    }
    const at = `after step ${this.step}, in epoch ${this.epoch} of ${this.epochs}`;
    throw new TrainingInterrupted(
      {
        op: OP,
        problem: `${signal} ended the run ${at}${path === null ? '' : `; it is saved in ${path}`}`,
        remedy:
          path === null
            ? undefined
            : `go on with fit(data, { ..., resume: '${path}' }): the result is the same to the bit`,
      },
      { signal, step: this.step, checkpoint: path },
    );
  }

  private save(epochsDone: number, path = this.checkpoint?.path ?? DEFAULT_CHECKPOINT): void {
    checkFinite(OP, this.model, `step ${this.step} of epoch ${this.epoch}`);
    const between = epochsDone === this.epoch;
    writeCheckpoint(OP, path, this, {
      epoch: epochsDone,
      step: this.step,
      feed: this.feed.state(),
      loss: between ? null : this.mean.state(),
      metrics: this.metrics.map((m) => ({
        name: m.name,
        state: between ? null : (m.state?.() ?? null),
      })),
      records: this.records,
      curve: this.curve.state(),
      stopped: this.stopped ?? null,
    });
    this.savedStep = this.step;
    this.savedAt = performance.now();
  }

  /** Goes to where the checkpoint was. */
  private resume(): Position | null {
    const { resume = false } = this.options;
    const path =
      typeof resume === 'string' ? resume : (this.checkpoint?.path ?? DEFAULT_CHECKPOINT);
    if (this.checkpoint !== null) tidyCheckpoints(this.checkpoint.path);
    if (resume === false) return null;
    const position = readCheckpoint(OP, path, this);
    if (position === null) {
      if (typeof resume === 'string') {
        throw new FileError('ENOENT', { op: OP, problem: `there is no checkpoint ${path}` });
      }
      return null;
    }
    this.feed.restore(position.feed);
    this.step = position.step;
    this.epoch = position.epoch;
    this.records.push(...position.records);
    this.curve.restore(position.curve);
    this.stopped = position.stopped ?? undefined;
    this.savedStep = this.step;
    this.say(`resumed from ${path}: step ${this.step}, ${position.epoch} of ${this.epochs} epochs`);
    return position;
  }

  private restoreCounts({ loss, metrics }: Position): void {
    if (loss !== null) this.mean.restore(loss);
    for (const metric of this.metrics) {
      const state = metrics.find((m) => m.name === metric.name)?.state;
      if (state !== undefined && state !== null) metric.restore?.(state);
    }
  }

  private means(): Logs {
    return { loss: this.mean.value(), ...numbersOf(this.metrics) };
  }

  private async call(
    hook: 'onFitStart' | 'onEpochStart' | 'onStepEnd' | 'onEpochEnd' | 'onFitEnd',
  ): Promise<void> {
    for (const callback of this.callbacks) await callback[hook]?.(this);
  }

  private head(): string {
    return `epoch ${String(this.epoch).padStart(String(this.epochs).length)}/${this.epochs}`;
  }

  private line(): string {
    const seconds = (performance.now() - this.epochStart) / 1000;
    const rate = this.seen / seconds;
    const { length, count } = this.feed;
    const place =
      length === undefined
        ? `${this.batch}`
        : `${bar(this.batch / length)} ${String(this.batch).padStart(String(length).length)}/${length}`;
    const left =
      length === undefined || count === undefined
        ? ''
        : `  ${duration(((length - this.batch) * (count / length)) / rate)} left`;
    return `${this.head()}  ${place}  ${told(this.means())}  ${Math.round(rate)}/s${left}`;
  }
}

const told = (logs: Logs): string =>
  Object.entries(logs)
    .map(([name, value]) => `${name} ${number(value)}`)
    .join('  ');

/** `valAccuracy` for `accuracy`. */
const valNames = (logs: Logs): Logs =>
  Object.fromEntries(
    Object.entries(logs).map(([name, x]) => [`val${name[0].toUpperCase()}${name.slice(1)}`, x]),
  );
