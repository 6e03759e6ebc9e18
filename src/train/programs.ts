/** What a Trainer does with a batch: recorded once and run as programs, or run line by line. */
import {
  compileWanted,
  formatShape,
  GraphError,
  given,
  ShapeError,
  ValueError,
} from '../base/index.ts';
import { type Compiled, compile } from '../compile/index.ts';
import { clipGradNorm, type Module } from '../nn/index.ts';
import { Tensor } from '../tensor/index.ts';
import type { TrainerOptions } from './options.ts';
import { Settings } from './settings.ts';

/** Batches of so many shapes are recorded; those of others run line by line. */
const SHAPES = 8;
/** So many changes of settings are recorded anew. */
const CHANGES = 8;

/** What a batch gave, before any value is read. */
export interface Judged {
  readonly output: Tensor;
  readonly loss: Tensor;
}

export class Programs {
  /** Forward, loss and backward; gradients are added to those that wait. */
  readonly learn: (inputs: readonly unknown[], target: Tensor) => Judged;
  /** Makes waiting gradients smaller where `clipGradNorm` says so; the norm before. */
  readonly clip: () => Tensor;
  /** A step of the optimiser, which uses the gradients up. */
  readonly update: () => void;
  /** Output and loss, for evaluation. Whether the loss is one is not checked. */
  readonly judge: (inputs: readonly unknown[], target: Tensor) => Judged;
  readonly predict: (inputs: readonly unknown[]) => unknown;
  private readonly wanted: boolean;
  private readonly settings: Settings;
  private eager = false;
  private told = false;

  constructor(model: Module, options: TrainerOptions) {
    const { loss: lossOf, optimizer, accumulate = 1, clipGradNorm: maxNorm } = options;
    this.wanted = (options.compile ?? true) && compileWanted();
    this.settings = new Settings(model);
    const params = optimizer.groups.flatMap((g) => g.params);
    // The first of several batches meets no gradients, those after it do: two recordings a shape.
    const shapes = accumulate === 1 ? SHAPES : SHAPES / 2;

    this.learn = this.program('Trainer.fit', shapes, (inputs, target) => {
      const { output, loss } = forward('Trainer.fit', model, lossOf, inputs, target);
      (accumulate === 1 ? loss : loss.div(accumulate)).backward();
      // Nothing more is differentiated: other outputs of the model keep nothing for it.
      return { output: detached(output) as Tensor, loss: loss.detach() };
    });
    this.clip = this.program('Trainer.fit, gradients', shapes, () =>
      clipGradNorm(params, maxNorm ?? Number.POSITIVE_INFINITY),
    );
    this.update = this.program('Trainer.fit, optimiser', shapes, () => {
      optimizer.step();
      optimizer.zeroGrad();
    });
    this.judge = this.program('Trainer.evaluate', SHAPES, (inputs, target) => {
      const output = model.forward(...inputs) as Tensor;
      return { output, loss: lossOf(output, target) };
    });
    this.predict = this.program('Trainer.predict', SHAPES, (inputs) => model.forward(...inputs));
  }

  /**
   * `fn` compiled; or as it is where that is not wanted, or cannot be done, which is told once. A
   * recording or a program that fails has changed nothing, so the same batch can run line by line.
   */
  private program<A extends unknown[], R>(
    name: string,
    shapes: number,
    fn: (...args: A) => R,
  ): (...args: A) => R {
    if (!this.wanted) return fn;
    const compiled = compile(fn as never, { name }) as unknown as Compiled<(...args: A) => R>;
    const seen = new Set<string>();
    let version = 0;
    const call = (args: A): R => {
      const key = shapesOf(args);
      if (!seen.has(key) && seen.size === shapes) {
        this.tell(`${name}: batches have more than ${shapes} shapes; those of others run eagerly`);
        return fn(...args);
      }
      try {
        const result = compiled(...args);
        seen.add(key);
        return result;
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        const result = fn(...args); // throws what is no matter of recording
        this.giveUp(`${name} runs eagerly: ${error.message}`);
        return result;
      }
    };
    return (...args) => {
      if (this.eager) return fn(...args);
      const { settings } = this;
      if (settings.look() !== version) {
        version = settings.version;
        compiled.reset();
        seen.clear();
      }
      if (version > CHANGES) {
        this.giveUp(`${name} runs eagerly: ${settings.changed} changes again and again`);
        return fn(...args);
      }
      try {
        return call(args);
      } finally {
        settings.keep();
      }
    };
  }

  /** From now on everything runs line by line: what cannot be recorded is in forward or in the loss. */
  private giveUp(text: string): void {
    this.eager = true;
    this.tell(text);
  }

  private tell(text: string): void {
    if (!this.told) console.warn(`[gradus] ${text}`);
    this.told = true;
  }
}

/** Shapes of tensors, and other values as they are. */
function shapesOf(args: readonly unknown[]): string {
  const textOf = (x: unknown): string =>
    x instanceof Tensor
      ? `${x.dtype}${formatShape(x.shape)}`
      : Array.isArray(x)
        ? `(${x.map(textOf).join()})`
        : String(x);
  return args.map(textOf).join();
}

/** Output and loss. Throws ValueError or ShapeError for a loss that is not one number. */
export function forward(
  op: string,
  model: Module,
  lossOf: TrainerOptions['loss'],
  inputs: readonly unknown[],
  target: Tensor,
): Judged {
  const output = model.forward(...inputs) as Tensor;
  return { output, loss: checkLoss(op, lossOf(output, target)) };
}

/** The loss, if it is one number. */
export function checkLoss(op: string, loss: unknown): Tensor {
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
  return loss;
}

/** Tensors in lists and plain objects, without what led to them. */
function detached(x: unknown): unknown {
  if (x instanceof Tensor) return x.detach();
  if (Array.isArray(x)) return x.map(detached);
  if (typeof x !== 'object' || x === null || Object.getPrototypeOf(x) !== Object.prototype)
    return x;
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, detached(value)]));
}
