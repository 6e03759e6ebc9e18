/** Cutting a tensor into parts: views of it, one node of the tape for all. */
import {
  checkList,
  given,
  givenList,
  normalizeDim,
  ShapeError,
  ValueError,
} from '../../base/index.ts';
import { apply } from '../apply.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';
import { concat, stack } from './concat.ts';
import { squeeze } from './reshape.ts';
import { narrow } from './slice.ts';

interface SplitAttrs extends Attrs {
  readonly dim: number;
  readonly sizes: readonly number[];
}

interface UnbindAttrs extends Attrs {
  readonly dim: number;
}

/** The gradients of all outputs; of a single one the tape gives no list. */
const allOf = (g: Value, all: readonly Value[]): readonly Value[] => (all.length === 0 ? [g] : all);

/** Operand (x); an output for each size. */
export const SPLIT = defineOp<SplitAttrs>({
  name: 'split',
  onnx: 'Split',
  infer: ([x], { dim, sizes }) =>
    sizes.map((n) => ({ shape: x.shape.with(dim, n), dtype: x.dtype })),
  decompose([x], { dim, sizes }) {
    let start = 0;
    return sizes.map((n) => {
      start += n;
      return narrow(x as Value, dim, start - n, n);
    });
  },
  views: true,
  // Not by the slices' own gradients: each of these fills a whole tensor, and they are then added.
  gradient(ctx, g, all) {
    ctx.give(0, concat(allOf(g, all), ctx.attrs.dim));
  },
});

/** Operand (x); an output for each position of `dim`. */
export const UNBIND = defineOp<UnbindAttrs>({
  name: 'unbind',
  infer([x], { dim }) {
    const type = { shape: x.shape.toSpliced(dim, 1), dtype: x.dtype };
    return new Array<typeof type>(x.shape[dim]).fill(type);
  },
  decompose([operand], { dim }) {
    const x = operand as Value;
    return Array.from({ length: x.shape[dim] }, (_, i) => squeeze(narrow(x, dim, i, 1), dim));
  },
  views: true,
  gradient(ctx, g, all) {
    ctx.give(0, stack(allOf(g, all), ctx.attrs.dim));
  },
});

/**
 * `x` cut along `dim` into parts of `size` (the last may be smaller), or of the sizes listed;
 * views.
 *
 * Numerics: the gradient is that of the parts, joined. Throws ShapeError when listed sizes do not
 * add up to that of `dim`.
 *
 * @example
 * tensor([1, 2, 3]).split(2).map((t) => t.toArray()); // [[1, 2], [3]]
 */
export function split(x: Value, size: number | readonly number[], dim = 0): Value[] {
  const d = normalizeDim(dim, x.shape.length, 'split');
  const n = x.shape[d];
  if (typeof size !== 'number') checkList(size, 'several sizes', 'split', 'x.split([2, 3], dim)');
  const sizes = typeof size === 'number' ? evenSizes(n, size) : size;
  if (
    !(
      sizes.every((s) => Number.isInteger(s) && s >= 0) &&
      sizes.reduce((sum, s) => sum + s, 0) === n
    )
  ) {
    throw new ShapeError({
      op: 'split',
      problem: `parts of ${typeof size === 'number' ? size : givenList(size)} do not make up ${n}`,
      operands: [x],
    });
  }
  if (sizes.length === 0) return [];
  return [...apply(SPLIT, [x], attrs({ dim: d, sizes }))];
}

function evenSizes(n: number, size: number): number[] {
  if (!(Number.isInteger(size) && size > 0)) return [-1];
  const parts = Math.ceil(n / size);
  return Array.from({ length: parts }, (_, i) => Math.min(size, n - i * size));
}

/**
 * `x` cut along `dim` into at most `parts` parts of equal size (the last may be smaller); views.
 *
 * @example
 * tensor([1, 2, 3, 4]).chunk(2).map((t) => t.toArray()); // [[1, 2], [3, 4]]
 */
export function chunk(x: Value, parts: number, dim = 0): Value[] {
  const d = normalizeDim(dim, x.shape.length, 'chunk');
  if (!(Number.isInteger(parts) && parts > 0)) {
    throw new ValueError({
      op: 'chunk',
      problem: `the number of parts must be a whole number from 1, not ${given(parts)}`,
      operands: [x],
    });
  }
  return split(x, Math.max(1, Math.ceil(x.shape[d] / parts)), d);
}

/**
 * The slices of `x` along `dim`, without that dimension; views.
 *
 * Shapes: as many tensors as `dim` has positions, none where it has none. Numerics: the gradient is
 * that of the slices, stacked in one pass. Throws IndexError for a dimension out of range.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).unbind().map((t) => t.toArray()); // [[1, 2], [3, 4]]
 */
export function unbind(x: Value, dim = 0): Value[] {
  const d = normalizeDim(dim, x.shape.length, 'unbind');
  if (x.shape[d] === 0) return [];
  return [...apply(UNBIND, [x], attrs({ dim: d }))];
}
