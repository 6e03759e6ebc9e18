/** What attention computes with: its operands, and blocks of the scores. */
import { broadcastShapes, type Shape, sameShape, type Type } from '../../../base/index.ts';
import type { Attrs } from '../../op.ts';
import type { Operand, Value } from '../../value.ts';
import { add } from '../add.ts';
import { bitwiseXor } from '../bitwise.ts';
import { cast } from '../cast.ts';
import { le } from '../compare.ts';
import { full } from '../full.ts';
import { iota } from '../iota.ts';
import { matmul } from '../matmul.ts';
import { mul } from '../mul.ts';
import { transpose } from '../permute.ts';
import { dropout } from '../random.ts';
import { reshape, unsqueeze } from '../reshape.ts';
import { narrow } from '../slice.ts';
import { expand } from '../sum.ts';
import { where } from '../where.ts';
import { type Block, MOST_BLOCKS, type Span } from './blocks.ts';

export interface AttentionAttrs extends Attrs {
  /** Whether a mask follows the scale. */
  readonly mask: boolean;
  readonly isCausal: boolean;
  /** Whether a probability and the four words of a random state come last. */
  readonly dropout: boolean;
}

export interface Attention {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly scale: Operand;
  readonly mask: Value | null;
  readonly isCausal: boolean;
  /** What remains of a block's weights. */
  readonly drop: (weights: Value, block: Block) => Value;
}

/** The batch dimensions that operands broadcast to; null if they do not. */
export const commonBatch = (xs: readonly Type[]): Shape | null =>
  xs
    .map((x): Shape | null => x.shape.slice(0, -2))
    .reduce((a, b) => (a === null || b === null ? null : broadcastShapes(a, b)));

/** The operands (q, k, v, scale[, mask][, p, four words of a random state]), computed in `dtype`. */
export function attentionOf(
  [q, k, v, scale, ...rest]: readonly Operand[],
  { mask, isCausal, dropout: drops }: AttentionAttrs,
  dtype: Value['dtype'],
): Attention {
  return {
    q: cast(q as Value, dtype),
    k: cast(k as Value, dtype),
    v: cast(v as Value, dtype),
    scale,
    mask: mask ? (rest[0] as Value) : null,
    isCausal,
    drop: drops ? dropper(rest.slice(mask ? 1 : 0)) : (weights) => weights,
  };
}

/** Shape and dtype of all scores. */
export const scoresType = ({ q, k, v }: Attention): Type => ({
  shape: [...(commonBatch([q, k, v]) ?? []), q.shape.at(-2) as number, k.shape.at(-2) as number],
  dtype: q.dtype,
});

/** The part of dimension `dim` (counted from the end) that a block takes; all of one that broadcasts. */
export function part(x: Value, dim: -1 | -2, { from, size }: Span): Value {
  const n = x.shape.at(dim) ?? 1;
  return n === size || n === 1 ? x : narrow(x, dim, from, size);
}

/** The part of the mask over a block of scores. */
export const maskPart = (mask: Value, { queries, keys }: Block): Value =>
  part(part(mask, -2, queries), -1, keys);

/**
 * A block of `q k^T * scale` with the mask, -Infinity where a query may not attend; in all batch
 * dimensions, those that only the values have as well.
 */
export function scores(a: Attention, block: Block): Value {
  const { queries, keys } = block;
  const [q, k] = [part(a.q, -2, queries), part(a.k, -2, keys)];
  // Scaled afterwards: that joins the softmax's kernel, a scaled q would be a kernel of its own.
  let s = mul(matmul(q, transpose(k)), a.scale);
  const whole = [...(commonBatch([s, a.v]) ?? []), ...s.shape.slice(-2)];
  if (!sameShape(whole, s.shape)) s = expand(s, whole);
  if (a.mask !== null) {
    const mask = maskPart(a.mask, block);
    const isBool = mask.dtype === 'bool';
    s = isBool ? where(mask, s, Number.NEGATIVE_INFINITY) : add(s, cast(mask, s.dtype));
  }
  // The last key comes no later than the first query: all may attend.
  const ahead = keys.from - queries.from;
  if (!a.isCausal || ahead + keys.size - 1 <= 0) return s;
  const key = iota(keys.size, 'int32', s.device);
  const query = unsqueeze(iota(queries.size, 'int32', s.device), 1);
  return where(le(ahead === 0 ? key : add(key, ahead), query), s, Number.NEGATIVE_INFINITY);
}

/** Drops some of a block's weights, the same ones each time, by a probability and a random state. */
function dropper([p, key0, key1, call0, call1]: readonly Operand[]): Attention['drop'] {
  let streams: Value | null = null;
  return (weights, { number }) => {
    if (number === 0) return dropout(weights, p, [key0, key1, call0, call1]);
    // Each block draws from a stream of its own: calls number only the low bits of the last word.
    // The words lie in memory, so that blocks share their kernels.
    streams ??= bitwiseXor(
      full([MOST_BLOCKS], call1, 'int32', weights.device),
      mul(iota(MOST_BLOCKS, 'int32', weights.device), 2 ** 16),
    );
    const stream = reshape(narrow(streams, 0, number, 1), []);
    return dropout(weights, p, [key0, key1, call0, stream]);
  };
}
