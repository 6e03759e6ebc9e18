/** Functions eagerly and compiled: the same results, and the same gradients by every road. */
import { expect } from 'vitest';
import { compile, devices, Parameter, Tensor, tensor, vjp } from '../../index.ts';
import { gradCheck } from '../../testing/index.ts';

export type Fn = (...xs: Tensor[]) => unknown;

export const exact = !devices()[0].engine.startsWith('reference');

export function tensorsOf(x: unknown): Tensor[] {
  if (x instanceof Tensor) return [x];
  if (typeof x !== 'object' || x === null) return [];
  return Object.values(x).flatMap(tensorsOf);
}

export function same(got: unknown, want: unknown, bits = exact): void {
  const [a, b] = [tensorsOf(got), tensorsOf(want)];
  expect(a.map((t) => `${t.dtype}[${t.shape}]`)).toEqual(b.map((t) => `${t.dtype}[${t.shape}]`));
  a.forEach((t, i) => {
    const [xs, ys] = [t.data(), b[i].data()];
    // The reference rounds where a tensor is stored, and within a program it is not.
    if (bits) expect(xs).toEqual(ys);
    else xs.forEach((x, k) => expect(Number(x)).toBeCloseTo(Number(ys[k]), 4));
  });
}

/** The function gives the same compiled, twice, and so do its gradients in and around the program. */
export function check(f: Fn, xs: readonly Tensor[], bits = exact): void {
  const compiled = compile(f);
  const want = f(...xs);
  same(compiled(...xs), want, bits);
  same(compiled(...xs), want, bits);
}

export const loss = (x: unknown): Tensor =>
  tensorsOf(x)
    .filter((t) => t.dtype === 'float32' || t.dtype === 'float64')
    .map((t) => t.mul(t.mul(0.3).add(0.7)).sum())
    .reduce((a, b) => a.add(b));

/** `bits`: false where gradients of one tensor are added up in another order. */
export function checkGradients(f: Fn, xs: readonly Tensor[], bits = exact): void {
  check(f, xs);
  const pulled: Fn = (...ys) => {
    const [y, pull] = vjp((...zs) => loss(f(...zs)), ...ys);
    return [y, ...pull(tensor(1).to(y.dtype))];
  };
  check(pulled, xs, bits);
  // From outside: the program's results are put on the tape.
  const outside = (g: Fn): Tensor[] => {
    const leaves = xs.map((x) => Parameter(x.detach()));
    loss(g(...leaves.map((p) => p.mul(1)))).backward();
    return leaves.map((p) => p.grad ?? p.mul(0));
  };
  same(outside(compile(f)), outside(f), bits);
  gradCheck(compile((...ys: Tensor[]) => loss(f(...ys))) as (...ys: Tensor[]) => Tensor, xs);
}

export const x3 = tensor([0.5, -0.25, 0.75]);
export const m = tensor([
  [0.2, -0.4, 0.1],
  [0.3, 0.5, -0.6],
  [-0.7, 0.1, 0.4],
]);
