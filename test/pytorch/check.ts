/** Runs a recorded call of PyTorch through the public API on the device, forwards and backwards. */
import { expect } from 'vitest';
import { type Tensor, tensor } from '../../src/index.ts';
import { ulpDistance } from '../../src/testing/index.ts';
import type { FixtureTensor } from '../fixtures/load.ts';

export interface Recorded {
  readonly name: string;
  readonly inputs: readonly FixtureTensor[];
  readonly outputs: readonly FixtureTensor[];
  readonly gradOutput: FixtureTensor | null;
  readonly inputGrads: readonly (FixtureTensor | null)[];
}

export interface CheckOptions {
  /** How many terms one element of the result, or of a gradient, is a sum of. */
  readonly terms?: number;
  /** Elements of gradients that are not compared; tests give the reason. */
  readonly without?: (x: number) => boolean;
  /** Bits are compared: the case has no rounding. */
  readonly exact?: boolean;
  /** Leave the gradients out; tests give the reason. */
  readonly forwardOnly?: boolean;
}

export const tensorOf = ({ data, dtype, shape }: FixtureTensor): Tensor =>
  tensor(dtype === 'int64' ? data.map(BigInt) : data, { dtype }).reshape(shape) as Tensor;

/** The message of the worst element, or none. */
export function difference(
  got: Tensor,
  want: FixtureTensor,
  options: CheckOptions,
  x?: FixtureTensor,
): string[] {
  if (got.shape.join() !== want.shape.join()) return [`shape [${got.shape}], not [${want.shape}]`];
  const float = want.dtype === 'float32' || want.dtype === 'float64';
  const epsilon = !float || options.exact ? 0 : want.dtype === 'float32' ? 2 ** -23 : 2 ** -52;
  const growth = 6 * Math.sqrt(options.terms ?? 1);
  const finite = want.data.filter(Number.isFinite).map(Math.abs);
  const scale = finite.reduce((a, b) => Math.max(a, b), 1);
  let worst = 0;
  let message: string[] = [];
  Array.from(got.data(), Number).forEach((g, i) => {
    const w = want.data[i];
    if (g === w || (Number.isNaN(g) && Number.isNaN(w))) return;
    if (x !== undefined && options.without?.(x.data[i])) return;
    // Cancelled digits are lost to the scale of what was summed.
    const allowed = epsilon * growth * (Math.abs(w) + (options.terms ? scale : 0.5));
    const off = Math.abs(g - w) / (allowed || Number.MIN_VALUE);
    if (off <= 1 || off <= worst) return;
    worst = off;
    const ulp = float ? ulpDistance(g, w, want.dtype as 'float32') : Math.abs(g - w);
    message = [`${want.name}[${i}] is ${g}, not ${w} (${ulp} ULP)`];
    if (Number.isNaN(off)) worst = Number.POSITIVE_INFINITY;
  });
  return message;
}

export function check(c: Recorded, f: (...xs: Tensor[]) => Tensor, options: CheckOptions = {}) {
  const xs = c.inputs.map(tensorOf);
  const backward = c.gradOutput !== null && options.forwardOnly !== true;
  if (backward) {
    xs.forEach((x, i) => {
      if (c.inputGrads[i] !== null && c.inputGrads[i] !== undefined) x.requiresGrad = true;
    });
  }
  const y = f(...xs);
  const problems = difference(y, c.outputs[0], options);
  if (backward) {
    y.backward({ gradient: tensorOf(c.gradOutput as FixtureTensor) });
    c.inputGrads.forEach((want, i) => {
      if (want === null) return;
      const { grad } = xs[i];
      problems.push(
        ...(grad === null ? [`no ${want.name}`] : difference(grad, want, options, c.inputs[i])),
      );
    });
  }
  expect(problems).toEqual([]);
}
