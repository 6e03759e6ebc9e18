/** One batch: forward, loss, backward; and a step of the optimiser for each few of them. */
import { formatShape, given, ShapeError, ValueError } from '../base/index.ts';
import { clipGradNorm, type Module } from '../nn/index.ts';
import { getRandomState, noGrad, setRandomState, Tensor } from '../tensor/index.ts';
import type { Example } from './feed.ts';
import { type Found, firstBadTensor, Watch } from './non-finite.ts';
import { NonFiniteError } from './non-finite-error.ts';
import type { TrainerOptions } from './options.ts';

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
  private readonly accumulate: number;
  /** The optimiser's parameters: the model's, and perhaps others such as a learned loss. */
  private readonly params: readonly Tensor[];
  private readonly buffers: readonly Tensor[];
  private readonly watch: Watch;
  /** Batches whose gradients wait for a step. */
  private waiting = 0;
  private told = false;

  constructor(model: Module, options: TrainerOptions, say: (text: string) => void) {
    this.model = model;
    this.options = options;
    this.say = say;
    this.accumulate = options.accumulate ?? 1;
    this.params = options.optimizer.groups.flatMap((g) => g.params);
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
   * Throws NonFiniteError if they are not: model and optimiser are then as after the step before.
   */
  batch(op: string, example: Example, where: () => string): BatchResult | null {
    const random = getRandomState();
    const before = this.buffers.map((b) => b.detach());
    const { output, loss } = forward(op, this.model, this.options.loss, example);
    const value = loss.item();
    if (!Number.isFinite(value)) {
      const putBack = (): void => this.buffers.forEach((b, i) => b.assign(before[i]));
      putBack();
      this.waiting = 0;
      this.options.optimizer.zeroGrad();
      this.refuse(op, `the loss is ${value}`, where, () => {
        setRandomState(random); // the same dropout
        const again = (): void => {
          forward(op, this.model, this.options.loss, example).loss.backward();
        };
        try {
          return firstBadTensor(this.watch, example, again);
        } finally {
          putBack();
          setRandomState(random);
          this.options.optimizer.zeroGrad();
        }
      });
      return null;
    }
    (this.accumulate === 1 ? loss : loss.div(this.accumulate)).backward();
    this.waiting++;
    return { output, loss: value };
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
    const { optimizer, clipGradNorm: maxNorm } = this.options;
    const { params } = this;
    if (this.waiting < this.accumulate) {
      // Fewer batches than the mean was made for.
      const factor = this.accumulate / this.waiting;
      noGrad(() => {
        for (const p of params) if (p.grad !== null) p.grad = p.grad.mul(factor) as Tensor;
      });
    }
    this.waiting = 0;
    if (maxNorm !== undefined) {
      const norm = clipGradNorm(params, maxNorm).item();
      if (!Number.isFinite(norm)) {
        const found = badGradient(this.model);
        optimizer.zeroGrad();
        this.refuse(op, `the norm of the gradients is ${norm}`, where, () => found);
        return false;
      }
    }
    optimizer.step();
    optimizer.zeroGrad();
    return true;
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

/** Output and loss. Throws ValueError or ShapeError for a loss that is not one number. */
export function forward(
  op: string,
  model: Module,
  lossOf: TrainerOptions['loss'],
  example: Example,
): { readonly output: Tensor; readonly loss: Tensor } {
  const output = model.forward(...example.inputs) as Tensor;
  const loss: unknown = lossOf(output, example.target);
  if (!(loss instanceof Tensor)) {
    throw new ValueError({
      op,
      problem: `the loss is ${given(loss)}, not a tensor`,
      remedy: loss === undefined ? 'does the loss function return its result?' : undefined,
    });
  }
  if (loss.rank > 0) {
    throw new ShapeError({
      op,
      problem: `the loss of a batch is one number, not ${formatShape(loss.shape)}`,
      operands: [loss],
      remedy:
        "take its mean: (output, target) => loss(output, target).mean(), or reduction: 'mean'",
    });
  }
  return { output, loss };
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
