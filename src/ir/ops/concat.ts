import {
  contiguousStrides,
  formatShape,
  normalizeDim,
  promote,
  ShapeError,
  sameShape,
  type Type,
} from '../../base/index.ts';
import { apply } from '../apply.ts';
import { forEachIndex, ndZeros } from '../nd-array.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { unsqueeze } from './reshape.ts';
import { narrow } from './slice.ts';

interface ConcatAttrs extends Attrs {
  readonly dim: number;
}

/** Where each operand starts along `dim`. */
function starts(xs: readonly Type[], dim: number): number[] {
  let at = 0;
  return xs.map((x) => {
    const from = at;
    at += x.shape[dim];
    return from;
  });
}

export const CONCAT = defineOp<ConcatAttrs>({
  name: 'concat',
  onnx: 'Concat',
  infer(xs, { dim }) {
    const first = xs[0].shape;
    for (const x of xs) {
      if (sameShape(x.shape.with(dim, 0), first.with(dim, 0))) continue;
      throw new ShapeError({
        op: 'concat',
        problem: `${formatShape(x.shape)} does not fit ${formatShape(first)} along dimension ${dim}`,
        operands: xs,
        remedy: `all sizes but that of dimension ${dim} must agree`,
      });
    }
    const size = xs.reduce((n, x) => n + x.shape[dim], 0);
    const dtype = xs.map((x) => x.dtype).reduce(promote);
    return { shape: first.with(dim, size), dtype };
  },
  operands: (xs, [out]) => xs.map(() => out.dtype),
  reference(xs, { dim }, [{ shape, dtype }]) {
    const out = ndZeros(shape, dtype);
    const strides = contiguousStrides(shape);
    for (const [i, from] of starts(xs, dim).entries()) {
      forEachIndex(xs[i].shape, [strides], (at, [to]) => {
        out.data[to + from * strides[dim]] = xs[i].data[at];
      });
    }
    return out;
  },
  lower: {
    kind: 'assemble',
    fill: () => null,
    place: (xs, { dim }) =>
      starts(xs, dim).map((from, i) => ({
        start: xs[i].shape.map((_, d) => (d === dim ? from : 0)),
        step: xs[i].shape.map(() => 1),
      })),
  },
  gradient(ctx, g) {
    const { dim } = ctx.attrs;
    let from = 0;
    for (let i = 0; from < g.shape[dim]; i++) {
      const { shape, dtype } = ctx.inputType(i);
      if (ctx.needs(i)) ctx.alias(i, cast(narrow(g, dim, from, shape[dim]), dtype));
      from += shape[dim];
    }
  },
});

/**
 * The tensors joined along dimension `dim`.
 *
 * Shapes: all sizes but that of `dim` agree. Dtypes: promoted together. Throws ShapeError when the
 * sizes do not agree or there is nothing to join.
 *
 * @example
 * concat([tensor([1, 2]), tensor([3])]).toArray(); // [1, 2, 3]
 */
export function concat(xs: readonly Value[], dim = 0): Value {
  const [first] = requireSome('concat', xs);
  const d = normalizeDim(dim, first.shape.length, 'concat');
  requireRank('concat', xs);
  return apply(CONCAT, [...xs], attrs({ dim: d }))[0];
}

/**
 * The tensors, all of one shape, joined along a new dimension `dim`.
 *
 * Dtypes: promoted together. Throws ShapeError when the shapes differ or there is nothing to join.
 *
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 2], [3, 4]]
 */
export function stack(xs: readonly Value[], dim = 0): Value {
  const [first] = requireSome('stack', xs);
  const d = normalizeDim(dim, first.shape.length + 1, 'stack');
  if (!xs.every((x) => sameShape(x.shape, first.shape))) {
    throw new ShapeError({
      op: 'stack',
      problem: 'the shapes differ',
      operands: xs,
      remedy: 'concat joins along an existing dimension and lets its sizes differ',
    });
  }
  return concat(
    xs.map((x) => unsqueeze(x, d)),
    d,
  );
}

function requireSome(op: string, xs: readonly Value[]): readonly Value[] {
  if (xs.length > 0) return xs;
  throw new ShapeError({ op, problem: 'there are no tensors to join' });
}

function requireRank(op: string, xs: readonly Value[]): void {
  if (xs.every((x) => x.shape.length === xs[0].shape.length)) return;
  throw new ShapeError({
    op,
    problem: 'the tensors differ in rank',
    operands: xs,
    remedy: 'unsqueeze or reshape some of them',
  });
}
