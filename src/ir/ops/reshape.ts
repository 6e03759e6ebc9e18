import {
  checkShape,
  formatShape,
  normalizeDim,
  numelOf,
  type Shape,
  ShapeError,
  type Spec,
  sameShape,
} from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';

interface ReshapeAttrs extends Attrs {
  readonly shape: Shape;
}

export const RESHAPE = defineOp<ReshapeAttrs>({
  name: 'reshape',
  onnx: 'Reshape',
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  reference: ([x], { shape }) => ({ ...x, shape }),
  lower: {
    kind: 'view',
    view(x, { shape }) {
      const strides = reshapeStrides(x, shape);
      return strides === null ? null : { offset: 0, shape, strides };
    },
  },
  gradient(ctx, g) {
    ctx.alias(0, reshape(g, ctx.inputType(0).shape));
  },
});

/**
 * Strides that read the elements of `x` in order as `shape`; null if there are none. Runs of
 * dimensions that hold equally many elements are matched; within a run x must be mergeable.
 */
function reshapeStrides(x: Spec, shape: Shape): number[] | null {
  const strides = new Array<number>(shape.length).fill(0);
  if (x.numel === 0) return strides;
  const dims = x.shape.flatMap((size, d) => (size === 1 ? [] : [{ size, stride: x.strides[d] }]));
  let from = 0;
  let to = 0;
  while (from < dims.length) {
    let have = dims[from].size;
    let want = shape[to];
    const [firstFrom, firstTo] = [from, to];
    while (have !== want) {
      if (have < want) have *= dims[++from].size;
      else want *= shape[++to];
    }
    for (let d = firstFrom; d < from; d++) {
      if (dims[d].stride !== dims[d + 1].stride * dims[d + 1].size) return null;
    }
    let stride = dims[from].stride;
    for (let d = to; d >= firstTo; d--) {
      strides[d] = stride;
      stride *= shape[d];
    }
    from++;
    to++;
  }
  return strides;
}

/**
 * The same elements, in row-major order, as another shape. One size may be -1: it is worked out.
 * A view where strides can express it, else a copy.
 *
 * Throws ShapeError when the shapes hold different numbers of elements.
 *
 * @example
 * tensor([1, 2, 3, 4]).reshape([2, -1]).toArray(); // [[1, 2], [3, 4]]
 */
export function reshape(x: Value, shape: Shape): Value {
  const full = resolveShape(x, shape, 'reshape');
  return sameShape(full, x.shape) ? x : apply1(RESHAPE, x, attrs({ shape: full }));
}

function resolveShape(x: Value, shape: Shape, op: string): Shape {
  const have = numelOf(x.shape);
  const open = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  if (open >= 0 && shape.includes(-1, open + 1)) {
    throw new ShapeError({
      op,
      problem: `only one size can be -1, not several as in ${formatShape(shape)}`,
      operands: [x],
      remedy: 'give the others as numbers: x.shape tells them',
    });
  }
  if (open < 0) {
    if (numelOf(checkShape(shape, op)) === have) return shape;
  } else {
    const rest = numelOf(checkShape(shape.toSpliced(open, 1), op));
    if (rest > 0 && have % rest === 0) return shape.with(open, have / rest);
  }
  throw new ShapeError({
    op,
    problem: `${formatShape(x.shape)} has ${have} elements, which do not fill ${formatShape(shape)}`,
    operands: [x],
    remedy: open < 0 ? 'use -1 for a size to have it worked out' : undefined,
  });
}

/**
 * Merges dimensions `start` to `end` (both included) into one.
 *
 * @example
 * ones([2, 3, 4]).flatten(1).shape; // [2, 12]
 */
export function flatten(x: Value, start = 0, end = -1): Value {
  const rank = x.shape.length;
  if (rank === 0) return reshape(x, [1]);
  const from = normalizeDim(start, rank, 'flatten');
  const to = normalizeDim(end, rank, 'flatten');
  if (from > to) {
    throw new ShapeError({
      op: 'flatten',
      problem: `dimension ${start} comes after ${end}`,
      operands: [x],
    });
  }
  const merged = numelOf(x.shape.slice(from, to + 1));
  return reshape(x, [...x.shape.slice(0, from), merged, ...x.shape.slice(to + 1)]);
}

/**
 * Removes dimension `dim` if its size is 1; without `dim`, every dimension of size 1.
 *
 * @example
 * ones([1, 3, 1]).squeeze().shape; // [3]
 */
export function squeeze(x: Value, dim?: number): Value {
  const only = dim === undefined ? null : normalizeDim(dim, x.shape.length, 'squeeze');
  return reshape(
    x,
    x.shape.filter((n, d) => n !== 1 || (only !== null && d !== only)),
  );
}

/**
 * Adds a dimension of size 1 before dimension `dim`; -1 adds it at the end.
 *
 * @example
 * ones([3]).unsqueeze(0).shape; // [1, 3]
 */
export function unsqueeze(x: Value, dim: number): Value {
  const d = normalizeDim(dim, x.shape.length + 1, 'unsqueeze');
  return reshape(x, x.shape.toSpliced(d, 0, 1));
}

/** All dimensions but the last merged into one; a row if there is only the last. */
export function asMatrix(x: Value): Value {
  if (x.shape.length === 2) return x;
  return reshape(x, [numelOf(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]]);
}
