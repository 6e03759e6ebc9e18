/** Tensors as a data set: row i of each is example i. */
import { checkOptions, formatShape, given, ShapeError, ValueError } from '../base/index.ts';
import { fromHost, Generator, noGrad, Tensor } from '../tensor/index.ts';
import type { Dataset } from './dataset.ts';

/** Tensors by name whose first dimension counts the same examples. */
export type Columns = Readonly<Record<string, Tensor>>;

/** A row of each column. */
export type RowOf<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends Tensor<readonly [number, ...infer S extends number[]]>
    ? Tensor<readonly [...S]>
    : Tensor;
};

/**
 * Tensors `[N, ...]` by name; example i is row i of each. A loader picks a batch at once.
 *
 * Throws ShapeError when they differ in their number of examples, ValueError when there are none.
 *
 * @example
 * new DataLoader(new TensorDataset({ x: images, y: labels }), { batchSize: 64, shuffle: true });
 */
export class TensorDataset<C extends Columns> implements Dataset<RowOf<C>, C> {
  readonly columns: C;
  readonly length: number;

  constructor(columns: C, op = 'TensorDataset') {
    this.length = countOf(columns, op);
    this.columns = columns;
  }

  get(index: number): RowOf<C> {
    return Object.fromEntries(
      Object.entries(this.columns).map(([name, t]) => [name, t.at(index)]),
    ) as RowOf<C>;
  }

  pick(rows: Int32Array): C {
    return pickRows(this.columns, rows);
  }

  /**
   * Two parts in random order; `fraction` of the examples are held out in `test`. Equal seeds give
   * equal parts. Throws ValueError unless 0 < fraction < 1, or when a part would be empty.
   *
   * @example
   * const { train, test } = new TensorDataset({ x, y }).split(0.2, { seed: 1 });
   * await trainer.fit(train, { validation: test });
   */
  split(
    fraction: number,
    options: SplitOptions = {},
  ): { readonly train: TensorDataset<C>; readonly test: TensorDataset<C> } {
    checkFraction(fraction);
    checkOptions('split', options, ['seed']);
    const order = new Generator(options.seed ?? 0).permutation(this.length);
    const held = Math.floor(this.length * fraction + 1e-9);
    if (held === 0 || held === this.length) {
      throw new ValueError({
        op: 'split',
        problem: `a share of ${fraction} of ${this.length} examples leaves a part empty`,
      });
    }
    const part = (from: number, to: number): TensorDataset<C> =>
      new TensorDataset(pickRows(this.columns, order.slice(from, to)));
    return { train: part(held, this.length), test: part(0, held) };
  }
}

export interface SplitOptions {
  /** Decides who goes where. Default 0. */
  readonly seed?: number | bigint;
}

/** Throws ValueError unless a share can be held out. */
export function checkFraction(fraction: unknown): void {
  if (typeof fraction === 'number' && fraction > 0 && fraction < 1) return;
  throw new ValueError({
    op: 'split',
    problem: `the fraction held out must lie between 0 and 1, not ${given(fraction)}`,
    remedy: 'pass 0.2 to hold out a fifth',
  });
}

/** The rows of every column, in that order. */
export function pickRows<C extends Columns>(columns: C, rows: Int32Array): C {
  const picked: Record<string, Tensor> = noGrad(() => {
    const index = fromHost(rows, 'int32', [rows.length]);
    return Object.fromEntries(
      Object.entries(columns).map(([name, t]) => [name, t.indexSelect(0, index)]),
    );
  });
  return picked as C;
}

function countOf(columns: Columns, op: string): number {
  if (
    typeof columns !== 'object' ||
    columns === null ||
    columns instanceof Tensor ||
    Array.isArray(columns)
  ) {
    throw new ValueError({
      op,
      problem: `takes tensors by name, not ${given(columns)}`,
      remedy: 'pass { x, y }',
    });
  }
  const entries = Object.entries(columns);
  for (const [name, t] of entries) {
    if (!(t instanceof Tensor)) {
      throw new ValueError({
        op,
        problem: `${name} is not a tensor but ${given(t)}`,
        remedy: "wrap arrays with tensor(...), labels with tensor(labels, { dtype: 'int32' })",
      });
    }
    if (t.rank === 0) {
      throw new ShapeError({ op, problem: `${name} is 0-d: its first dimension counts examples` });
    }
  }
  const sizes = entries.map(([, t]) => t.shape[0]);
  if (sizes.some((n) => n !== sizes[0])) {
    throw new ShapeError({
      op,
      problem: `the tensors hold different numbers of examples: ${entries
        .map(([name, t]) => `${name} ${formatShape(t.shape)}`)
        .join(', ')}`,
      remedy: 'each row of one belongs to the row of the same number in the others',
    });
  }
  if (entries.length === 0 || sizes[0] === 0) {
    throw new ValueError({ op, problem: 'there are no examples' });
  }
  return sizes[0];
}
