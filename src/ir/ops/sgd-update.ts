import type { Type } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';

/** A hyper-parameter in the parameter's dtype. */
const as = (x: Operand, p: Type): Operand => (typeof x === 'number' ? x : cast(x, p.dtype));

/** Operands (p, g, lr, weightDecay). */
export const SGD_UPDATE = defineOp({
  name: 'sgdUpdate',
  infer: ([p]) => ({ shape: p.shape, dtype: p.dtype }),
  decompose([parameter, g, lr, weightDecay]) {
    const p = parameter as Value;
    const decayed = add(g, mul(p, as(weightDecay, p)));
    return sub(p, mul(decayed, as(lr, p)));
  },
});

interface MomentumAttrs extends Attrs {
  readonly nesterov: boolean;
}

/** Operands (p, g, buf, lr, momentum, dampening, weightDecay); gives (p, buf). */
export const SGD_MOMENTUM_UPDATE = defineOp<MomentumAttrs>({
  name: 'sgdMomentumUpdate',
  infer: ([p, , buf]) => [
    { shape: p.shape, dtype: p.dtype },
    { shape: buf.shape, dtype: buf.dtype },
  ],
  decompose([parameter, gradient, buf, lr, momentum, dampening, weightDecay], { nesterov }) {
    const p = parameter as Value;
    const g = add(gradient, mul(p, as(weightDecay, p)));
    const kept = as(momentum, p);
    const next = add(mul(buf, kept), mul(g, sub(1, as(dampening, p))));
    const step = nesterov ? add(g, mul(next, kept)) : next;
    return [sub(p, mul(step, as(lr, p))), next];
  },
});

/**
 * One step of stochastic gradient descent: `g' = g + weightDecay p`, `p' = p - lr g'`.
 *
 * Hyper-parameters are numbers or 0-d tensors. Returns the new parameter.
 *
 * @example
 * sgdUpdate(tensor([1]), tensor([2]), 0.5).toArray(); // [0]
 */
export const sgdUpdate = (p: Value, g: Value, lr: Operand, weightDecay: Operand = 0): Value =>
  apply(SGD_UPDATE, [p, g, lr, weightDecay])[0];

/**
 * One step of gradient descent with momentum, by PyTorch's rules: `g' = g + weightDecay p`,
 * `buf' = momentum buf + (1 - dampening) g'`, `p' = p - lr buf'`; with `nesterov`
 * `p' = p - lr (g' + momentum buf')`. Returns p' and buf'.
 *
 * Hyper-parameters are numbers or 0-d tensors. PyTorch takes dampening 0 in the first step, when
 * the buffer is still zeros.
 *
 * Source: Sutskever et al., On the Importance of Initialization and Momentum, ICML 2013.
 *
 * @example
 * const [p] = sgdMomentumUpdate(tensor([1]), tensor([2]), tensor([0]), 0.5, 0.9);
 * p.toArray(); // [0]
 */
export function sgdMomentumUpdate(
  p: Value,
  g: Value,
  buf: Value,
  lr: Operand,
  momentum: Operand,
  dampening: Operand = 0,
  weightDecay: Operand = 0,
  options: { readonly nesterov?: boolean } = {},
): readonly [Value, Value] {
  const operands = [p, g, buf, lr, momentum, dampening, weightDecay];
  const a = attrs({ nesterov: options.nesterov ?? false });
  const out = apply(SGD_MOMENTUM_UPDATE, operands, a);
  return [out[0], out[1]];
}
