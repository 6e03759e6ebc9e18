import { type ErrorParts, GradusError } from '../base/index.ts';

/** Training was ended by a signal (Ctrl-C). What was learned is in the checkpoint it names. */
export class TrainingInterrupted extends GradusError {
  readonly signal: 'SIGINT' | 'SIGTERM';
  /** Optimiser steps that were taken. */
  readonly step: number;
  /** The checkpoint to resume from; null if none was wanted. */
  readonly checkpoint: string | null;

  constructor(parts: ErrorParts, run: Pick<TrainingInterrupted, 'signal' | 'step' | 'checkpoint'>) {
    super(parts);
    this.signal = run.signal;
    this.step = run.step;
    this.checkpoint = run.checkpoint;
  }
}
