/** One batch: forward, loss, backward; and a step of the optimiser for each few of them. */
import { formatShape, given, ShapeError, ValueError } from '../base/index.ts';
import { clipGradNorm, type Module } from '../nn/index.ts';
import { getRandomState, noGrad, setRandomState, Tensor } from '../tensor/index.ts';
import type { Example } from './feed.ts';
import { badState, firstBadTensor } from './non-finite.ts';
import { NonFiniteError } from './non-finite-error.ts';
import type { TrainerOptions } from './options.ts';

/** What a batch gave. */
export interface BatchResult {
  readonly output: Tensor;
  readonly loss: number;
}

export class Stepper {
  private readonly model: Module;
  private readonly options: TrainerOptions;
  private readonly accumulate: number;
  /** Batches whose gradients wait for a step. */
  private waiting = 0;
  /** Steps left out because a loss was not finite. */
  skipped = 0;

  constructor(model: Module, options: TrainerOptions) {
    this.model = model;
    this.options = options;
    this.accumulate = options.accumulate ?? 1;
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
    const { output, loss } = forward(op, this.model, this.options.loss, example);
    const value = loss.item();
    if (!Number.isFinite(value)) {
      this.refuse(op, example, value, where, random);
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

  /** One step of the optimiser. */
  step(op: string, where: () => string): void {
    const { optimizer, clipGradNorm: maxNorm } = this.options;
    const params = this.model.parameters();
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
        this.tell(op, `the norm of the gradients is ${norm}`, where, () => badGradient(this.model));
        optimizer.zeroGrad();
        return;
      }
    }
    optimizer.step();
    optimizer.zeroGrad();
  }

  private refuse(
    op: string,
    example: Example,
    value: number,
    where: () => string,
    random: ReturnType<typeof getRandomState>,
  ): void {
    const { model, options } = this;
    this.tell(op, `the loss is ${value}`, where, () =>
      firstBadTensor(model, example, () => {
        // The same dropout as before; what forward does to buffers is undone.
        const [now, buffers] = [getRandomState(), model.namedBuffers()];
        const kept = buffers.map(([, b]) => b.detach());
        setRandomState(random);
        try {
          forward(op, model, options.loss, example).loss.backward();
        } finally {
          setRandomState(now);
          buffers.forEach(([, b], i) => b.assign(kept[i]));
        }
      }),
    );
    options.optimizer.zeroGrad();
    this.waiting = 0;
  }

  /** Throws; or, if such steps are skipped, counts. */
  private tell(op: string, what: string, where: () => string, find: () => string): void {
    if (this.options.nonFinite === 'skip') {
      this.skipped++;
      return;
    }
    throw new NonFiniteError({
      op,
      problem: `${what} in ${where()}; the first bad tensor is ${find()}`,
      remedy:
        'use a smaller learning rate, clipGradNorm: 1, or look at the data; ' +
        "{ nonFinite: 'skip' } leaves such steps out",
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

/** Throws a NonFiniteError if a parameter or a buffer is not finite: it is not worth keeping. */
export function checkFinite(op: string, model: Module, where: string): void {
  const bad = badState(model);
  if (bad === null) return;
  throw new NonFiniteError({
    op,
    problem: `${where}: the first bad tensor is ${bad}; the checkpoint before is kept`,
    remedy: 'use a smaller learning rate, or clipGradNorm: 1',
  });
}

function badGradient(model: Module): string {
  for (const [name, p] of model.namedParameters()) {
    if (p.grad === null) continue;
    const finite = noGrad(() => (p.grad as Tensor).isfinite().all().item());
    if (!finite) return `the gradient of '${name}'`;
  }
  return 'none: single gradients are finite, and their squares are too large';
}
