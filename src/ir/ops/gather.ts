/** Picking and adding along a dimension by index; each other's gradients. */
import {
  contiguousStrides,
  formatShape,
  IndexError,
  normalizeDim,
  promote,
  ShapeError,
  sameShape,
  type Type,
} from '../../base/index.ts';
import { apply } from '../apply.ts';
import { requireIndex } from '../element.ts';
import type { GraphNode } from '../graph.ts';
import { forEachIndex, type NdArray, ndZeros, setElement } from '../nd-array.ts';
import { attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { full } from './full.ts';
import type { DimAttrs } from './softmax.ts';

/** Throws unless `index` has x's rank and, but for `dim`, no size above x's. */
function checkIndex(
  op: string,
  x: Type,
  index: Type,
  dim: number,
  operands: readonly Type[],
): void {
  requireIndex(op, index, operands);
  const fits =
    x.shape.length === index.shape.length &&
    x.shape.every((n, d) => d === dim || index.shape[d] <= n);
  if (fits) return;
  throw new ShapeError({
    op,
    problem:
      `the index ${formatShape(index.shape)} does not fit ${formatShape(x.shape)} ` +
      `along dimension ${dim}`,
    operands,
    remedy: "ranks must agree, and sizes beside that dimension must not exceed the operand's",
  });
}

/** Visits index elements with their position and that of the x element they name. */
function forEachPick(
  op: string,
  x: NdArray,
  index: NdArray,
  dim: number,
  visit: (at: number, picked: number) => void,
): void {
  const strides = contiguousStrides(x.shape);
  const size = x.shape[dim];
  forEachIndex(index.shape, [strides.with(dim, 0)], (at, [base]) => {
    const i = Number(index.data[at]);
    if (i < -size || i >= size) throw new IndexFault(op, i, size, at);
    visit(at, base + (i < 0 ? i + size : i) * strides[dim]);
  });
}

/** An index outside its dimension, at row-major `position` of the index tensor, found while running. */
export class IndexFault extends IndexError {
  readonly position: number;
  /** Where in a graph it happened. */
  node: GraphNode | null = null;

  constructor(op: string, index: number, size: number, position: number) {
    super({
      op,
      problem: `index ${index} is out of range for a dimension of size ${size}`,
      remedy: size === 0 ? 'the dimension is empty' : `use ${-size} to ${size - 1}`,
    });
    this.position = position;
  }
}

export const GATHER = defineOp<DimAttrs>({
  name: 'gather',
  onnx: 'GatherElements',
  infer(xs, { dim }) {
    const [x, index] = xs;
    checkIndex('gather', x, index, dim, xs);
    return { shape: index.shape, dtype: x.dtype };
  },
  reference([x, index], { dim }, [{ shape, dtype }]) {
    const out = ndZeros(shape, dtype);
    forEachPick('gather', x, index, dim, (at, picked) => {
      out.data[at] = x.data[picked];
    });
    return out;
  },
  lower: { kind: 'gather', dim: (a) => a.dim },
  saves: SAVE.in1,
  gradient(ctx, g) {
    const zeros = full(ctx.inputType(0).shape, 0, g.dtype, g.device);
    ctx.give(0, scatterAdd(zeros, ctx.attrs.dim, ctx.input(1) as Value, g));
  },
});

export const SCATTER_ADD = defineOp<DimAttrs>({
  name: 'scatterAdd',
  onnx: 'ScatterElements',
  infer(xs, { dim }) {
    const [x, index, src] = xs;
    checkIndex('scatterAdd', x, index, dim, xs);
    if (!sameShape(index.shape, src.shape)) {
      throw new ShapeError({
        op: 'scatterAdd',
        problem: `the index ${formatShape(index.shape)} and the source ${formatShape(src.shape)} differ`,
        operands: xs,
      });
    }
    return { shape: x.shape, dtype: promote(x.dtype, src.dtype) };
  },
  operands: ([, index], [out]) => [out.dtype, index.dtype, out.dtype],
  reference([x, index, src], { dim }) {
    const out: NdArray = { ...x, data: x.data.slice() };
    forEachPick('scatterAdd', x, index, dim, (at, picked) => {
      const [a, b] = [out.data[picked], src.data[at]];
      setElement(out, picked, typeof a === 'bigint' ? a + BigInt(b) : a + Number(b));
    });
    return out;
  },
  lower: { kind: 'scatterAdd', dim: (a) => a.dim },
  saves: SAVE.in1,
  gradient(ctx, g) {
    if (ctx.needs(0)) {
      const { dtype } = ctx.inputType(0);
      if (g.dtype === dtype) ctx.alias(0, g);
      else ctx.give(0, cast(g, dtype));
    }
    if (!ctx.needs(2)) return;
    const picked = gather(g, ctx.attrs.dim, ctx.input(1) as Value);
    ctx.give(2, cast(picked, ctx.inputType(2).dtype));
  },
});

/**
 * Picks along `dim` by index: `out[..., j, ...] = x[..., index[..., j, ...], ...]`, as in PyTorch.
 *
 * Shapes: `index` has x's rank, its sizes beside `dim` do not exceed x's; the result has its shape.
 * Dtypes: the index int32 or int64; the result x's. Numerics: negative indices count from the end.
 * Throws ShapeError or DtypeError for an index that does not fit, IndexError for one out of range.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).gather(1, tensor([[1], [0]], { dtype: 'int32' })).toArray(); // [[2], [3]]
 */
export function gather(x: Value, dim: number, index: Value): Value {
  const d = normalizeDim(dim, x.shape.length, 'gather');
  return apply(GATHER, [x, index], attrs({ dim: d }))[0];
}

/**
 * A copy of `x` with `src` added along `dim` by index:
 * `out[..., index[..., j, ...], ...] += src[..., j, ...]`.
 *
 * Shapes: as {@link gather}; `src` has the shape of `index`. Dtypes: x and src promoted together.
 * Numerics: added in the order of `src`, so that results are the same for any thread count.
 * Throws ShapeError or DtypeError for operands that do not fit, IndexError for an index out of
 * range.
 *
 * @example
 * const index = tensor([0, 0], { dtype: 'int32' });
 * zeros([2]).scatterAdd(0, index, tensor([1, 2])).toArray(); // [3, 0]
 */
export function scatterAdd(x: Value, dim: number, index: Value, src: Value): Value {
  const d = normalizeDim(dim, x.shape.length, 'scatterAdd');
  return apply(SCATTER_ADD, [x, index, src], attrs({ dim: d }))[0];
}
