/**
 * The gradients of every op, on the device and its tape: against central differences in float64,
 * by the transpose identity, and the same for every layout of operands and incoming gradients.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFloat } from '../../src/base/index.ts';
import { jvp, Tensor, tensor, vjp } from '../../src/index.ts';
import {
  type Interpreter,
  interpreter,
  type OpDef,
  type Operand,
  ops,
  setInterpreter,
} from '../../src/ir/index.ts';
import { allClose, gradCheck } from '../../src/testing/index.ts';
import { type GradientCase, gradientCases } from './gradient-cases.ts';
import { type Layout, layOut, type Operand as OperandSpec, valuesOf } from './harness.ts';
import { sequence } from './sequence.ts';

/** Ops that were applied to something that requires a gradient. */
const differentiated = new Set<string>();

function spy(inner: Interpreter): Interpreter {
  const note = (def: OpDef, inputs: readonly Operand[]): void => {
    if (inputs.some((x) => x instanceof Tensor && x.requiresGrad)) differentiated.add(def.name);
  };
  return {
    apply1(def, a, attrs) {
      note(def, [a]);
      return inner.apply1(def, a, attrs);
    },
    apply2(def, a, b, attrs) {
      note(def, [a, b]);
      return inner.apply2(def, a, b, attrs);
    },
    apply(def, inputs, attrs) {
      note(def, inputs);
      return inner.apply(def, inputs, attrs);
    },
    update: (def, inputs, attrs, cells) => inner.update(def, inputs, attrs, cells),
  };
}

const eager = interpreter();
beforeAll(() => {
  setInterpreter(spy(eager));
});
afterAll(() => {
  setInterpreter(eager);
});

type F = (...xs: Tensor[]) => Tensor;

/** The case's operands; `layout` is that of the float ones. */
const operandsOf = (c: GradientCase, layout: Layout): Tensor[] =>
  c.operands.map((o, k) => layOut(o.dtype === 'float64' ? { ...o, layout } : o, valuesOf(o, k)));

/** The case as a function of its float operands alone. */
function floatsOf(c: GradientCase, all: readonly Tensor[]): [F, Tensor[]] {
  const places = all.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []));
  const f: F = (...xs) =>
    c.run(...all.map((x, i) => (isFloat(x.dtype) ? xs[places.indexOf(i)] : x))) as Tensor;
  return [f, places.map((i) => all[i])];
}

/** Numbers of no pattern, laid out as asked. */
function numbersLike(x: Tensor, seed: number, layout: Layout = 'dense'): Tensor {
  const next = sequence(seed);
  const o: OperandSpec = {
    shape: x.shape,
    dtype: 'float64',
    layout,
    fill: () => next() * 2 - 0.75,
  };
  return layOut(o, valuesOf(o, 0));
}

/** <Jv, u> = <v, J'u>. */
function transposeIdentity(f: F, xs: Tensor[]): void {
  const tangents = xs.map((x, i) => numbersLike(x, 10 + i));
  const [y, forward] = jvp(f, xs, tangents);
  const u = numbersLike(y, 5);
  const backward = vjp(f, ...xs)[1](u);
  const dot = (a: Tensor, b: Tensor): number => a.mul(b).sum().item();
  const right = backward.reduce((sum, g, i) => sum + dot(g, tangents[i]), 0);
  expect(Math.abs(dot(forward, u) - right)).toBeLessThanOrEqual(1e-11 * Math.max(1, y.numel));
}

/** Gradients of order 1 and 2, the incoming one laid out as asked. */
function gradients(f: F, xs: Tensor[], layout: Layout): Tensor[] {
  const [y, pull] = vjp(f, ...xs);
  const u = numbersLike(y, 7, layout === 'expanded' ? 'dense' : layout);
  const slope: F = (...zs) =>
    vjp(f, ...zs)[1](u)
      .map((g, i) => g.mul(numbersLike(g, 20 + i)).sum() as Tensor)
      .reduce((a, b) => a.add(b) as Tensor);
  const [total, second] = vjp(slope, ...xs);
  return [y, ...pull(u), ...second(total.mul(0).add(1) as Tensor)];
}

const LAYOUTS: readonly Layout[] = ['transposed', 'reversed', 'every second', 'expanded'];

function check(c: GradientCase): void {
  const dense = operandsOf(c, 'dense');
  const f = ((...xs: Tensor[]) => c.run(...xs)) as F;
  gradCheck(f, dense);
  // Squared, so that what is linear in its operands has a second derivative.
  gradCheck((...xs) => f(...xs).square(), dense, { order: 2, rtol: 2e-5 });
  transposeIdentity(...floatsOf(c, dense));
  for (const layout of LAYOUTS) {
    if (layout === 'expanded' && c.distinct === true) continue;
    const [g, strided] = floatsOf(c, operandsOf(c, layout));
    const packed = strided.map((x) => x.clone());
    const want = gradients(g, packed, 'dense');
    gradients(g, strided, layout).forEach((x, i) => {
      try {
        allClose(x, want[i], { rtol: 1e-11, atol: 1e-12 });
      } catch (e) {
        throw new Error(`result ${i} of ${layout} operands: ${(e as Error).message}`);
      }
    });
  }
}

const families = new Map<string, GradientCase[]>();
for (const c of gradientCases) {
  const family = c.name.split(' ')[0];
  families.set(family, [...(families.get(family) ?? []), c]);
}

describe('gradients on the device', () => {
  for (const [family, list] of families) {
    test(`${family} (${list.length} cases)`, () => {
      const failures: string[] = [];
      for (const c of list) {
        try {
          check(c);
        } catch (e) {
          failures.push(`${c.name}: ${(e as Error).stack?.slice(0, 900)}`);
        }
      }
      expect(failures.slice(0, 5)).toEqual([]);
    });
  }

  test('cast gives gradients back in the dtype of the operand', () => {
    const x = tensor([1, -2, 0.5], { dtype: 'float64' });
    const u = tensor([1, 2, 3], { dtype: 'float32' });
    const [y, pull] = vjp((z) => z.float(), x);
    expect(y.dtype).toBe('float32');
    const [g] = pull(u);
    expect([g.dtype, g.toArray()]).toEqual(['float64', [1, 2, 3]]);
    // What is no float passes nothing on.
    const [, nothing] = vjp((z) => z.int().double().add(z.mul(0)), x);
    expect(nothing(u.double())[0].toArray()).toEqual([0, 0, 0]);
  });

  // Without float operands, or with results that are bools: no gradient passes.
  const CONSTANT = 'arange linspace eye uniform normal randint bernoulli isnan any all'.split(' ');

  test('no op that has a gradient is left out', () => {
    const missing = [...ops.values()].filter(
      (def) => def.differentiable && !differentiated.has(def.name) && !CONSTANT.includes(def.name),
    );
    expect(missing.map((def) => def.name)).toEqual([]);
  });
});
