/** What may hook into a training run. */
import type { Module } from '../nn/index.ts';
import type { Optimizer } from '../optim/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { EpochRecord, Logs } from './history.ts';
import type { Plain } from './metrics/metric.ts';

/** A run under way, as callbacks see it. */
export interface Run {
  readonly model: Module;
  readonly optimizer: Optimizer;
  /** The epoch under way, from 1; 0 before the first. */
  readonly epoch: number;
  /** How many epochs there will be. */
  readonly epochs: number;
  /** Optimiser steps taken since the beginning. */
  readonly step: number;
  /** Batches of this epoch that were used. */
  readonly batch: number;
  /** Batches in an epoch; undefined for a stream. */
  readonly batches: number | undefined;
  /** The numbers of now: means over the epoch so far; at the end of an epoch, validation too. */
  readonly logs: Logs;
  /** Whether it ends by an error or a signal, not by itself. */
  readonly failed: boolean;
  /** Every epoch that has ended; in `onEpochEnd`, that one too. */
  readonly records: readonly EpochRecord[];
  /** Ends the run after this step, or this epoch; `why` is told and kept in the history. */
  stop(why: string): void;
  /** Says a line without breaking the progress bar. */
  say(text: string): void;
}

/** What a callback keeps in a checkpoint: plain data, and tensors. */
export interface CallbackState {
  readonly data?: Plain;
  readonly tensors?: Readonly<Record<string, Tensor>>;
}

/**
 * Hooks of a run, each of which may return a Promise. They are called in the order in which the
 * callbacks are listed.
 *
 * @example
 * const shout: Callback = { onEpochEnd: (run) => run.say(`epoch ${run.epoch}: ${run.logs.loss}`) };
 * await trainer.fit(train, { epochs: 3, callbacks: [shout] });
 */
export interface Callback {
  /** What a checkpoint knows it by. */
  readonly name?: string;
  /** Before the first step, after a checkpoint was loaded. */
  onFitStart?(run: Run): unknown;
  onEpochStart?(run: Run): unknown;
  /** After each step of the optimiser. */
  onStepEnd?(run: Run): unknown;
  /** After validation. */
  onEpochEnd?(run: Run): unknown;
  /** At the end, also when a step threw or the run was interrupted. */
  onFitEnd?(run: Run): unknown;
  /** What a checkpoint keeps of it. */
  state?(): CallbackState;
  /** Goes on from what `state` gave; throws for what it did not give. */
  restore?(state: CallbackState): void;
}
