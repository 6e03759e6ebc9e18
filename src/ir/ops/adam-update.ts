import type { Type } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { div } from './div.ts';
import { full } from './full.ts';
import { mul } from './mul.ts';
import { sqrt } from './sqrt.ts';
import { sub } from './sub.ts';

interface AdamAttrs extends Attrs {
  /** Weight decay off the parameter itself (AdamW), not through the gradient. */
  readonly decoupled: boolean;
}

/** 1 - b before b is rounded to the parameter's dtype: 0.999 in float32 would lose five digits. */
const complement = (b: Operand, p: Type): Value =>
  cast(sub(1, cast(b as Value, 'float64')), p.dtype);

/** Operands (p, g, m, v, lr, b1, b2, eps, weightDecay, c1, c2); gives (p, m, v). */
export const ADAM_UPDATE = defineOp<AdamAttrs>({
  name: 'adamUpdate',
  infer: ([p, , m, v]) => [
    { shape: p.shape, dtype: p.dtype },
    { shape: m.shape, dtype: m.dtype },
    { shape: v.shape, dtype: v.dtype },
  ],
  decompose([parameter, gradient, m, v, ...given], { decoupled }) {
    let p = parameter as Value;
    // On the tape a number is one; in a graph it is an input like any other.
    const hyper = given.map((h) => (typeof h === 'number' ? full([], h, 'float64', p.device) : h));
    const [lr, b1, b2, eps, wd, c1, c2] = hyper.map((h) => cast(h as Value, p.dtype));
    let g = gradient as Value;
    if (decoupled) p = mul(p, sub(1, mul(lr, wd)));
    else g = add(g, mul(p, wd));
    const nextM = add(mul(m, b1), mul(g, complement(hyper[1], p)));
    const nextV = add(mul(v, b2), mul(mul(g, g), complement(hyper[2], p)));
    const spread = add(div(sqrt(nextV), sqrt(c2)), eps);
    return [sub(p, mul(div(nextM, spread), div(lr, c1))), nextM, nextV];
  },
});

/**
 * One step of Adam, by PyTorch's rules: `g' = g + weightDecay p`, `m' = b1 m + (1 - b1) g'`,
 * `v' = b2 v + (1 - b2) g'^2`, `p' = p - lr / c1 * m' / (sqrt(v') / sqrt(c2) + eps)`. With
 * `decoupled` (AdamW) the gradient stays and the parameter is first scaled by `1 - lr weightDecay`.
 * Returns p', m' and v'.
 *
 * Hyper-parameters are numbers or 0-d tensors; c1 is `1 - b1^t` in step t, c2 `1 - b2^t`.
 * Numerics: give b1 and b2 as numbers or float64 tensors; float32 would blur 1 - b2.
 *
 * Source: Kingma & Ba, Adam, 2015, algorithm 1; Loshchilov & Hutter, Decoupled Weight Decay, 2019.
 *
 * @example
 * const zero = tensor([0]);
 * const [p] = adamUpdate(tensor([1]), tensor([2]), zero, zero, 0.1, 0.9, 0.999, 0, 0, 0.1, 0.001);
 * p.toArray(); // [0.8999999761581421]
 */
export function adamUpdate(
  p: Value,
  g: Value,
  m: Value,
  v: Value,
  lr: Operand,
  b1: Operand,
  b2: Operand,
  eps: Operand,
  weightDecay: Operand,
  c1: Operand,
  c2: Operand,
  options: { readonly decoupled?: boolean } = {},
): readonly [Value, Value, Value] {
  const operands = [p, g, m, v, lr, b1, b2, eps, weightDecay, c1, c2];
  const out = apply(ADAM_UPDATE, operands, attrs({ decoupled: options.decoupled ?? false }));
  return [out[0], out[1], out[2]];
}
