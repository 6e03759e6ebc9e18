import { checkOptions, given, type Shape, ValueError } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { checkTensor } from './options.ts';
import { nextKey } from './random-state.ts';
import type { Attention, CheckAttention } from './shape-types.ts';
import type { Tensor } from './tensor.ts';

const OP = 'scaledDotProductAttention';

export interface AttentionOptions {
  /** Bools, true where a query may attend to a key; or floats that are added to the scores. */
  readonly mask?: Tensor | null;
  /** Whether query i attends to the keys 0 to i alone. Default false. */
  readonly isCausal?: boolean;
  /** What the products are multiplied by. Default `1 / sqrt(E)`. */
  readonly scale?: number | null;
  /** Share of the weights that is dropped, always random as in {@link dropout}. Default 0. */
  readonly dropout?: number;
}

/**
 * Attention: `softmax(q k^T * scale + mask) v`, the softmax over the keys.
 *
 * Shapes: q `[..., L, E]`, k `[..., S, E]`, v `[..., S, Ev]`; gives `[..., L, Ev]`. The leading
 * dimensions broadcast; the mask broadcasts to `[..., L, S]`. Dtypes: floats; the mask bool (true:
 * may attend) or float (added). A query that may attend to nothing gives zeros. The weights of long
 * sequences are never held all at once. `dropout` is 0 outside of training: pass
 * `this.training ? 0.1 : 0`. Throws ShapeError when sizes do not fit, DtypeError for a mask of
 * integers, ValueError for a mask together with `isCausal`.
 *
 * Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.1.
 *
 * @example
 * const [q, k, v] = randn([3, 8, 16, 64]).unbind();
 * scaledDotProductAttention(q, k, v, { isCausal: true }).shape; // [8, 16, 64]
 */
export function scaledDotProductAttention<Q extends Shape, K extends Shape, V extends Shape>(
  q: Tensor<Q>,
  k: Tensor<K> & CheckAttention<Q, K, V>,
  v: Tensor<V>,
  options: AttentionOptions = {},
): Tensor<Attention<Q, K, V>> {
  checkOptions(OP, options, ['mask', 'isCausal', 'scale', 'dropout']);
  for (const x of [q, k, v]) checkTensor(OP, x);
  const { dropout: p = 0, ...rest } = options;
  if (typeof p !== 'number' || !(p >= 0 && p < 1)) {
    throw new ValueError({
      op: OP,
      problem: `dropout must be from 0 up to but not including 1, not ${given(p)}`,
      remedy: 'it is the share of the weights that is dropped, e.g. 0.1',
    });
  }
  const drop = p === 0 ? null : { p, state: nextKey() };
  return ops.scaledDotProductAttention(q, k, v, rest, drop) as Tensor<Attention<Q, K, V>>;
}
