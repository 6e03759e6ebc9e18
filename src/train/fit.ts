/** `fit`: epochs of steps, with callbacks, checkpoints, signals and progress. */

import { GradusError, ValueError } from '../base/index.ts';
import { checkWritable, FileError, writeFile } from '../format/index.ts';
import type { Module } from '../nn/index.ts';
import type { Optimizer } from '../optim/index.ts';
import type { Callback, Run } from './callback.ts';
import {
  holdsCheckpoint,
  type Position,
  readCheckpoint,
  tidyCheckpoints,
  writeCheckpoint,
} from './checkpoint.ts';
import { curvesSvg } from './curves-svg.ts';
import { exampleOf, type Feed, type FeedState } from './feed.ts';
import { Curve, type EpochRecord, type History, type Logs } from './history.ts';
import { MeanMetric, type Metric } from './metrics/metric.ts';
import { rememberModes } from './modes.ts';
import { NonFiniteError } from './non-finite-error.ts';
import {
  type CheckpointOptions,
  DEFAULT_CHECKPOINT,
  type FitOptions,
  type TrainerOptions,
} from './options.ts';
import { evaluatePass, numbersOf } from './pass.ts';
import type { Programs } from './programs.ts';
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
import { Stepper } from './step.ts';
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
  private readonly programs: Programs;
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
  /** After the last batch that was used: the feed's own state is that of the next pass, once it ends. */
  private place: FeedState | null = null;
  /** Losses of the batches that wait for a step. */
  private group: number[] = [];
  /** While callbacks are called: the counts of the epoch, if one evaluated; what it started. */
  private hook: { putBack: (() => void) | null; readonly pending: Promise<unknown>[] } | null =
    null;

  constructor(
    model: Module,
    settings: TrainerOptions,
    programs: Programs,
    options: FitOptions,
    feed: Feed,
    validation: Feed | null,
  ) {
    this.model = model;
    this.optimizer = settings.optimizer;
    this.programs = programs;
    this.options = options;
    this.epochs = options.epochs ?? 1;
    this.metrics = settings.metrics ?? [];
    this.callbacks = options.callbacks ?? [];
    this.feed = feed;
    this.validation = validation;
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
    this.stepper = new Stepper(model, settings, programs, (text) => this.say(text));
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
    this.probe();
    const resumed = this.resume();
    const restoreModes = rememberModes(this.model);
    try {
      this.signals = new Signals();
      // A model that evaluates as a whole is to train; parts that were set apart stay so.
      if (!this.model.training) this.model.train();
      this.savedAt = performance.now();
      this.stepper.begin();
      await this.call('onFitStart');
      this.endIfSignalled(this.epoch);
      const first = resumed?.epoch ?? 0;
      // An epoch in which the run was stopped, and then killed, still gets its end.
      const unfinished = resumed !== null && resumed.loss !== null;
      for (let e = first; e < this.epochs; e++) {
        if (this.stopped !== undefined && !(unfinished && e === first)) break;
        await this.runEpoch(e + 1, e === first ? resumed : null);
      }
    } catch (error) {
      this.failed = true;
      this.progress.end();
      // The first error is the one to tell.
      await this.end().catch(() => {});
      throw error;
    } finally {
      this.signals?.release();
      restoreModes();
    }
    await this.end();
    if (this.stopped !== undefined) this.say(`stopped: ${this.stopped}`);
    return this.history();
  }

  /** Places that cannot be written are told before the first step. */
  private probe(): void {
    const { curves } = this.options;
    if (curves !== undefined) checkWritable(`${OP}, curves`, curves);
    if (this.checkpoint === null) return;
    const { path } = this.checkpoint;
    checkWritable(`${OP}, checkpoint`, path);
    tidyCheckpoints(path);
    const { resume = false } = this.options;
    if (resume === false && holdsCheckpoint(path)) {
      this.say(`${path} holds a run, which this one replaces: resume: true would go on with it`);
    }
  }

  private async end(): Promise<void> {
    const { curves } = this.options;
    try {
      await this.call('onFitEnd');
    } finally {
      if (curves !== undefined && this.curve.points.length > 0) this.draw(curves);
    }
  }

  /** The curves; what was learned is worth more than they are. */
  private draw(path: string): void {
    try {
      writeFile(OP, path, [new TextEncoder().encode(curvesSvg(this.history()))]);
    } catch (error) {
      this.say(`the curves were not written: ${(error as Error).message.split('\n')[0]}`);
    }
  }

  /**
   * Lets an evaluation run inside a hook: the epoch's counts are put back when the hook has ended.
   * Null outside of hooks: it would change modes and counts under the steps.
   */
  admits(evaluation: () => Promise<unknown>): Promise<unknown> | null {
    const { hook } = this;
    if (hook === null) return null;
    hook.putBack ??= this.metricStates();
    const running = evaluation();
    hook.pending.push(running);
    return running;
  }

  private metricStates(): () => void {
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
    this.group = [];
    this.place = resumed === null ? null : this.feed.state();
    this.mean.reset();
    for (const metric of this.metrics) metric.reset();
    if (resumed !== null) this.restoreCounts(resumed);
    this.batch = resumed === null || resumed.loss === null ? 0 : this.feed.state().batch;
    this.logs = { ...this.means(), lr: this.optimizer.lr };
    if (this.batch === 0) await this.call('onEpochStart');
    if (this.stopped === undefined) await this.trainPass();
    if (this.stepper.pending) {
      await this.advance(() => `epoch ${epoch}, its last batch, step ${this.step + 1}`);
    }
    this.stepper.checkState(OP, `after epoch ${epoch}`);
    const trained = { ...this.means(), lr: this.optimizer.lr };
    this.logs = trained;
    if (this.validation !== null) {
      const logs = await this.validate(this.validation);
      this.logs = { ...trained, ...valNames(logs) };
    }
    const seconds = (performance.now() - this.epochStart) / 1000;
    this.records.push({ epoch, step: this.step, seconds, logs: this.logs });
    this.progress.done(`${this.head()}  ${duration(seconds)}  ${told(this.logs)}`);
    await this.call('onEpochEnd');
    const { everyEpochs = 1 } = this.checkpoint ?? {};
    const last = epoch === this.epochs || this.stopped !== undefined;
    if (this.checkpoint !== null && (epoch % everyEpochs === 0 || last)) {
      this.save(this.position(epoch));
    }
    await turn(); // short epochs too let signals be heard
    this.endIfSignalled(epoch);
  }

  /** A signal ends it at the next batch; the run is then where the epoch's last step left it. */
  private async validate(feed: Feed): Promise<Logs> {
    const before = this.position(this.epoch - 1);
    return evaluatePass(OP, this.model, this.programs, this.metrics, feed, () => {
      this.progress.update(`${this.head()}  validating`);
      this.endIfSignalled(this.epoch - 1, before);
    });
  }

  private async trainPass(): Promise<void> {
    let turnAt = performance.now();
    let used = 0;
    const where = (): string => `epoch ${this.epoch}, batch ${this.batch}, step ${this.step + 1}`;
    for await (const batch of this.feed.batches()) {
      this.batch++;
      this.place = this.feed.state();
      used += this.useBatch(batch, where) ? 1 : 0;
      if (this.stepper.due) await this.advance(where);
      this.progress.update(this.line());
      if (performance.now() - turnAt > TURN_MS) {
        await turn();
        turnAt = performance.now();
        // Batches that are skipped make no step.
        if (!this.stepper.pending) this.endIfSignalled(this.epoch - 1);
      }
      if (this.stopped !== undefined) return;
    }
    if (this.batch === 0) {
      throw new ValueError({ op: OP, problem: 'there are no examples to learn from' });
    }
    if (used === 0 && this.mean.value() !== this.mean.value()) {
      throw new NonFiniteError({
        op: OP,
        problem: `no batch of epoch ${this.epoch} has a finite loss: nothing was learned`,
        remedy: 'look at the data, or use a smaller learning rate',
      });
    }
  }

  /** False for a batch that was left out, as its loss is not finite. */
  private useBatch(batch: unknown, where: () => string): boolean {
    try {
      const example = exampleOf(OP, batch);
      const result = this.stepper.batch(OP, example, where);
      if (result === null) {
        this.group = [];
        return false;
      }
      this.mean.add(result.loss * example.count, example.count);
      for (const metric of this.metrics) metric.update(result.output, example.target);
      this.seen += example.count;
      this.group.push(result.loss);
      return true;
    } catch (error) {
      if (error instanceof GradusError && !(error instanceof NonFiniteError)) {
        error.addContext(`in: epoch ${this.epoch}, batch ${this.batch}`);
      }
      throw error;
    }
  }

  /** One step of the optimiser, and what follows it. */
  private async advance(where: () => string): Promise<void> {
    const { group } = this;
    this.group = [];
    if (!this.stepper.step(OP, where)) return;
    this.step++;
    this.curve.add(this.step, group.reduce((sum, loss) => sum + loss, 0) / group.length);
    if (this.callbacks.some((c) => c.onStepEnd !== undefined)) {
      this.logs = { ...this.means(), lr: this.optimizer.lr };
      await this.call('onStepEnd');
    }
    const { everySteps = 0, everySeconds = Number.POSITIVE_INFINITY } = this.checkpoint ?? {};
    const waited = (performance.now() - this.savedAt) / 1000;
    const due = (everySteps > 0 && this.step % everySteps === 0) || waited >= everySeconds;
    if (this.checkpoint !== null && due) this.save(this.position(this.epoch - 1));
    this.endIfSignalled(this.epoch - 1);
  }

  private endIfSignalled(epochsDone: number, position?: Position): void {
    const signal = this.signals?.received ?? null;
    if (signal === null) return;
    let path: string | null = null;
    if (this.options.checkpoint !== false) {
      path = this.checkpoint?.path ?? DEFAULT_CHECKPOINT;
      if (this.savedStep !== this.step) this.save(position ?? this.position(epochsDone), path);
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

  /** Where the run is, when so many epochs have ended. */
  private position(epochsDone: number): Position {
    const between = epochsDone === this.epoch;
    return {
      epoch: epochsDone,
      step: this.step,
      feed: between || this.place === null ? this.feed.state() : this.place,
      loss: between ? null : this.mean.state(),
      metrics: this.metrics.map((m) => ({
        name: m.name,
        state: between ? null : (m.state?.() ?? null),
      })),
      records: [...this.records],
      curve: this.curve.state(),
      stopped: this.stopped ?? null,
    };
  }

  private save(position: Position, path = this.checkpoint?.path ?? DEFAULT_CHECKPOINT): void {
    this.stepper.checkState(OP, `at step ${this.step} of epoch ${this.epoch}`);
    writeCheckpoint(OP, path, this, position);
    this.savedStep = this.step;
    this.savedAt = performance.now();
  }

  /** Goes to where the checkpoint was. */
  private resume(): Position | null {
    const { resume = false } = this.options;
    const path =
      typeof resume === 'string' ? resume : (this.checkpoint?.path ?? DEFAULT_CHECKPOINT);
    if (resume === false) return null;
    const { lr } = this.optimizer;
    const feed = this.feed.state();
    const position = readCheckpoint(OP, path, this, (at) => {
      this.feed.restore(at.feed);
      try {
        this.restoreCounts(at);
        this.curve.restore(at.curve);
      } catch (error) {
        this.feed.restore(feed);
        throw error;
      }
    });
    if (position === null) {
      if (typeof resume === 'string') {
        throw new FileError('ENOENT', { op: OP, problem: `there is no checkpoint ${path}` });
      }
      return null;
    }
    this.step = position.step;
    this.epoch = position.epoch;
    this.records.push(...position.records);
    this.stopped = position.stopped ?? undefined;
    this.savedStep = this.step;
    const done = position.epoch >= this.epochs ? ': nothing is left to do' : '';
    this.say(
      `resumed from ${path}: step ${this.step}, ${position.epoch} of ${this.epochs} epochs${done}`,
    );
    if (this.optimizer.lr !== lr) {
      this.say(`the learning rate is the run's, ${number(this.optimizer.lr)}, not ${number(lr)}`);
    }
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

  /** Calls a hook of every callback, also when one throws: the first error is then thrown. */
  private async call(
    hook: 'onFitStart' | 'onEpochStart' | 'onStepEnd' | 'onEpochEnd' | 'onFitEnd',
  ): Promise<void> {
    let failed = false;
    let first: unknown;
    for (const callback of this.callbacks) {
      if (callback[hook] === undefined || (failed && hook !== 'onFitEnd')) continue;
      this.hook = { putBack: null, pending: [] };
      try {
        await callback[hook](this);
        await Promise.all(this.hook.pending); // also those that the callback did not wait for
      } catch (error) {
        if (!failed) first = error;
        failed = true;
      } finally {
        this.hook.putBack?.();
        this.hook = null;
      }
    }
    if (failed) throw first;
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
    return `${this.head()}  ${place}  ${told(this.means())}  ${Math.round(rate)} examples/s${left}`;
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
