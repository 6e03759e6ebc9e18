import { describe, expect, test } from 'vitest';
import { compile, cond, grad, noGrad, Parameter, type Tensor, tensor } from '../../index.ts';
import { gradCheck } from '../../testing/index.ts';
import { check, checkGradients, type Fn, m, same, x3 } from './control.test-util.ts';

describe('cond', () => {
  const choose = (x: Tensor, w: Tensor): unknown =>
    cond(
      x.sum().gt(0),
      (y, v) => ({ a: y.matmul(v).tanh(), b: y.mul(y) }),
      (y, v) => ({ a: y.sub(1), b: v.sum(0).mul(y) }),
      x,
      w,
    );

  test('gives what the branch that is taken gives, with its gradients', () => {
    checkGradients(choose as Fn, [x3, m]);
    checkGradients(choose as Fn, [x3.neg(), m]);
  });

  test('reads predicates of any dtype, NaN and one element of more dimensions', () => {
    const f = compile((p: Tensor) =>
      cond(
        p,
        () => tensor(1),
        () => tensor(2),
      ),
    );
    const got = [
      tensor(true),
      tensor([[0]]),
      tensor(0n),
      tensor(Number.NaN),
      tensor(-3, { dtype: 'int32' }),
    ].map((p) => [
      f(p).item(),
      cond(
        p,
        () => tensor(1),
        () => tensor(2),
      ).item(),
    ]);
    expect(got).toEqual([
      [1, 1],
      [2, 2],
      [2, 2],
      [1, 1],
      [1, 1],
    ]);
  });

  test('closes over parameters, intermediate values and constants', () => {
    const p = Parameter(tensor([1, 2, 3]));
    const c = tensor([3, 2, 1]);
    const f = (x: Tensor): Tensor => {
      const h = x.mul(p);
      return cond(
        x.sum().gt(0),
        () => h.mul(p).add(c),
        () => h.exp(),
      );
    };
    for (const x of [x3, x3.neg()]) {
      check(f as Fn, [x]);
      const gradients = [f, compile(f)].map((g) => {
        p.grad = null;
        g(x).sum().backward();
        return p.grad as unknown as Tensor;
      });
      same(gradients[1], gradients[0]);
    }
  });

  test('passes operands and one value twice', () => {
    check(
      ((x: Tensor) =>
        cond(
          x.sum().gt(0),
          (y) => [y, y, y.add(1)],
          (y) => [y.exp(), y, y],
          x,
        )) as Fn,
      [x3],
    );
    check(
      ((x: Tensor) => {
        const [a, b] = cond(
          x.sum().gt(0),
          (y) => [y, y],
          (y) => [y.exp(), y],
          x,
        );
        return [a, a, b];
      }) as Fn,
      [x3],
    );
  });

  test('second derivatives', () => {
    const f = (x: Tensor): Tensor =>
      cond(
        x.sum().gt(0),
        (y) => y.pow(3).sum(),
        (y) => y.exp().sum(),
        x,
      );
    const second = grad((x) => grad(f)(x).mul(x).sum());
    for (const x of [x3, x3.neg()]) same(compile(second)(x), second(x));
    gradCheck((x) => grad(f)(x), [x3.double()]);
    gradCheck(compile(f), [x3], { order: 1 });
    gradCheck(
      compile((x: Tensor) => grad(f)(x)),
      [x3],
    );
  });

  test('what is detached has no gradient', () => {
    const f = (x: Tensor): Tensor =>
      cond(
        x.sum().gt(0),
        (y) => y.mul(y.detach()).add(noGrad(() => y.exp())),
        (y) => y.neg(),
        x,
      );
    same(compile(grad((x) => f(x).sum()))(x3), grad((x) => f(x).sum())(x3));
  });

  test('branches that differ are refused, and both are named', () => {
    const run = (a: () => unknown, b: () => unknown) => () =>
      compile((x: Tensor) => cond(x.sum().gt(0), a, b as never))(x3);
    expect(
      run(
        () => x3,
        () => [x3],
      ),
    ).toThrow(/ifTrue has the structure T, the result of ifFalse has \[T\]/);
    expect(
      run(
        () => x3,
        () => m,
      ),
    ).toThrow(/ifTrue is float32\[3\], of the result of ifFalse float32\[3, 3\]/);
    expect(
      run(
        () => x3,
        () => x3.double(),
      ),
    ).toThrow(/float64\[3\]/);
    expect(() =>
      cond(
        x3,
        () => x3,
        () => x3,
      ),
    ).toThrow(/3 elements, and one decides/);
    expect(() =>
      cond(
        true as never,
        () => x3,
        () => x3,
      ),
    ).toThrow(/not a tensor of one element/);
  });
});
