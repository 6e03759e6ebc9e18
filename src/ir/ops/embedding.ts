import { checkOptions, formatShape, given, ShapeError, ValueError } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { requireIndex, requireTensor } from '../element.ts';
import { type Attrs, attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { lt, ne } from './compare.ts';
import { full } from './full.ts';
import { gather, scatterAdd } from './gather.ts';
import { flatten, reshape } from './reshape.ts';
import { expand } from './sum.ts';
import { where } from './where.ts';

interface EmbeddingAttrs extends Attrs {
  /** The entry whose uses give it no gradient. */
  readonly paddingIdx: number | null;
}

/** The index as gather along dimension 0 takes it: one row of equal numbers for each element. */
const rowsOf = (index: Value, features: number): Value => {
  const list = flatten(index);
  return expand(reshape(list, [list.shape[0], 1]), [list.shape[0], features]);
};

/** Operands (g, index, weight): g added up in the row of each index. */
const EMBEDDING_GRAD = defineOp<EmbeddingAttrs>({
  name: 'embeddingGrad',
  infer: ([g, , weight]) => ({ shape: weight.shape, dtype: g.dtype }),
  decompose([gradient, positions, weight], { paddingIdx }) {
    const [g, index] = [gradient as Value, positions as Value];
    const [entries, features] = (weight as Value).shape;
    const rows = rowsOf(index, features);
    const list = reshape(g, rows.shape);
    const counted = paddingIdx === null ? list : where(ne(rows, paddingIdx), list, 0);
    return scatterAdd(full([entries, features], 0, g.dtype, g.device), 0, rows, counted);
  },
});

/** Operands (weight, index). */
export const EMBEDDING = defineOp<EmbeddingAttrs>({
  name: 'embedding',
  onnx: 'Gather',
  infer(xs) {
    const [weight, index] = xs;
    requireIndex('embedding', index, xs);
    if (weight.shape.length !== 2) {
      throw new ShapeError({
        op: 'embedding',
        problem: `the weight ${formatShape(weight.shape)} is no table [entries, features]`,
        operands: xs,
        remedy: 'the weight comes first, then the index',
      });
    }
    return { shape: [...index.shape, weight.shape[1]], dtype: weight.dtype };
  },
  decompose([table, positions]) {
    const [weight, index] = [table as Value, positions as Value];
    const [entries, features] = weight.shape;
    // Indices count from the end in gather, but no entry does: it must fault.
    const checked = flatten(where(lt(index, 0), entries, index));
    const picked = gather(weight, 0, rowsOf(checked, features));
    return reshape(picked, [...index.shape, features]);
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const operands = [g, ctx.input(1), ctx.input(0)];
    const [d] = apply(EMBEDDING_GRAD, operands, ctx.attrs);
    ctx.give(0, cast(d, ctx.inputType(0).dtype));
  },
});

/**
 * The rows of `weight` that `index` lists: `out[..., :] = weight[index[...], :]`.
 *
 * Shapes: weight `[entries, features]`, index of any shape; gives `[...index.shape, features]`.
 * Dtypes: the index int32 or int64; the result the weight's. Numerics: gradients are added in the
 * order of the index. Those of the entry `options.paddingIdx` are left out. Throws IndexError for an
 * index below 0 or from `entries` on, ShapeError for a weight that is no table, DtypeError for an
 * index that is not of integers.
 *
 * @example
 * const index = tensor([1, 0], { dtype: 'int32' });
 * embedding(tensor([[1, 2], [3, 4]]), index).toArray(); // [[3, 4], [1, 2]]
 */
export function embedding(
  weight: Value,
  index: Value,
  options: { readonly paddingIdx?: number | null } = {},
): Value {
  checkOptions('embedding', options, ['paddingIdx']);
  requireTensor('embedding', 'weight', weight);
  requireTensor('embedding', 'index', index);
  const { paddingIdx = null } = options;
  const entries = weight.shape[0] ?? 0;
  if (
    paddingIdx !== null &&
    !(Number.isSafeInteger(paddingIdx) && paddingIdx >= 0 && paddingIdx < entries)
  ) {
    throw new ValueError({
      op: 'embedding',
      problem: `paddingIdx must be a whole number from 0 to ${entries - 1}, not ${given(paddingIdx)}`,
    });
  }
  return apply(EMBEDDING, [weight, index], attrs({ paddingIdx }))[0];
}
