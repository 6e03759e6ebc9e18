import type { Type } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { div } from './div.ts';
import { maximum } from './maximum.ts';
import { mul } from './mul.ts';
import { sqrt } from './sqrt.ts';
import { sub } from './sub.ts';

interface RmspropAttrs extends Attrs {
  /** Divides by the standard deviation of the gradients: operand and output `average`. */
  readonly centered: boolean;
  /** Operands `buffer` and `momentum`, output `buffer`. */
  readonly momentum: boolean;
}

/** A hyper-parameter in the parameter's dtype. */
const as = (x: Operand, p: Type): Operand => (typeof x === 'number' ? x : cast(x, p.dtype));

/** 1 - a before a is rounded to the parameter's dtype: 0.999 in float32 would lose five digits. */
const complement = (a: Operand, p: Type): Operand =>
  typeof a === 'number' ? 1 - a : cast(sub(1, cast(a, 'float64')), p.dtype);

/**
 * Operands (p, g, square[, average][, buffer], lr, alpha, eps, weightDecay[, momentum]); gives
 * (p, square[, average][, buffer]).
 */
export const RMSPROP_UPDATE = defineOp<RmspropAttrs>({
  name: 'rmspropUpdate',
  infer([p, , ...rest], { centered, momentum }) {
    const state = rest.slice(0, 1 + Number(centered) + Number(momentum));
    return [p, ...state].map(({ shape, dtype }) => ({ shape, dtype }));
  },
  decompose([parameter, gradient, ...rest], a) {
    const p = parameter as Value;
    const square = rest.shift() as Value;
    const average = a.centered ? (rest.shift() as Value) : null;
    const buffer = a.momentum ? (rest.shift() as Value) : null;
    const [lr, alpha, eps, weightDecay, momentum] = rest;
    const share = complement(alpha, p);
    const g = add(gradient, mul(p, as(weightDecay, p)));
    const nextSquare = add(mul(square, as(alpha, p)), mul(mul(g, g), share));
    const out: Value[] = [nextSquare];
    let spread = nextSquare;
    if (average !== null) {
      const next = add(average, mul(sub(g, average), share));
      out.push(next);
      // Of equal gradients rounding may leave less than 0.
      spread = maximum(sub(nextSquare, mul(next, next)), 0);
    }
    let step = div(g, add(sqrt(spread), as(eps, p)));
    if (buffer !== null) {
      step = add(mul(buffer, as(momentum, p)), step);
      out.push(step);
    }
    return [sub(p, mul(step, as(lr, p))), ...out];
  },
});

/** What {@link rmspropUpdate} keeps from step to step; `average` makes it centred. */
export interface RmspropState {
  readonly square: Value;
  readonly average?: Value;
  readonly buffer?: Value;
}

/**
 * One step of RMSprop, by PyTorch's rules: `g' = g + weightDecay p`,
 * `square' = alpha square + (1 - alpha) g'^2`, `p' = p - lr g' / (sqrt(square') + eps)`. With
 * `average` (centred), `average' = alpha average + (1 - alpha) g'` and `square' - average'^2` stands
 * under the root. With `buffer`, `buffer' = momentum buffer + g' / (...)` and `p' = p - lr buffer'`.
 * Returns p' and the state, in the order square, average, buffer.
 *
 * Hyper-parameters are numbers or 0-d tensors. Numerics: give alpha as a number or a float64 tensor:
 * float32 would blur 1 - alpha. What rounding leaves below 0 under the root counts as 0, where PyTorch
 * gives NaN.
 *
 * Source: Hinton, Neural Networks for Machine Learning, 2012, lecture 6e; Graves, Generating
 * Sequences With Recurrent Neural Networks, 2013, equations 38 to 41 (centred).
 *
 * @example
 * const state = { square: tensor([0]) };
 * const [p] = rmspropUpdate(tensor([1]), tensor([2]), state, 0.1, 0.75, 0);
 * p.toArray(); // [0.800000011920929]
 */
export function rmspropUpdate(
  p: Value,
  g: Value,
  state: RmspropState,
  lr: Operand,
  alpha: Operand,
  eps: Operand,
  weightDecay: Operand = 0,
  momentum: Operand = 0,
): readonly Value[] {
  const { square, average, buffer } = state;
  const settings = attrs({ centered: average !== undefined, momentum: buffer !== undefined });
  const kept = [square, average, buffer].filter((x) => x !== undefined);
  const hypers = [lr, alpha, eps, weightDecay, ...(buffer === undefined ? [] : [momentum])];
  return apply(RMSPROP_UPDATE, [p, g, ...kept, ...hypers], settings);
}
