/** Triangles of matrices. */
import { given, ShapeError, ValueError } from '../../base/index.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { ge, le } from './compare.ts';
import { iota } from './iota.ts';
import { unsqueeze } from './reshape.ts';
import { where } from './where.ts';

/** What of each matrix lies on that side of the diagonal; 0 elsewhere. */
function triangle(op: string, x: Value, diagonal: number, side: typeof le): Value {
  if (x.shape.length < 2) {
    throw new ShapeError({ op, problem: 'takes a matrix, or a batch of them', operands: [x] });
  }
  if (!Number.isSafeInteger(diagonal)) {
    throw new ValueError({
      op,
      problem: `the diagonal is a whole number, not ${given(diagonal)}`,
      operands: [x],
    });
  }
  const [rows, columns] = x.shape.slice(-2);
  // Every diagonal beyond the matrix is like the first one there.
  const k = Math.max(-rows, Math.min(columns, diagonal));
  const start = add(unsqueeze(iota(rows, 'int32', x.device), 1), k);
  return cast(where(side(iota(columns, 'int32', x.device), start), x, 0), x.dtype);
}

/**
 * The lower triangle of the last two dimensions, 0 above: elements up to `diagonal` places right of
 * the main diagonal stay.
 *
 * Dtypes: the operand's. Throws ShapeError for less than two dimensions.
 *
 * @example
 * ones([2, 2]).tril().toArray(); // [[1, 0], [1, 1]]
 */
export const tril = (x: Value, diagonal = 0): Value => triangle('tril', x, diagonal, le);

/**
 * The upper triangle of the last two dimensions, 0 below: elements from `diagonal` places right of
 * the main diagonal on stay. See {@link tril}.
 *
 * @example
 * ones([2, 2]).triu().toArray(); // [[1, 1], [0, 1]]
 */
export const triu = (x: Value, diagonal = 0): Value => triangle('triu', x, diagonal, ge);
