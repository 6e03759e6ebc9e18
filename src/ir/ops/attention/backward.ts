/** The gradients of attention, block by block. */
import type { Value } from '../../value.ts';
import { add } from '../add.ts';
import { concat } from '../concat.ts';
import { exp } from '../exp.ts';
import { full } from '../full.ts';
import { matmul } from '../matmul.ts';
import { mul } from '../mul.ts';
import { transpose } from '../permute.ts';
import { sub } from '../sub.ts';
import { sum, sumTo } from '../sum.ts';
import { type Block, type BlockSize, blocksOf, type Span } from './blocks.ts';
import { type Attention, maskPart, part, scores } from './scores.ts';

/** What attention gave, and the gradients of that. */
export interface Given {
  readonly out: Value;
  /** The logarithms of the sums. */
  readonly sums: Value;
  readonly g: Value;
  readonly gSums: Value;
}

/** Sums of what blocks give to the same queries or keys. */
class Sums {
  private readonly parts = new Map<number, Value>();

  add({ from }: Span, x: Value): void {
    const before = this.parts.get(from);
    this.parts.set(from, before === undefined ? x : add(before, x));
  }

  /** All of them along dimension `dim`, in the order of their spans. */
  joined(dim: -1 | -2, finish = (x: Value): Value => x): Value {
    const parts = [...this.parts].sort(([a], [b]) => a - b).map(([, x]) => finish(x));
    return parts.length === 1 ? parts[0] : concat(parts, dim);
  }
}

/** The gradient of a mask, in its own shape: summed where it was broadcast. */
class MaskSums {
  private readonly mask: Value;
  private readonly rows = new Map<number, { span: Span; sums: Sums }>();

  constructor(mask: Value) {
    this.mask = mask;
  }

  add(block: Block, ds: Value): void {
    const [queries, keys] = [this.along(-2, block.queries), this.along(-1, block.keys)];
    const row = this.rows.get(queries.from) ?? { span: queries, sums: new Sums() };
    this.rows.set(queries.from, row);
    row.sums.add(keys, sumTo(ds, maskPart(this.mask, block).shape));
  }

  joined(): Value {
    const all = new Sums();
    for (const { span, sums } of this.rows.values()) all.add(span, sums.joined(-1));
    return all.joined(-2);
  }

  /** Where a block's part lies in the mask. */
  private along(dim: -1 | -2, span: Span): Span {
    return (this.mask.shape.at(dim) ?? 1) === 1 ? { from: 0, size: 1 } : span;
  }
}

/**
 * The gradients of q, k and v in all batch dimensions and, if `ofMask`, of the mask in its own
 * shape. With the weights `p = exp(s - sums)`, made again, and `h = drop(g v^T)`:
 * `ds = p (h - sum(g * out) + gSums)`, `dq = scale ds k`, `dk = scale ds^T q`, `dv = drop(p)^T g`;
 * the mask's is ds.
 *
 * Source: Dao et al., FlashAttention, 2022, appendix B.
 */
export function backpropagate(
  a: Attention,
  { out, sums, g, gSums }: Given,
  size: BlockSize,
  ofMask: boolean,
): readonly Value[] {
  const level = sub(sum(mul(g, out), -1, true), gSums);
  const [dq, dk, dv] = [new Sums(), new Sums(), new Sums()];
  const dMask = ofMask ? new MaskSums(a.mask as Value) : null;
  for (const block of blocksOf(a.q, a.k, size, a.isCausal).flat()) {
    const rows = (x: Value): Value => part(x, -2, block.queries);
    const columns = (x: Value): Value => part(x, -2, block.keys);
    const p = exp(sub(scores(a, block), rows(sums)));
    const h = a.drop(matmul(rows(g), transpose(columns(a.v))), block);
    const ds = mul(p, sub(h, rows(level)));
    dq.add(block.queries, matmul(ds, columns(a.k)));
    dk.add(block.keys, matmul(transpose(ds), rows(a.q)));
    dv.add(block.keys, matmul(transpose(a.drop(p, block)), rows(g)));
    dMask?.add(block, ds);
  }
  const scaled = (x: Value): Value => mul(x, a.scale);
  return [
    dq.joined(-2, scaled),
    withRest(dk.joined(-2, scaled), a.k),
    withRest(dv.joined(-2), a.v),
    ...(dMask === null ? [] : [dMask.joined()]),
  ];
}

/** Zeros for the keys at the end that no query attends to. */
function withRest(gradient: Value, of: Value): Value {
  const rest = (of.shape.at(-2) as number) - (gradient.shape.at(-2) as number);
  if (rest === 0) return gradient;
  const zeros = full(gradient.shape.with(-2, rest), 0, gradient.dtype, gradient.device);
  return concat([gradient, zeros], -2);
}
