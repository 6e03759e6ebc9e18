import { describe, expect, test } from 'vitest';
import { grad, jvp, noGrad, Parameter, tensor, valueAndGrad, vjp } from '../index.ts';
import type { Tensor } from './tensor.ts';

const list = (t: Tensor) => Array.from(t.data() as Float64Array);
const x64 = (...xs: number[]) => tensor(xs, { dtype: 'float64' }) as Tensor;

describe('functional transforms', () => {
  test('grad of grad of grad: sin(x) x', () => {
    const f = (x: Tensor) => x.sin().mul(x).sum() as Tensor;
    const x = 0.7;
    const [s, c] = [Math.sin(x), Math.cos(x)];
    expect(list(grad(f)(x64(x)))[0]).toBeCloseTo(c * x + s, 12);
    expect(list(grad(grad(f))(x64(x)))[0]).toBeCloseTo(2 * c - x * s, 12);
    expect(list(grad(grad(grad(f)))(x64(x)))[0]).toBeCloseTo(-3 * s - x * c, 12);
  });

  test('an inner gradient may depend on an outer variable', () => {
    // d/dy [ d/dx (x y^2) at x = 3 ] = 2 y
    const f = (y: Tensor) => grad((x) => x.mul(y).mul(y).sum() as Tensor)(x64(3)).sum() as Tensor;
    expect(list(grad(f)(x64(5)))).toEqual([10]);
  });

  test('they never touch .grad, and do not disturb a tape outside', () => {
    const w = Parameter(x64(2));
    const outer = w.mul(w).sum();
    const g = grad((x) => x.mul(w).sum() as Tensor)(x64(7));
    expect(list(g)).toEqual([2]);
    expect(w.grad).toBeNull();
    outer.backward();
    expect(list(w.grad as Tensor)).toEqual([4]);
  });

  test('a result outside every transform is off the tape', () => {
    const [v, g] = valueAndGrad((x) => x.mul(x).sum() as Tensor)(x64(3));
    expect([v.requiresGrad, g.requiresGrad]).toEqual([false, false]);
    expect([v.item(), g.item()]).toEqual([9, 6]);
  });

  test('a gradient penalty reaches parameters that the function closes over', () => {
    const w = Parameter(x64(3));
    const g = grad((x) => x.mul(x).mul(w).sum() as Tensor)(x64(2));
    g.mul(g).sum().backward();
    // g = 2 x w = 12, d(g^2)/dw = 2 g * 2 x
    expect(list(w.grad as Tensor)).toEqual([96]);
  });

  test('in noGrad the result is off the tape', () => {
    const w = Parameter(x64(3));
    const g = noGrad(() => grad((x) => x.mul(x).sum() as Tensor)(w));
    expect([list(g)[0], g.requiresGrad]).toEqual([6, false]);
  });

  test('a parameter used as a seed does not become the gradient itself', () => {
    const u = Parameter(x64(5));
    const [g] = vjp((x) => x, x64(1))[1](u);
    u.assign(7);
    expect(list(g)).toEqual([5]);
  });

  test('a function that ignores its argument has gradient zero', () => {
    expect(list(grad(() => tensor([1], { dtype: 'float64' }) as Tensor)(x64(3, 4)))).toEqual([
      0, 0,
    ]);
  });

  test('vjp pulls back more than once; jvp agrees with it', () => {
    const f = (x: Tensor) => x.exp().mul(x) as Tensor;
    const x = x64(0.3, -1.2);
    const [y, pull] = vjp(f, x);
    const d = list(x).map((v) => Math.exp(v) * (1 + v));
    expect(list(y)[0]).toBeCloseTo(Math.exp(0.3) * 0.3, 12);
    list(pull(x64(1, 10))[0]).forEach((g, i) => {
      expect(g).toBeCloseTo(d[i] * [1, 10][i], 12);
    });
    expect(list(pull(x64(2, 0))[0])[0]).toBeCloseTo(2 * d[0], 12);
    const [, dy] = jvp(f, [x], [x64(1, -2)]);
    list(dy).forEach((g, i) => {
      expect(g).toBeCloseTo(d[i] * [1, -2][i], 12);
    });
  });

  test('wrong uses say so', () => {
    expect(() => grad((x) => x.mul(2) as Tensor)(x64(1, 2))).toThrow(/one element[\s\S]*vjp/);
    expect(() => grad((x) => x.sum() as Tensor)(tensor([1], { dtype: 'int32' }) as Tensor)).toThrow(
      /only float tensors/,
    );
    expect(() => grad((async (x: Tensor) => x) as never)(x64(1))).toThrow(/asynchronous/);
  });
});
