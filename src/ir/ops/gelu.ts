import { checkOptions, given, ValueError } from '../../base/index.ts';
import { apply1 } from '../apply.ts';
import { floatUnary } from '../element.ts';
import { type Attrs, attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { erf } from './erf.ts';
import { exp } from './exp.ts';
import { elementComposite } from './grad-composite.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';
import { tanh } from './tanh.ts';

interface GeluAttrs extends Attrs {
  readonly approximate: 'none' | 'tanh';
}

const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** tanh of sqrt(2 / pi) * (x + 0.044715 x^3). */
function bend(x: Value): Value {
  return tanh(mul(mul(x, add(mul(mul(x, x), CUBIC), 1)), SCALE));
}

/** The normal distribution function. */
const phi = (x: Value): Value => mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);

const geluGrad = elementComposite('geluGrad', (g: Value, x: Value) => {
  const density = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return mul(g, add(phi(x), mul(x, density)));
});

const geluTanhGrad = elementComposite('geluTanhGrad', (g: Value, x: Value) => {
  const t = bend(x);
  const inner = mul(add(mul(mul(x, x), 3 * CUBIC), 1), SCALE);
  const curved = mul(mul(x, sub(1, mul(t, t))), inner);
  return mul(g, mul(add(add(t, 1), curved), 0.5));
});

export const GELU_OP = defineOp<GeluAttrs>({
  name: 'gelu',
  onnx: 'Gelu',
  infer: floatUnary.infer,
  decompose([operand], { approximate }) {
    const x = operand as Value;
    return approximate === 'tanh' ? mul(mul(x, 0.5), add(bend(x), 1)) : mul(x, phi(x));
  },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const grad = ctx.attrs.approximate === 'tanh' ? geluTanhGrad : geluGrad;
    ctx.give(0, grad(g, ctx.input(0) as Value));
  },
});

/**
 * Element by element `x * Phi(x)`, Phi being the normal distribution function
 * `(1 + erf(x / sqrt 2)) / 2`; with `approximate: 'tanh'`,
 * `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`.
 *
 * Dtypes: a float stays, integers and bools give float32.
 *
 * Source: Hendrycks & Gimpel, Gaussian Error Linear Units, 2016, section 2.
 *
 * @example
 * tensor([0, 1]).gelu().toArray(); // [0, 0.8413447141647339]
 */
export function gelu(x: Value, options: { readonly approximate?: 'none' | 'tanh' } = {}): Value {
  checkOptions('gelu', options, ['approximate']);
  const { approximate = 'none' } = options;
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw new ValueError({
      op: 'gelu',
      problem: `approximate is 'none' or 'tanh', not ${given(approximate)}`,
    });
  }
  return apply1(GELU_OP, x, attrs({ approximate }));
}
