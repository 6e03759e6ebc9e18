/** Tensors as a data set: row i of each is example i. */
import { formatShape, given, ShapeError, ValueError } from '../base/index.ts';
import { fromHost, noGrad, Tensor } from '../tensor/index.ts';
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
