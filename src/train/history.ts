/** What a training run told, epoch by epoch. */

/** Numbers by name: `loss`, `accuracy`, `valLoss`, `lr`, ... */
export type Logs = Readonly<Record<string, number>>;

/** One epoch. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Optimiser steps since the beginning. */
  readonly step: number;
  /** How long it took, validation included; of a resumed epoch, the part since then. */
  readonly seconds: number;
  readonly logs: Logs;
}

/** One point of the loss curve: the mean over the steps since the point before. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
}

/** What `fit` gives. */
export interface History {
  readonly epochs: readonly EpochRecord[];
  /** The training loss along the way: at most about 1,000 points. */
  readonly curve: readonly CurvePoint[];
  /** Why it ended before the last epoch; undefined if it did not. */
  readonly stopped: string | undefined;
}

const MAX_POINTS = 1024;

/** The loss curve, made coarser as it grows. */
export class Curve {
  points: CurvePoint[] = [];
  /** Steps in a point. */
  private width = 1;
  private sum = 0;
  private count = 0;

  add(step: number, loss: number): void {
    this.sum += loss;
    if (++this.count < this.width) return;
    this.points.push({ step, loss: this.sum / this.count });
    this.sum = this.count = 0;
    if (this.points.length < MAX_POINTS) return;
    const half: CurvePoint[] = [];
    for (let i = 1; i < this.points.length; i += 2) {
      const [a, b] = [this.points[i - 1], this.points[i]];
      half.push({ step: b.step, loss: (a.loss + b.loss) / 2 });
    }
    this.points = half;
    this.width *= 2;
  }

  state(): { points: number[][]; width: number; sum: number; count: number } {
    const { width, sum, count } = this;
    return { points: this.points.map((p) => [p.step, p.loss]), width, sum, count };
  }

  restore(state: ReturnType<Curve['state']>): void {
    this.points = state.points.map(([step, loss]) => ({ step, loss }));
    this.width = state.width;
    this.sum = state.sum;
    this.count = state.count;
  }
}
