/** Learning rates that follow a plan. */
import { checkOptions, given, ValueError } from '../base/index.ts';
import { minimum, type Tensor, where } from '../tensor/index.ts';
import { checkHyper, NOT_NEGATIVE } from './hyper.ts';
import type { Optimizer } from './optimizer.ts';
import { Schedule } from './schedule.ts';

export interface StepLrOptions {
  /** How many steps each rate lasts. */
  readonly stepSize: number;
  /** What the rate is multiplied by then. Default 0.1. */
  readonly gamma?: number;
}

export interface ExponentialLrOptions {
  /** What the rate is multiplied by after each step. */
  readonly gamma: number;
}

export interface LinearLrOptions {
  /** How many steps the way from the first factor to the last one takes. */
  readonly steps: number;
  /** Times the rate of the optimiser, at first. Default 1 / 3. */
  readonly startFactor?: number;
  /** Times the rate of the optimiser, at the end. Default 1. */
  readonly endFactor?: number;
}

export interface CosineLrOptions {
  /** All steps, those of the warm-up included; the lowest rate lasts from then on. */
  readonly steps: number;
  /** Steps of a linear rise at the start. Default 0. */
  readonly warmup?: number;
  /** The lowest rate, at the end. Default 0. */
  readonly minLr?: number;
}

function checkSteps(op: string, name: string, value: unknown, min: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= min) return value as number;
  throw new ValueError({
    op,
    problem: `${name} must be a whole number of at least ${min}, not ${given(value)}`,
  });
}

/** min(count, steps) / steps: how much of the way lies behind. */
const share = (count: Tensor, steps: number): Tensor =>
  minimum(count, steps).div(Math.max(1, steps)) as Tensor;

/**
 * Multiplies the learning rate by `gamma` after every `stepSize` steps:
 * `lr = base * gamma^floor(t / stepSize)` after t steps, as PyTorch's StepLR.
 *
 * A step is a call of `schedule.step()`: once an epoch, or once a batch. Throws ValueError for a step
 * size below 1 or a gamma below 0.
 *
 * @example
 * const schedule = optim.stepLr(opt, { stepSize: 30, gamma: 0.1 });
 * for (let epoch = 0; epoch < 90; epoch++) {
 *   trainOneEpoch();
 *   schedule.step();
 * }
 */
export function stepLr(opt: Optimizer, options: StepLrOptions): Schedule {
  const op = 'optim.stepLr';
  checkOptions(op, options, ['stepSize', 'gamma']);
  const { stepSize, gamma: factor = 0.1 } = options ?? {};
  const size = checkSteps(op, 'stepSize', stepSize, 1);
  const gamma = checkHyper(op, 'gamma', factor, NOT_NEGATIVE);
  return new Schedule(op, opt, (count, base) => powers(gamma, count.div(size).floor()).mul(base));
}

/**
 * Multiplies the learning rate by `gamma` after every step: `lr = base * gamma^t` after t steps, as
 * PyTorch's ExponentialLR. Throws ValueError for a gamma below 0.
 *
 * @example
 * const schedule = optim.exponentialLr(opt, { gamma: 0.95 });
 */
export function exponentialLr(opt: Optimizer, options: ExponentialLrOptions): Schedule {
  const op = 'optim.exponentialLr';
  checkOptions(op, options, ['gamma']);
  const gamma = checkHyper(op, 'gamma', options?.gamma, NOT_NEGATIVE);
  return new Schedule(op, opt, (count, base) => powers(gamma, count).mul(base));
}

/** gamma^n, n a 0-d tensor; 0^0 is 1. */
const powers = (gamma: number, n: Tensor): Tensor => n.mul(0).add(gamma).pow(n) as Tensor;

/**
 * Moves the learning rate in a straight line:
 * `lr = base * (startFactor + (endFactor - startFactor) * min(t, steps) / steps)` after t steps, as
 * PyTorch's LinearLR; by default a warm-up from a third of the rate.
 *
 * Throws ValueError for fewer than 1 step or factors below 0.
 *
 * @example
 * const schedule = optim.linearLr(opt, { steps: 500, startFactor: 0.01 });
 */
export function linearLr(opt: Optimizer, options: LinearLrOptions): Schedule {
  const op = 'optim.linearLr';
  checkOptions(op, options, ['steps', 'startFactor', 'endFactor']);
  const { steps: all, startFactor = 1 / 3, endFactor = 1 } = options ?? {};
  const steps = checkSteps(op, 'steps', all, 1);
  const from = checkHyper(op, 'startFactor', startFactor, NOT_NEGATIVE);
  const to = checkHyper(op, 'endFactor', endFactor, NOT_NEGATIVE);
  return new Schedule(
    op,
    opt,
    (count, base) =>
      share(count, steps)
        .mul(to - from)
        .add(from)
        .mul(base) as Tensor,
  );
}

/**
 * Lowers the learning rate along half a cosine, after a linear warm-up: after t steps
 * `lr = base * (t + 1) / (warmup + 1)` while t < warmup, then
 * `minLr + (base - minLr) * (1 + cos(pi * (t - warmup) / (steps - warmup))) / 2`, and `minLr` from
 * `steps` on. That is PyTorch's SequentialLR of LinearLR and CosineAnnealingLR.
 *
 * Throws ValueError for step counts that are no whole numbers, a warm-up that is not shorter than
 * the whole, or a `minLr` below 0.
 *
 * Source: Loshchilov & Hutter, SGDR, 2017, equation 5, without restarts.
 *
 * @example
 * const schedule = optim.cosineLr(opt, { steps: 10_000, warmup: 500, minLr: 1e-5 });
 */
export function cosineLr(opt: Optimizer, options: CosineLrOptions): Schedule {
  const op = 'optim.cosineLr';
  checkOptions(op, options, ['steps', 'warmup', 'minLr']);
  const { steps: all, warmup: first = 0, minLr = 0 } = options ?? {};
  const steps = checkSteps(op, 'steps', all, 1);
  const warmup = checkSteps(op, 'warmup', first, 0);
  const least = checkHyper(op, 'minLr', minLr, NOT_NEGATIVE);
  if (warmup >= steps) {
    throw new ValueError({
      op,
      problem: `a warm-up of ${warmup} steps leaves none of ${steps} for the cosine`,
      remedy: 'steps counts all of them, those of the warm-up included',
    });
  }
  return new Schedule(op, opt, (count, base) => {
    const angle = share(count.sub(warmup) as Tensor, steps - warmup).mul(Math.PI);
    const cosine = angle.cos().add(1).mul(0.5).mul(base.sub(least)).add(least) as Tensor;
    if (warmup === 0) return cosine;
    const rising = count
      .add(1)
      .div(warmup + 1)
      .mul(base);
    return where(count.lt(warmup), rising, cosine) as Tensor;
  });
}
