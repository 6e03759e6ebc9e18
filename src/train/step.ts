/** One batch: forward, loss, backward; and a step of the optimiser for each few of them. */
import type { Module } from '../nn/index.ts';
import { getRandomState, noGrad, setRandomState, type Tensor } from '../tensor/index.ts';
import type { Example } from './feed.ts';
import { type Found, firstBadTensor, Watch } from './non-finite.ts';
import { NonFiniteError } from './non-finite-error.ts';
import type { TrainerOptions } from './options.ts';
import { forward, type Programs } from './programs.ts';

/** What a batch gave. */
export interface BatchResult {
  readonly output: Tensor;
  readonly loss: number;
}

export class Stepper {
  /** Tells what is left out, once. */
  private readonly say: (text: string) => void;
  private readonly model: Module;
  private readonly options: TrainerOptions;
  private readonly programs: Programs;
  private readonly accumulate: number;
  private readonly buffers: readonly Tensor[];
  private readonly watch: Watch;
  /** Batches whose gradients wait for a step. */
  private waiting = 0;
  private told = false;

  constructor(
    model: Module,
    options: TrainerOptions,
    programs: Programs,
    say: (text: string) => void,
  ) {
    this.model = model;
    this.options = options;
    this.programs = programs;
    this.say = say;
    this.accumulate = options.accumulate ?? 1;
    this.buffers = model.buffers();
    this.watch = new Watch(model);
  }

  /** Forgets gradients of before: a run begins, or goes on at a step. */
  begin(): void {
    this.waiting = 0;
    this.options.optimizer.zeroGrad();
  }

  /**
   * Forward and backward of one batch; null if its loss is not finite and such steps are skipped.
   * Throws NonFiniteError if they are not. Either way buffers and random numbers are then as before
   * the batch, model and optimiser as after the step before.
   */
  batch(op: string, example: Example, where: () => string): BatchResult | null {
    const { inputs, target } = example;
    const random = getRandomState();
    const before = this.buffers.map((b) => b.detach());
    const { output, loss } = this.programs.learn(inputs, target);
    const value = loss.item();
    if (Number.isFinite(value)) {
      this.waiting++;
      return { output, loss: value };
    }
    const putBack = (): void => {
      this.buffers.forEach((b, i) => b.assign(before[i]));
      setRandomState(random); // the same dropout, should it run again
      this.begin();
    };
    putBack();
    this.refuse(op, `the loss is ${value}`, where, () => {
      try {
        return firstBadTensor(this.watch, example, () => {
          forward(op, this.model, this.options.loss, inputs, target).loss.backward();
        });
      } finally {
        putBack();
      }
    });
    return null;
  }

  /** Whether enough batches wait for a step. */
  get due(): boolean {
    return this.waiting >= this.accumulate;
  }

  /** Whether any does, at the end of an epoch. */
  get pending(): boolean {
    return this.waiting > 0;
  }

  /** One step of the optimiser; false if it was left out, as its gradients are not finite. */
  step(op: string, where: () => string): boolean {
    // Fewer batches than the mean was made for.
    if (this.waiting < this.accumulate) this.rescale(this.accumulate / this.waiting);
    this.waiting = 0;
    if (this.options.clipGradNorm !== undefined) {
      const norm = this.programs.clip().item();
      if (!Number.isFinite(norm)) {
        const found = badGradient(this.model);
        this.begin();
        this.refuse(op, `the norm of the gradients is ${norm}`, where, () => found);
        return false;
      }
    }
    this.programs.update();
    return true;
  }

  /** Once an epoch at most: not worth a program. */
  private rescale(factor: number): void {
    const params = this.options.optimizer.groups.flatMap((g) => g.params);
    noGrad(() => {
      for (const p of params) if (p.grad !== null) p.grad = p.grad.mul(factor) as Tensor;
    });
  }

  /** Throws a NonFiniteError if a parameter or a buffer became NaN or infinite. */
  checkState(op: string, where: string): void {
    const bad = this.watch.bad();
    if (bad === null) return;
    throw new NonFiniteError({
      op,
      problem: `${where}: the first bad tensor is ${bad}; it is not saved`,
      remedy: 'use a smaller learning rate, or clipGradNorm: 1',
    });
  }

  /** Throws; or, if such steps are skipped, says so once. */
  private refuse(op: string, what: string, where: () => string, find: () => Found): void {
    if (this.options.nonFinite === 'skip') {
      if (!this.told) this.say(`${what} in ${where()}: such steps are left out`);
      this.told = true;
      return;
    }
    const { tensor, remedy } = find();
    throw new NonFiniteError({
      op,
      problem: `${what} in ${where()}; the first bad tensor is ${tensor}`,
      remedy: `${remedy}; { nonFinite: 'skip' } leaves such steps out`,
    });
  }
}

function badGradient(model: Module): Found {
  const remedy = 'use a smaller learning rate, or look at the data';
  for (const [name, p] of model.namedParameters()) {
    if (p.grad === null) continue;
    const finite = noGrad(() => (p.grad as Tensor).isfinite().all().item());
    if (!finite) return { tensor: `the gradient of '${name}'`, remedy };
  }
  return { tensor: 'none: single gradients are finite, and their squares are too large', remedy };
}
