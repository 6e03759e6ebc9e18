/** What learning-rate schedules share: the count of steps, and the rates they started from. */
import { formatShape, given, ShapeError, sameShape, ValueError } from '../base/index.ts';
import { ADD, interpreter } from '../ir/index.ts';
import { noGrad, Tensor, tensor } from '../tensor/index.ts';
import { stateCell } from './hyper.ts';
import { Optimizer } from './optimizer.ts';

/** The rate after `count` steps of a group that started with `base`; all are 0-d float64 tensors. */
export type Rule = (count: Tensor, base: Tensor) => Tensor;

/**
 * A learning-rate schedule: assigns the rate of every group of an optimiser, from the number of its
 * own steps and the rates at its making.
 *
 * Rates set by hand in between last until the next `step`. The count is a cell and the rates are
 * computed from it, so that a step inside a compiled function counts on.
 */
export class Schedule {
  private readonly op: string;
  /** The optimiser whose rate it sets. */
  readonly optimizer: Optimizer;
  private readonly rule: Rule;
  private readonly count: Tensor;
  private readonly bases: readonly Tensor[];

  /** @internal */
  constructor(op: string, optimizer: Optimizer, rule: Rule) {
    if (!(optimizer instanceof Optimizer)) {
      throw new ValueError({
        op,
        problem: `the first argument is an optimiser, not ${given(optimizer)}`,
        remedy: `write ${op}(opt, { ... }) with opt = optim.adam(net.parameters()), say`,
      });
    }
    this.op = op;
    this.optimizer = optimizer;
    this.rule = rule;
    const cellOf = (x: number): Tensor => stateCell(tensor(x, { dtype: 'float64' }));
    this.count = cellOf(0);
    this.bases = optimizer.groups.map((g) => cellOf(g.lr));
    this.assign();
  }

  /** How many steps were taken. */
  get steps(): number {
    return this.count.item();
  }

  /** Counts one step, and assigns the learning rates of the next. Call it after `opt.step()`. */
  step(): void {
    noGrad(() => interpreter().update(ADD, [this.count, 1], null, [this.count]));
    this.assign();
  }

  private assign(): void {
    noGrad(() => {
      this.optimizer.groups.forEach((group, g) => {
        (group.hypers as Record<string, { readonly cell: Tensor }>).lr.cell.assign(
          this.rule(this.count, this.bases[g]),
        );
      });
    });
  }

  /** The count of steps (`step`) and the rates at the start (`base.0`, ...), as they are now. */
  stateDict(): Record<string, Tensor> {
    const out: Record<string, Tensor> = {};
    for (const [name, cell] of this.cells()) out[name] = cell.detach();
    return out;
  }

  /**
   * Goes on from what `stateDict` gave, and assigns the rates. The settings stay those of this
   * schedule. Throws ValueError for names that do not match; then nothing has changed.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>): void {
    const op = `${this.op}.loadStateDict`;
    const fail = (problem: string): never => {
      throw new ValueError({ op, problem, remedy: 'pass what stateDict() gave' });
    };
    if (typeof state !== 'object' || state === null || state instanceof Tensor) {
      fail(`a state is an object of names and tensors, not ${given(state)}`);
    }
    const cells = this.cells();
    const missing = [...cells.keys()].filter((name) => !Object.hasOwn(state, name));
    const unexpected = Object.keys(state).filter((name) => !cells.has(name));
    if (missing.length + unexpected.length > 0) {
      fail(
        `names do not match; missing: ${missing.join(', ') || 'none'}; ` +
          `unexpected: ${unexpected.join(', ') || 'none'}`,
      );
    }
    for (const name of cells.keys()) {
      const value: unknown = state[name];
      if (!(value instanceof Tensor)) fail(`'${name}' is ${given(value)}, not a tensor`);
      const { shape } = value as Tensor;
      if (sameShape(shape, [])) continue;
      throw new ShapeError({ op, problem: `${name} is one number, not ${formatShape(shape)}` });
    }
    for (const [name, cell] of cells) cell.assign(state[name]);
    this.assign();
  }

  private cells(): Map<string, Tensor> {
    return new Map([
      ['step', this.count],
      ...this.bases.map((cell, g) => [`base.${g}`, cell] as const),
    ]);
  }
}
