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
} from '../../base/index.ts';
import { apply } from '../apply.ts';
import { floatOf, promoteTypes, requireTensor } from '../element.ts';
import { type Attrs, attrs, defineOp, type GradContext, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { eq, le } from './compare.ts';
import { div } from './div.ts';
import { exp } from './exp.ts';
import { iota } from './iota.ts';
import { log } from './log.ts';
import { matmul } from './matmul.ts';
import { max } from './max.ts';
import { mul } from './mul.ts';
import { transpose } from './permute.ts';
import { dropout } from './random.ts';
import { type RandomState, randomOperands } from './random-bits.ts';
import { unsqueeze } from './reshape.ts';
import { sub } from './sub.ts';
import { expand, sum, sumTo } from './sum.ts';
import { where } from './where.ts';

const OP = 'scaledDotProductAttention';

interface AttentionAttrs extends Attrs {
  /** Whether a mask follows the scale. */
  readonly mask: boolean;
  readonly isCausal: boolean;
  /** Whether a probability and the four words of a random state come last. */
  readonly dropout: boolean;
}

/** The batch dimensions that operands broadcast to; null if they do not. */
const commonBatch = (xs: readonly Type[]): Shape | null =>
  xs
    .map((x): Shape | null => x.shape.slice(0, -2))
    .reduce((a, b) => (a === null || b === null ? null : broadcastShapes(a, b)));

const batchOf = (xs: readonly Type[]): Shape => commonBatch(xs) ?? [];

/** The mask, if there is one, and what dropout takes, of operands after the scale. */
function extras(rest: readonly Operand[], a: AttentionAttrs) {
  const [p, ...state] = rest.slice(a.mask ? 1 : 0);
  return {
    mask: a.mask ? (rest[0] as Value) : null,
    drop: (x: Value): Value => (a.dropout ? dropout(x, p, state as unknown as RandomState) : x),
  };
}

/**
 * `q k^T * scale` with the mask, -Infinity where a query may not attend; in all batch dimensions,
 * those that only the values have as well.
 */
function scores(
  [q, k, v]: readonly Value[],
  scale: Operand,
  mask: Value | null,
  isCausal: boolean,
): Value {
  // Scaled afterwards: that joins the softmax's kernel, a scaled q would be a kernel of its own.
  let s = mul(matmul(q, transpose(k)), scale);
  const whole = [...batchOf([s, v]), ...s.shape.slice(-2)];
  if (!sameShape(whole, s.shape)) s = expand(s, whole);
  if (mask?.dtype === 'bool') s = where(mask, s, Number.NEGATIVE_INFINITY);
  else if (mask !== null) s = add(s, cast(mask, s.dtype));
  if (!isCausal) return s;
  const [rows, columns] = s.shape.slice(-2);
  const allowed = le(iota(columns, 'int32', s.device), unsqueeze(iota(rows, 'int32', s.device), 1));
  return where(allowed, s, Number.NEGATIVE_INFINITY);
}

/**
 * Operands (g, gradient of the log-sums, out, log-sums, q, k, v, scale[, mask][, dropout]); gives
 * the gradients of q, k, v and of the scores, which is the mask's. With the weights
 * `p = exp(s - logsum)` and `h = drop(g v^T)`:
 * `ds = p (h - sum(g * out) + gLogsum)`, `dq = scale ds k`, `dk = scale ds^T q`, `dv = drop(p)^T g`.
 */
const ATTENTION_GRAD = defineOp<AttentionAttrs>({
  name: 'scaledDotProductAttentionGrad',
  infer(xs) {
    const [g, , , , q, k, v] = xs;
    const batch = g.shape.slice(0, -2);
    const whole = (x: Type): Type => ({ shape: [...batch, ...x.shape.slice(-2)], dtype: g.dtype });
    const score = { shape: [...batch, q.shape.at(-2) ?? 0, k.shape.at(-2) ?? 0], dtype: g.dtype };
    return [whole(q), whole(k), whole(v), score];
  },
  decompose(operands, a) {
    const [g, gSums, out, sums, ...inputs] = operands as readonly Value[];
    const [q, k, v] = inputs.slice(0, 3).map((x) => cast(x, g.dtype));
    const scale = inputs[3];
    const { mask, drop } = extras(inputs.slice(4), a);
    const p = exp(sub(scores([q, k, v], scale, mask, a.isCausal), sums));
    const level = sub(sum(mul(g, out), -1, true), gSums);
    const ds = mul(p, sub(drop(matmul(g, transpose(v))), level));
    return [
      mul(matmul(ds, k), scale),
      mul(matmul(transpose(ds), q), scale),
      matmul(transpose(drop(p)), g),
      ds,
    ];
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
    const [queries, keys, values, scale, ...rest] = operands as readonly Value[];
    const dtype = floatOf(promoteTypes([queries, keys, values]));
    const [q, k, v] = [queries, keys, values].map((x) => cast(x, dtype));
    const { mask, drop } = extras(rest, a);
    const s = scores([q, k, v], scale, mask, a.isCausal);
    if (k.shape.at(-2) === 0) {
      // Nothing to attend to, nor a maximum: zeros.
      return [matmul(s, v), sum(s, -1, true)];
    }
    const top = max(s, -1, true);
    // A row that may attend to nothing gives zeros, not NaN, as in PyTorch.
    const shift = where(eq(top, Number.NEGATIVE_INFINITY), 0, top);
    const e = exp(sub(s, shift));
    const total = sum(e, -1, true);
    const safe = where(eq(total, 0), 1, total);
    return [matmul(drop(div(e, safe)), v), add(log(safe), shift)];
  },
  saves: SAVE.inputs | SAVE.out0 | SAVE.out1,
  gradient(ctx, g, [, gSums]) {
    const { mask } = ctx.attrs;
    const count = 4 + (mask ? 1 : 0) + (ctx.attrs.dropout ? 5 : 0);
    const inputs = Array.from({ length: count }, (_, i) => ctx.input(i));
    const own = [g, gSums, ctx.output(0), ctx.output(1)];
    const out = apply(ATTENTION_GRAD, [...own, ...inputs], ctx.attrs);
    for (const i of [0, 1, 2]) give(ctx, i, out[i]);
    if (mask) give(ctx, 4, out[3]);
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
 * makes the weights again from q, k and one number a row. Throws ShapeError when sizes do not fit,
 * DtypeError for an integer mask, ValueError for a mask together with `isCausal`, for a scale that
 * is no finite number and an unknown option.
 *
 * Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.1; for the gradient Dao et
 * al., FlashAttention, 2022, appendix B.
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
