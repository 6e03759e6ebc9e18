/** Whether any, or all, elements are true. */
import { normalizeDims, reducedShape } from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { eq, gt } from './compare.ts';
import { logicalNot } from './logical.ts';
import { type Dims, type ReduceAttrs, sum } from './sum.ts';

const truth = (name: string, f: (x: Value, a: ReduceAttrs) => Value) =>
  defineOp<ReduceAttrs>({
    name,
    infer: ([x], { dims, keepdim }) => ({
      shape: reducedShape(x.shape, dims, keepdim),
      dtype: 'bool',
    }),
    decompose: ([x], a) => f(x as Value, a),
  });

export const ANY = truth('any', (x, a) => gt(sum(cast(x, 'bool'), a.dims, a.keepdim), 0));
export const ALL = truth('all', (x, a) => eq(sum(logicalNot(x), a.dims, a.keepdim), 0));

/**
 * Whether any element along `dim` (any at all if left out) is true; what is not 0 is true.
 *
 * Shapes: the dimensions vanish, or stay with size 1 if `keepdim`. Dtypes: bool. Of no elements,
 * none is true. Throws IndexError for a dimension out of range.
 *
 * @example
 * tensor([[0, 1], [0, 0]]).any(1).toArray(); // [true, false]
 */
export const any = (x: Value, dim?: Dims, keepdim = false): Value =>
  apply1(ANY, x, attrs({ dims: normalizeDims(dim, x.shape.length, 'any'), keepdim }));

/**
 * Whether all elements along `dim` (all of them if left out) are true; see {@link any}. Of no
 * elements, all are.
 *
 * @example
 * tensor([[0, 1], [1, 1]]).all(1).toArray(); // [false, true]
 */
export const all = (x: Value, dim?: Dims, keepdim = false): Value =>
  apply1(ALL, x, attrs({ dims: normalizeDims(dim, x.shape.length, 'all'), keepdim }));
