/** Where the greatest and the least element are. */
import { normalizeDim, reducedShape } from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { attrs, defineOp } from '../op.ts';
import { argReference } from '../reduce.ts';
import type { Value } from '../value.ts';
import { requireElements } from './max.ts';
import { flatten, reshape } from './reshape.ts';
import type { ReduceAttrs } from './sum.ts';

const position = (
  name: 'argmax' | 'argmin',
  onnx: string,
  beats: (x: number | bigint, best: number | bigint) => boolean,
) =>
  defineOp<ReduceAttrs>({
    name,
    onnx,
    infer([x], { dims, keepdim }) {
      requireElements(name, x, dims);
      return { shape: reducedShape(x.shape, dims, keepdim), dtype: 'int32' };
    },
    reference: argReference(beats),
    lower: { kind: 'reduce', combine: name, dims: (a) => a.dims },
  });

/** Attribute `dims` holds one dimension. */
export const ARGMAX = position('argmax', 'ArgMax', (x, best) => x > best);
export const ARGMIN = position('argmin', 'ArgMin', (x, best) => x < best);

function find(def: typeof ARGMAX, x: Value, dim: number | undefined, keepdim: boolean): Value {
  if (dim === undefined) {
    const at = apply1(def, flatten(x), attrs({ dims: [0], keepdim: false }));
    return keepdim
      ? reshape(
          at,
          x.shape.map(() => 1),
        )
      : at;
  }
  return apply1(def, x, attrs({ dims: [normalizeDim(dim, x.shape.length, def.name)], keepdim }));
}

/**
 * Position of the greatest element along `dim`; among all elements, in row-major order, if left
 * out.
 *
 * Shapes: the dimension vanishes, or stays with size 1 if `keepdim`. Dtypes: int32. Numerics: the
 * first of equal ones; NaN counts as greatest. Throws ShapeError for an empty dimension,
 * DtypeError for bool.
 *
 * @example
 * tensor([[1, 5], [7, 3]]).argmax(1).toArray(); // [1, 0]
 */
export const argmax = (x: Value, dim?: number, keepdim = false): Value =>
  find(ARGMAX, x, dim, keepdim);

/**
 * Position of the least element; see {@link argmax}. NaN counts as least.
 *
 * @example
 * tensor([[1, 5], [7, 3]]).argmin(1).toArray(); // [0, 1]
 */
export const argmin = (x: Value, dim?: number, keepdim = false): Value =>
  find(ARGMIN, x, dim, keepdim);
