import { apply1 } from '../apply.ts';
import { elementReference, floatUnary } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { exp } from './exp.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

/**
 * Below 1 the series of positive terms (Abramowitz & Stegun 7.1.6), from there 1 less the continued
 * fraction of erfc (7.1.14), whose rounding counts little in the difference.
 */
function erfReference(x: number): number {
  const a = Math.abs(x);
  if (!(a < 1)) return Number.isNaN(x) ? x : Math.sign(x) * (1 - erfcTail(a));
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > Math.abs(total) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

function erfcTail(a: number): number {
  let fraction = a;
  for (let n = 300; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.exp(-a * a) / Math.sqrt(Math.PI) / fraction;
}

export const ERF = defineOp({
  name: 'erf',
  onnx: 'Erf',
  ...floatUnary,
  reference: elementReference(erfReference),
  lower: { kind: 'element', expr: (e, [x]) => e.erf(x) },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const x = ctx.input(0) as Value;
    ctx.give(0, mul(mul(g, 2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x)))));
  },
});

/**
 * Element by element the error function, `2 / sqrt(pi) * integral from 0 to x of exp(-t^2) dt`.
 *
 * Dtypes: a float stays, integers and bools give float32. Numerics: within 1.6 ULP.
 *
 * @example
 * tensor([0, 1]).erf().toArray(); // [0, 0.8427007794380188]
 */
export const erf = (x: Value): Value => apply1(ERF, x);
