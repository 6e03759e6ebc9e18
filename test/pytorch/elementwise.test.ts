/** Activations and transcendental functions against PyTorch and correctly rounded results. */
import { describe, expect, test } from 'vitest';
import * as gradus from '../../src/index.ts';
import {
  elu,
  gelu,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softplus,
  type Tensor,
  tanh,
  tensor,
} from '../../src/index.ts';
import { type ActivationAttrs, loadFixture } from '../fixtures/load.ts';
import { check } from './check.ts';

type F = (x: Tensor, a: ActivationAttrs) => Tensor;
const ACTIVATIONS: Readonly<Record<string, F>> = {
  relu: (x) => relu(x),
  leaky_relu: (x, a) => leakyRelu(x, a.negativeSlope),
  elu: (x, a) => elu(x, a.alpha),
  gelu: (x, a) => gelu(x, { approximate: a.approximate }),
  sigmoid: (x) => sigmoid(x),
  tanh: (x) => tanh(x),
  silu: (x) => silu(x),
  softplus: (x) => softplus(x),
};

describe('activations', () => {
  test.for(loadFixture('activations').cases)('$name', (c, context) => {
    if (!(c.op in ACTIVATIONS)) context.skip(`Gradus has no ${c.op}`);
    if (c.attrs.beta === 2) context.skip('softplus has no beta');
    // The square of such an x is infinite in float32: its gradient by tanh is NaN.
    const without = (x: number) => c.name === 'gelu_tanh' && Math.abs(x) > 1e18;
    check(c, (x) => ACTIVATIONS[c.op](x, c.attrs), { without });
  });
});

/**
 * In units of the last place of float32, with the result's own rounding: the bounds that
 * src/kernel/math states. `sigmoid` is made of exp, an addition and a division.
 */
const BOUNDS: Readonly<Record<string, number>> = {
  exp: 1.2,
  expm1: 1.5,
  sigmoid: 2.5,
  log: 0.9,
  log1p: 0.9,
  sqrt: 0.5,
  sin: 1.6,
  cos: 1.6,
  tanh: 1.4,
  erf: 1.6,
  pow: 1.3,
};

/** The distance from the exact result, in float32 spacings there. */
function ulpError(got: number, exact: number): number {
  if (Object.is(got, exact) || (Number.isNaN(got) && Number.isNaN(exact))) return 0;
  const rounded = Math.fround(exact);
  // Beyond the range, and zeros: nothing between them to measure.
  if (Object.is(got, rounded)) {
    if (!Number.isFinite(rounded)) return 0;
  } else if (!Number.isFinite(rounded) || !Number.isFinite(got)) return Number.POSITIVE_INFINITY;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(exact) || 2 ** -149)));
  return Math.abs(got - exact) / 2 ** (exponent - 23);
}

describe('transcendental functions in float32', () => {
  test.each(loadFixture('transcendental').cases)('$name', (c) => {
    const f = (gradus as unknown as Record<string, (...xs: Tensor[]) => Tensor>)[c.op];
    const xs = c.inputs.map((t) => tensor(t.data));
    const got = f(...xs).data();
    const bad: string[] = [];
    c.outputs[0].data.forEach((want, i) => {
      const args = c.inputs.map((t) => t.data[i]);
      const large = Math.abs(args[0]) > 1e5 && Number.isFinite(args[0]);
      // sin and cos state their bound for |x| <= 1e5.
      if (large && (c.op === 'sin' || c.op === 'cos')) return;
      // 1 / (1 + e^-x) is 0 once e^-x overflows, where the sigmoid itself is subnormal.
      if (c.op === 'sigmoid' && args[0] < -88.72 && want < 2 ** -126 && got[i] === 0) return;
      const error = ulpError(Number(got[i]), want);
      if (!(error <= BOUNDS[c.op])) bad.push(`${c.op}(${args}) = ${got[i]}, ${error} ULP`);
    });
    expect(bad).toEqual([]);
  });
});
