/** Slicing and its reverse, placing into a filled tensor: each other's gradients. */
import {
  contiguousStrides,
  formatShape,
  given,
  normalizeDim,
  normalizeDims,
  type Shape,
  ShapeError,
} from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { forEachIndex, moveElements, ndZeros, setElement } from '../nd-array.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';

interface SliceAttrs extends Attrs {
  readonly start: readonly number[];
  readonly step: readonly number[];
  readonly size: Shape;
}

export const SLICE = defineOp<SliceAttrs>({
  name: 'slice',
  onnx: 'Slice',
  infer([x], { start, step, size }) {
    checkPlaces('slice', x.shape, start, step, size);
    return { shape: size, dtype: x.dtype };
  },
  reference: ([x], { start, step, size }) =>
    moveElements(x, size, (at) => at.map((i, d) => start[d] + i * step[d])),
  lower: {
    kind: 'view',
    view: (x, { start, step, size }) => ({
      offset: size.includes(0) ? 0 : start.reduce((sum, n, d) => sum + n * x.strides[d], 0),
      shape: size,
      strides: step.map((n, d) => n * x.strides[d]),
    }),
  },
  gradient(ctx, g) {
    const { start, step } = ctx.attrs;
    ctx.give(0, place(g, start, step, ctx.inputType(0).shape, 0));
  },
});

interface PlaceAttrs extends Attrs {
  readonly start: readonly number[];
  readonly step: readonly number[];
  readonly size: Shape;
  readonly value: number;
}

export const PLACE = defineOp<PlaceAttrs>({
  name: 'place',
  onnx: 'Pad',
  infer([x], { start, step, size }) {
    checkPlaces('place', size, start, step, x.shape);
    return { shape: size, dtype: x.dtype };
  },
  reference([x], { start, step, size, value }) {
    const out = ndZeros(size, x.dtype);
    for (let i = 0; i < out.data.length; i++) setElement(out, i, value);
    const strides = contiguousStrides(size);
    forEachIndex(x.shape, [], (from, _, index) => {
      out.data[index.reduce((sum, i, d) => sum + (start[d] + i * step[d]) * strides[d], 0)] =
        x.data[from];
    });
    return out;
  },
  lower: {
    kind: 'assemble',
    fill: (a) => a.value,
    place: (_, { start, step }) => [{ start, step }],
  },
  gradient(ctx, g) {
    const { start, step } = ctx.attrs;
    ctx.alias(0, slice(g, start, step, ctx.inputType(0).shape));
  },
});

/** Whether `count` positions from `start` by `step` lie within `shape`, in every dimension. */
function checkPlaces(
  op: string,
  shape: Shape,
  start: readonly number[],
  step: readonly number[],
  count: Shape,
): void {
  const fits =
    [start, step, count].every((list) => list.length === shape.length) &&
    shape.every((n, d) => {
      const last = start[d] + (count[d] - 1) * step[d];
      const inside = start[d] >= 0 && start[d] < n && last >= 0 && last < n;
      return step[d] !== 0 && (count[d] === 0 || inside);
    });
  if (fits) return;
  throw new ShapeError({
    op,
    problem:
      `${formatShape(count)} elements from ${formatShape(start)} by ${formatShape(step)} ` +
      `do not lie within ${formatShape(shape)}`,
  });
}

/**
 * In each dimension `size` elements from `start` on, every `step`-th; a view. Steps may be
 * negative. This is the general form below `x.at(...)`.
 *
 * Throws ShapeError when an element lies outside `x`.
 *
 * @example
 * slice(tensor([1, 2, 3, 4]), [3], [-2], [2]).toArray(); // [4, 2]
 */
export function slice(
  x: Value,
  start: readonly number[],
  step: readonly number[],
  size: Shape,
): Value {
  return apply1(SLICE, x, attrs({ start, step, size }));
}

/**
 * A tensor of shape `size` that holds `x` from `start` on, at every `step`-th place, and `value`
 * elsewhere: the reverse of {@link slice}.
 *
 * Throws ShapeError when an element would lie outside.
 *
 * @example
 * place(tensor([1, 2]), [1], [2], [5], 0).toArray(); // [0, 1, 0, 2, 0]
 */
export function place(
  x: Value,
  start: readonly number[],
  step: readonly number[],
  size: Shape,
  value = 0,
): Value {
  return apply1(PLACE, x, attrs({ start, step, size, value }));
}

/**
 * `length` elements of dimension `dim` from `start` on; a view.
 *
 * Throws ShapeError when they do not lie within `x`.
 *
 * @example
 * tensor([1, 2, 3, 4]).narrow(0, 1, 2).toArray(); // [2, 3]
 */
export function narrow(x: Value, dim: number, start: number, length: number): Value {
  const d = normalizeDim(dim, x.shape.length, 'narrow');
  const n = x.shape[d];
  const whole = Number.isInteger(start) && Number.isInteger(length);
  if (!whole || start < 0 || length < 0 || start + length > n) {
    throw new ShapeError({
      op: 'narrow',
      problem:
        `${given(length)} elements from ${given(start)} on do not lie within dimension ${dim} ` +
        `of size ${n}`,
      operands: [x],
    });
  }
  const zeros = x.shape.map(() => 0);
  return slice(
    x,
    zeros.with(d, start),
    x.shape.map(() => 1),
    x.shape.with(d, length),
  );
}

/**
 * `x` with the order of its elements reversed along `dims`; a view.
 *
 * @example
 * tensor([1, 2, 3]).flip([0]).toArray(); // [3, 2, 1]
 */
export function flip(x: Value, dims: readonly number[]): Value {
  const rank = x.shape.length;
  const turned = new Set(normalizeDims(dims, rank, 'flip').filter((d) => x.shape[d] > 0));
  const start = x.shape.map((n, d) => (turned.has(d) ? n - 1 : 0));
  const step = x.shape.map((_, d) => (turned.has(d) ? -1 : 1));
  return slice(x, start, step, x.shape);
}
