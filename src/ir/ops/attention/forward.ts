/** The result of attention and the logarithms of its sums, block by block. */
import type { Value } from '../../value.ts';
import { add } from '../add.ts';
import { eq } from '../compare.ts';
import { concat } from '../concat.ts';
import { div } from '../div.ts';
import { exp } from '../exp.ts';
import { log } from '../log.ts';
import { matmul } from '../matmul.ts';
import { max } from '../max.ts';
import { maximum } from '../maximum.ts';
import { mul } from '../mul.ts';
import { sub } from '../sub.ts';
import { sum } from '../sum.ts';
import { where } from '../where.ts';
import { type Block, type BlockSize, blocksOf } from './blocks.ts';
import { type Attention, part, scores } from './scores.ts';

/** A block of queries after some of its keys. */
interface Running {
  /** The greatest score of each row. */
  readonly top: Value;
  /** Of each row the sum of exp(score - shift), where the shift is the top, or 0 for -Infinity. */
  readonly total: Value;
  /** The values, weighted by exp(score - shift). */
  readonly mixed: Value;
  readonly shift: Value;
}

/**
 * The result, and of each row the logarithm of the sum of its scores' exponentials.
 *
 * The scores are cut into blocks. A row's sums are kept relative to its greatest score so far and
 * are scaled down whenever a block of keys brings a greater one.
 *
 * Source: Milakov & Gimelshein, Online normalizer calculation for softmax, 2018; Dao,
 * FlashAttention-2, 2023, algorithm 1.
 */
export function attend(a: Attention, size: BlockSize): readonly [Value, Value] {
  const blocks = blocksOf(a.q, a.k, size, a.isCausal);
  if (a.k.shape.at(-2) === 0) return attendToNothing(a, blocks[0][0]);
  const rows = blocks.map((row) => finish(run(a, row)));
  return [joined(rows.map(([out]) => out)), joined(rows.map(([, sums]) => sums))];
}

const joined = (xs: readonly Value[]): Value => (xs.length === 1 ? xs[0] : concat(xs, -2));

/** Zeros: there is no greatest score. */
function attendToNothing(a: Attention, all: Block): readonly [Value, Value] {
  const s = scores(a, all);
  return [matmul(s, a.v), sum(s, -1, true)];
}

const run = (a: Attention, blocks: readonly Block[]): Running =>
  blocks.reduce<Running | null>((before, block) => step(a, block, before), null) as Running;

function step(a: Attention, block: Block, before: Running | null): Running {
  const s = scores(a, block);
  const own = max(s, -1, true);
  const top = before === null ? own : maximum(before.top, own);
  // A row that may attend to nothing so far has zeros, not exp(-Infinity + Infinity).
  const shift = where(eq(top, Number.NEGATIVE_INFINITY), 0, top);
  const e = exp(sub(s, shift));
  const total = sum(e, -1, true);
  const mixed = matmul(a.drop(e, block), part(a.v, -2, block.keys));
  if (before === null) return { top, total, mixed, shift };
  const shrink = exp(sub(before.top, shift));
  return {
    top,
    total: add(mul(before.total, shrink), total),
    mixed: add(mul(before.mixed, shrink), mixed),
    shift,
  };
}

/** Divides by the sums; a row that may attend to nothing gives zeros, not NaN, as in PyTorch. */
function finish({ total, mixed, shift }: Running): readonly [Value, Value] {
  const safe = where(eq(total, 0), 1, total);
  return [div(mixed, safe), add(log(safe), shift)];
}
