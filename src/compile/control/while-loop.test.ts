import { describe, expect, test } from 'vitest';
import { compile, grad, type Tensor, tensor, whileLoop } from '../../index.ts';
import { checkGradients, type Fn, m, x3 } from './control.test-util.ts';

describe('whileLoop', () => {
  const power = (x: Tensor, w: Tensor): unknown =>
    whileLoop(
      ({ n }) => n.lt(4),
      ({ n, y }) => ({ n: n.add(1), y: y.matmul(w).tanh().add(x) }),
      { n: tensor(0, { dtype: 'int32' }), y: x },
    );

  test('runs until the test says no, with gradients', () => {
    checkGradients(power as Fn, [x3, m]);
  });

  test('the number of turns depends on values', () => {
    const f = compile((x: Tensor) =>
      whileLoop(
        ([, y]) => y.lt(100),
        ([n, y]) => [n.add(1), y.mul(2)],
        [tensor(0), x],
      ),
    );
    const turns = [3, 50, 200, 0.5].map((x) => f(tensor(x)).map((t) => t.item()));
    expect(turns).toEqual([
      [6, 192],
      [1, 100],
      [0, 200],
      [8, 128],
    ]);
    const g = compile(
      grad((x) =>
        whileLoop(
          (y) => y.lt(100),
          (y) => y.mul(y),
          x,
        ),
      ),
    );
    const eager = grad((x) =>
      whileLoop(
        (y) => y.lt(100),
        (y) => y.mul(y),
        x,
      ),
    );
    for (const x of [2, 3, 200]) expect(g(tensor(x)).item()).toBe(eager(tensor(x)).item());
  });

  test('states that change places are not written over', () => {
    const f = (x: Tensor, y: Tensor): unknown =>
      whileLoop(
        ([n]) => n.lt(5),
        ([n, a, b, c]) => [n.add(1), b, c.add(a), a],
        [tensor(0), x, y, x.mul(y)],
      );
    checkGradients(f as Fn, [x3, x3.exp()]);
  });

  test('second derivatives are refused when compiled', () => {
    const f = (x: Tensor): Tensor =>
      whileLoop(
        (y) => y.lt(100),
        (y) => y.mul(y),
        x,
      );
    expect(() => compile(grad(grad(f)))(tensor(2))).toThrow(/unknown length/);
    expect(compile(grad((x) => grad(f)(x).detach().mul(x)))(tensor(2)).item()).toBe(
      grad((x) => grad(f)(x).detach().mul(x))(tensor(2)).item(),
    );
  });

  test('a state that changes its type is refused, eagerly too', () => {
    const wrong = [
      () =>
        whileLoop(
          (y) => y.sum().lt(9),
          (y) => y.reshape([3, 1]),
          x3,
        ),
      () =>
        whileLoop(
          (y) => y.sum().lt(9),
          (y) => y.double(),
          x3,
        ),
      () =>
        whileLoop(
          (y) => y.sum().lt(9),
          (y) => [y] as never,
          x3,
        ),
    ];
    for (const f of wrong) {
      expect(f).toThrow(/the first state/);
      expect(compile(() => f())).toThrow(/the first state/);
    }
    expect(
      compile(() =>
        whileLoop(
          (y) => y,
          (y) => y,
          x3,
        ),
      ),
    ).toThrow(/one decides/);
  });
});
