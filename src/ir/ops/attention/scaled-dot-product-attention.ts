import {
  broadcastShapes,
  checkOptions,
  DtypeError,
  formatShape,
  given,
  isFloat,
  type Shape,
  ShapeError,
  sameShape,
  type Type,
  ValueError,
} from '../../../base/index.ts';
import { apply } from '../../apply.ts';
import { floatOf, promoteTypes, requireTensor } from '../../element.ts';
import { attrs, defineOp, type GradContext, SAVE } from '../../op.ts';
import type { Value } from '../../value.ts';
import { cast } from '../cast.ts';
import { type RandomState, randomOperands } from '../random-bits.ts';
import { sumTo } from '../sum.ts';
import { backpropagate } from './backward.ts';
import { blockSize } from './blocks.ts';
import { attend } from './forward.ts';
import { type AttentionAttrs, attentionOf, commonBatch, scoresType } from './scores.ts';

const OP = 'scaledDotProductAttention';

interface GradAttrs extends AttentionAttrs {
  /** Whether the mask's gradient is wanted. */
  readonly ofMask: boolean;
}

/**
 * Operands (g, gradient of the log-sums, out, log-sums, q, k, v, scale[, mask][, dropout]); gives
 * the gradients of q, k, v in all batch dimensions[, and of the mask].
 */
const ATTENTION_GRAD = defineOp<GradAttrs>({
  name: 'scaledDotProductAttentionGrad',
  infer(xs, { ofMask }) {
    const [g, , , , q, k, v, , mask] = xs;
    const batch = g.shape.slice(0, -2);
    const whole = (x: Type): Type => ({ shape: [...batch, ...x.shape.slice(-2)], dtype: g.dtype });
    return [q, k, v].map(whole).concat(ofMask ? [{ shape: mask.shape, dtype: g.dtype }] : []);
  },
  decompose(operands, { ofMask, ...a }) {
    const [g, gSums, out, sums] = operands as readonly Value[];
    const attention = attentionOf(operands.slice(4), a, g.dtype);
    const size = blockSize(scoresType(attention), a.isCausal);
    return backpropagate(attention, { out, sums, g, gSums }, size, ofMask);
  },
});

/**
 * Operands (q, k, v, scale[, mask][, p, four words of a random state]); gives the result and the
 * logarithm of each row's sum of exponentials, from which the gradient makes the weights again:
 * nothing of the size of the scores is kept.
 */
export const SCALED_DOT_PRODUCT_ATTENTION = defineOp<AttentionAttrs>({
  name: OP,
  onnx: 'Attention',
  infer(xs, a) {
    const [q, k, v] = xs;
    const batch = checkShapes(xs.slice(0, 3), a.mask ? xs[4] : null);
    const [rows, columns] = [q.shape.at(-2) as number, v.shape.at(-1) as number];
    const dtype = floatOf(promoteTypes([q, k, v]));
    return [
      { shape: [...batch, rows, columns], dtype },
      { shape: [...batch, rows, 1], dtype },
    ];
  },
  decompose(operands, a) {
    const dtype = floatOf(promoteTypes((operands as readonly Value[]).slice(0, 3)));
    const attention = attentionOf(operands, a, dtype);
    return attend(attention, blockSize(scoresType(attention), a.isCausal));
  },
  saves: SAVE.inputs | SAVE.out0 | SAVE.out1,
  gradient(ctx, g, [, gSums]) {
    const { mask, isCausal, dropout } = ctx.attrs;
    const count = 4 + (mask ? 1 : 0) + (dropout ? 5 : 0);
    const inputs = Array.from({ length: count }, (_, i) => ctx.input(i));
    const own = [g, gSums, ctx.output(0), ctx.output(1)];
    const ofMask = mask && ctx.needs(4);
    const a = attrs({ mask, isCausal, dropout, ofMask });
    const out = apply(ATTENTION_GRAD, [...own, ...inputs], a);
    for (const i of [0, 1, 2]) give(ctx, i, out[i]);
    if (ofMask) give(ctx, 4, out[3]);
  },
});

/** Gives a fresh gradient in the operand's own shape and dtype. */
function give(ctx: GradContext<AttentionAttrs>, i: number, g: Value): void {
  if (!ctx.needs(i)) return;
  const { shape, dtype } = ctx.inputType(i);
  const own = sameShape(g.shape, shape) ? g : sumTo(g, shape);
  ctx.give(i, cast(own, dtype));
}

/** The batch dimensions; throws unless (q, k, v) and the mask fit. */
function checkShapes(xs: readonly Type[], mask: Type | null): Shape {
  const [q, k, v] = xs.map((x) => x.shape);
  const operands = mask === null ? xs : [...xs, mask];
  const refuse = (problem: string, remedy: string): never => {
    throw new ShapeError({ op: OP, problem, operands, remedy });
  };
  const text = `queries ${formatShape(q)}, keys ${formatShape(k)} and values ${formatShape(v)}`;
  if (xs.some((x) => x.shape.length < 2)) {
    refuse(`${text} have two dimensions at least`, 'shapes are [..., positions, features]');
  }
  if (q.at(-1) !== k.at(-1)) {
    refuse(
      `${text}: a query has ${q.at(-1)} features, a key ${k.at(-1)}`,
      'the last sizes of queries and keys are equal',
    );
  }
  if (k.at(-2) !== v.at(-2)) {
    refuse(`${text}: there are ${k.at(-2)} keys, ${v.at(-2)} values`, 'each key has one value');
  }
  const batch = commonBatch(xs);
  if (batch === null) {
    return refuse(`${text}: the batch dimensions do not broadcast`, 'all but the last two agree');
  }
  const score = [...batch, q.at(-2) as number, k.at(-2) as number];
  if (mask !== null && !sameShape(broadcastShapes(mask.shape, score) ?? [-1], score)) {
    refuse(
      `a mask of shape ${formatShape(mask.shape)} does not broadcast to the scores ${formatShape(score)}`,
      'it has a row for each query and a column for each key',
    );
  }
  return batch;
}

export interface AttentionOptions {
  /** Bools, true where a query may attend to a key; or floats that are added to the scores. */
  readonly mask?: Value | null;
  /** Whether query i attends to the keys 0 to i alone. Default false. */
  readonly isCausal?: boolean;
  /** What the products are multiplied by. Default `1 / sqrt(E)`. */
  readonly scale?: number | null;
}

/** A probability, and the state that the random numbers come from. */
export interface AttentionDropout {
  readonly p: number;
  readonly state: RandomState;
}

/**
 * Attention: `softmax(q k^T * scale + mask) v`, the softmax over the keys.
 *
 * Shapes: q `[..., L, E]`, k `[..., S, E]`, v `[..., S, Ev]`; gives `[..., L, Ev]`. The leading
 * dimensions broadcast; the mask broadcasts to `[..., L, S]`. Dtypes: floats promoted together;
 * integers give float32; the mask bool (true: may attend) or float (added). `isCausal` lets query i
 * attend to the keys 0 to i, counted from the top left whatever L and S are. Numerics: a query that
 * may attend to nothing gives zeros and passes no gradient on, as in PyTorch 2.13. The gradient
 * makes the weights again from q, k and one number a row. Causal weights from 256 x 256 on, and
 * any that take over 64 MB, are computed in blocks, at most 16 along a side; blocks to which a causal
 * query may not attend are left out. Throws ShapeError when sizes do not fit, DtypeError
 * for an integer mask, ValueError for a mask together with `isCausal`, for a scale that is no finite
 * number and an unknown option.
 *
 * Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.1; for the gradient Dao et
 * al., FlashAttention, 2022, appendix B; for the blocks Dao, FlashAttention-2, 2023.
 *
 * @example
 * const x = tensor([[1, 0], [0, 1]]);
 * scaledDotProductAttention(x, x, x, { isCausal: true }).at(0).toArray(); // [1, 0]
 */
export function scaledDotProductAttention(
  q: Value,
  k: Value,
  v: Value,
  options: AttentionOptions = {},
  drop: AttentionDropout | null = null,
): Value {
  checkOptions(OP, options, ['mask', 'isCausal', 'scale']);
  requireTensor(OP, 'query', q);
  requireTensor(OP, 'key', k);
  requireTensor(OP, 'value', v);
  const { mask = null, isCausal = false } = options;
  checkMask([q, k, v], mask, isCausal);
  // Of no features every score is 0, whatever the scale.
  const scale = options.scale ?? 1 / Math.sqrt(Math.max(1, q.shape.at(-1) ?? 1));
  if (typeof scale !== 'number' || !Number.isFinite(scale)) {
    throw new ValueError({ op: OP, problem: `scale is a finite number, not ${given(scale)}` });
  }
  const random = drop === null ? [] : [drop.p, ...randomOperands(drop.state)];
  const operands = [q, k, v, scale, ...(mask === null ? [] : [mask]), ...random];
  const a = attrs({ mask: mask !== null, isCausal, dropout: drop !== null });
  return apply(SCALED_DOT_PRODUCT_ATTENTION, operands, a)[0];
}

function checkMask(xs: readonly Value[], mask: Value | null, isCausal: unknown): void {
  if (typeof isCausal !== 'boolean') {
    throw new ValueError({
      op: OP,
      problem: `isCausal must be true or false, not ${given(isCausal)}`,
    });
  }
  if (mask === null) return;
  requireTensor(OP, 'mask', mask);
  if (isCausal) {
    throw new ValueError({
      op: OP,
      problem: 'a mask and isCausal were given',
      operands: [...xs, mask],
      remedy: 'put both into the mask, e.g. mask.tril() of a mask of bools',
    });
  }
  if (mask.dtype === 'bool' || isFloat(mask.dtype)) return;
  throw new DtypeError({
    op: OP,
    problem: `the mask is ${mask.dtype}, neither bool nor float`,
    operands: [...xs, mask],
    remedy: "convert it, mask.to('bool'): true where a query may attend",
  });
}
