import { checkOptions, isFloat, ValueError } from '../base/index.ts';
import { Generator, noGrad, Tensor, tensor, vjp } from '../tensor/index.ts';
import { place } from './all-close.ts';
import { ComparisonError } from './comparison-error.ts';

export interface GradCheckOptions {
  /** 2 also checks the gradient of the gradient. */
  readonly order?: 1 | 2;
  /** Relative tolerance, 1e-5 unless given. */
  readonly rtol?: number;
  /** Absolute tolerance, 1e-6 unless given. */
  readonly atol?: number;
  /** Step of the differences, relative to elements above 1; 6e-6, about the cube root of ε. */
  readonly eps?: number;
}

type Differentiable = (...xs: Tensor[]) => Tensor;

/**
 * Checks the gradients of `f` at `inputs` against central differences in float64:
 * `(F(x + h) - F(x - h)) / 2h` for every element of every float input, where `F` is the sum of
 * `f`'s elements under fixed random weights. Returns true, or throws a ComparisonError that names
 * the input, the element and both values.
 *
 * Float inputs are converted to float64, others stay. Numerics: choose inputs away from kinks
 * (relu at 0, ties of max): there the difference is no derivative.
 * Throws ValueError if `f` is not deterministic or does not give a float tensor.
 *
 * @example
 * gradCheck((x, w) => x.matmul(w).tanh(), [randn([2, 3]), randn([3, 4])], { order: 2 });
 */
export function gradCheck(
  f: Differentiable,
  inputs: readonly Tensor[],
  options: GradCheckOptions = {},
): true {
  checkOptions('gradCheck', options, ['order', 'rtol', 'atol', 'eps']);
  const { order = 1 } = options;
  const xs = inputs.map((x) => noGrad(() => (isFloat(x.dtype) ? x.detach().double() : x)));
  checkOrder(f, xs, 1, options);
  if (order === 2) checkOrder(gradientOf(f, xs), xs, 2, options);
  return true;
}

/** Uniform numbers from 0.5 to 1.5 of `x`'s shape: no direction is lost, none cancels. */
function weights(x: Tensor, seed: number): Tensor {
  const random = new Generator(seed);
  const data = Float64Array.from({ length: x.numel }, () => 0.5 + random.random());
  return tensor(data).reshape(x.shape);
}

const floats = (xs: readonly Tensor[]): number[] =>
  xs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []));

/** `f` as a function of its float inputs alone. */
function partial(f: Differentiable, xs: readonly Tensor[]): Differentiable {
  const at = floats(xs);
  return (...ys) => f(...xs.map((x, i) => (at.includes(i) ? ys[at.indexOf(i)] : x)));
}

/** The weighted sum of all first derivatives: what order 2 differentiates again. */
function gradientOf(f: Differentiable, xs: readonly Tensor[]): Differentiable {
  return (...all) => {
    const at = floats(xs);
    const [y, pull] = vjp(partial(f, all), ...at.map((i) => all[i]));
    const parts = pull(weights(y, 1)).map((g, i) => g.mul(weights(g, 2 + i)).sum());
    return parts.reduce((a, b) => a.add(b));
  };
}

function checkOrder(
  f: Differentiable,
  xs: readonly Tensor[],
  order: number,
  { rtol = 1e-5, atol = 1e-6, eps = 6e-6 }: GradCheckOptions,
): void {
  const at = floats(xs);
  const [y, pull] = vjp(partial(f, xs), ...at.map((i) => xs[i]));
  requireFloat(y);
  const u = weights(y, 1);
  const total = (ys: readonly Tensor[]) =>
    noGrad(() =>
      f(...ys)
        .mul(u)
        .sum()
        .item(),
    );
  const first = total(xs);
  if (!Object.is(first, total(xs))) {
    throw new ValueError({
      op: 'gradCheck',
      problem: 'the function gives different values for equal inputs',
      remedy: 'call manualSeed inside it, or leave random operations out',
    });
  }
  const gradients = pull(u.to(y.dtype));
  for (const [k, input] of at.entries()) {
    const analytic = gradients[k].double().data() as Float64Array;
    const values = xs[input].data() as Float64Array;
    for (let i = 0; i < values.length; i++) {
      const h = eps * Math.max(1, Math.abs(values[i]));
      const shifted = (by: number) => {
        const moved = values.slice();
        moved[i] += by;
        return total(xs.with(input, tensor(moved).reshape(xs[input].shape)));
      };
      const numeric = (shifted(h) - shifted(-h)) / (2 * h);
      // Written so that NaN fails.
      if (Math.abs(analytic[i] - numeric) <= atol + rtol * Math.abs(numeric)) continue;
      throw new ComparisonError({
        op: 'gradCheck',
        problem:
          `the gradient of input ${input} is wrong (order ${order}): at ` +
          `${place(i, xs[input].shape)}, where it is ${values[i]}, the tape gives ` +
          `${analytic[i]} and central differences give ${numeric}`,
        operands: xs,
        remedy: 'at a kink, or where float32 is used inside, the differences are not to be trusted',
      });
    }
  }
}

function requireFloat(y: unknown): void {
  if (y instanceof Tensor && isFloat(y.dtype)) return;
  throw new ValueError({
    op: 'gradCheck',
    problem: `the function gives ${y instanceof Tensor ? y.dtype : typeof y}, not a float tensor`,
  });
}
