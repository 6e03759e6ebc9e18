/** Hyper-parameters: 0-d float64 cells, so that a recorded step reads the value of the day. */
import { given, ValueError } from '../base/index.ts';
import { buffer, type Tensor, tensor } from '../tensor/index.ts';

/** A cell that no gradient reaches: optimiser state. */
export const stateCell = (value: Tensor): Tensor => buffer(value);

/** What a hyper-parameter may be. */
export interface Range {
  readonly min: number;
  /** Not included. */
  readonly below?: number;
}

export const NOT_NEGATIVE: Range = { min: 0 };
export const FRACTION: Range = { min: 0, below: 1 };

/** Throws a ValueError unless `value` is a finite number in `range`. */
export function checkHyper(op: string, name: string, value: unknown, range: Range): number {
  const { min, below = Number.POSITIVE_INFINITY } = range;
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value < below) {
    return value;
  }
  const wanted =
    below === Number.POSITIVE_INFINITY
      ? `a number from ${min}`
      : `from ${min} up to but not including ${below}`;
  throw new ValueError({
    op,
    problem: `${name} must be ${wanted}, not ${given(value)}`,
    remedy: name === 'lr' ? 'pass { lr: 1e-3 }, say' : undefined,
  });
}

/** One hyper-parameter of one group. */
export class Hyper {
  readonly cell: Tensor;
  private readonly op: string;
  private readonly name: string;
  private readonly range: Range;

  constructor(op: string, name: string, value: number, range: Range) {
    checkHyper(op, name, value, range);
    this.op = op;
    this.name = name;
    this.range = range;
    this.cell = stateCell(tensor(value, { dtype: 'float64' }));
  }

  get value(): number {
    return this.cell.item();
  }

  set value(x: number) {
    this.cell.assign(checkHyper(this.op, this.name, x, this.range));
  }
}
