import { describe, expect, test } from 'vitest';
import {
  compile,
  cond,
  grad,
  jvp,
  Parameter,
  randn,
  scan,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
  whileLoop,
  zeros,
} from '../../index.ts';
import { allClose, gradCheck } from '../../testing/index.ts';
import { check, checkGradients, type Fn, m, same, x3 } from './control.test-util.ts';

describe('scan', () => {
  const rnn = (w: Tensor, h: Tensor, xs: Tensor): unknown =>
    scan(
      (state, x) => {
        const next = state.matmul(w).add(x).tanh();
        return [next, next];
      },
      h,
      xs,
    );
  const xs = tensor([
    [0.1, 0.2, 0.3],
    [-0.4, 0.5, 0.1],
    [0.3, -0.2, 0.6],
    [0.9, 0.1, -0.8],
  ]);

  test('a recurrent net, with gradients, and against the unrolled loop', () => {
    checkGradients(rnn as Fn, [m, x3, xs]);
    const unrolled = (w: Tensor, h: Tensor, all: Tensor): Tensor => {
      let state = h;
      let total = tensor(0) as Tensor;
      for (const x of all.unbind(0)) {
        state = state.matmul(w).add(x).tanh();
        total = total.add(state.mul(state).sum());
      }
      return total;
    };
    const rolled = (w: Tensor, h: Tensor, all: Tensor): Tensor => {
      const [, total] = scan(
        ([s, t], x) => {
          const next = s.matmul(w).add(x).tanh();
          return [[next, t.add(next.mul(next).sum())], null];
        },
        [h, tensor(0)],
        all,
      )[0];
      return total;
    };
    const gradients = (f: (...ys: Tensor[]) => Tensor) =>
      compile((...ys: Tensor[]) => {
        const [y, pull] = vjp(f, ...ys);
        return [y, ...pull(tensor(1))];
      });
    same(gradients(rolled as never)(m, x3, xs), gradients(unrolled as never)(m, x3, xs));
  });

  test('both ways, several carries and slices, ys of any kind, no slices', () => {
    for (const reverse of [false, true]) {
      const f = (x: Tensor, ys: Tensor): unknown =>
        scan(
          ({ a, n }, [v, w]) => [
            { a: a.mul(v).add(w), n: n.add(1) },
            { n, old: a, v, sum: [a.add(v).exp(), v] },
          ],
          { a: x, n: tensor(0, { dtype: 'int32' }) },
          [ys, ys.mul(2)],
          { reverse },
        );
      checkGradients(f as Fn, [x3, xs]);
    }
    const g = (x: Tensor): unknown => scan((c, none) => [c.mul(x), none], x, { length: 5 });
    checkGradients(g as Fn, [x3]);
  });

  test('no steps, and strided slices', () => {
    check(((x: Tensor) => scan((c, v) => [c.add(v), c.mul(v)], x, zeros([0, 3]))) as Fn, [x3]);
    check(((x: Tensor) => scan((c) => [c, c], x, { length: 0 })) as Fn, [x3]);
    const captured = xs.t();
    check(((w: Tensor) => [captured.clone(), scan((c, v) => [c.add(v), c], w, captured)]) as Fn, [
      tensor([1, 2, 3, 4]),
    ]);
    checkGradients(((w: Tensor) => scan((c, v) => [c.add(v), c.mul(v)], w, captured)) as Fn, [
      tensor([1, 2, 3, 4]),
    ]);
  });

  test('second and third derivatives', () => {
    const f = (w: Tensor): Tensor =>
      scan((c, x) => [c.mul(w).add(x).sin(), null], x3.to(w.dtype), xs.to(w.dtype))[0].sum();
    const second = grad((w) => grad(f)(w).mul(w).sum());
    const third = grad((w) => second(w).mul(w).sum());
    const near = (a: Tensor, b: Tensor): void =>
      a.data().forEach((v, i) => expect(Number(v)).toBeCloseTo(Number(b.data()[i]), 3));
    near(compile(second)(x3), second(x3));
    near(compile(third)(x3), third(x3));
    gradCheck(
      compile((w: Tensor) => grad(f)(w)),
      [x3],
    );
    gradCheck(
      compile((w: Tensor) => second(w)),
      [x3],
    );
  });

  test('nested, with a choice and a loop inside', () => {
    const f = (w: Tensor, all: Tensor): unknown =>
      scan(
        (c, row) => {
          const [inner] = scan((d, x) => [d.mul(x).add(w.sum()), null], c.sum(), row);
          const chosen = cond(
            inner.gt(0),
            () => c.mul(w),
            () => c.sub(inner),
          );
          const [, z] = whileLoop(
            ([n]) => n.lt(2),
            ([n, y]) => [n.add(1), y.mul(w).tanh()],
            [tensor(0), chosen],
          );
          return [z, inner];
        },
        w,
        all,
      );
    checkGradients(f as Fn, [x3, xs], false);
  });

  test('everything within a loop of unknown length, and values too large for slabs', () => {
    const f = (...[w, all]: Tensor[]): unknown =>
      whileLoop(
        ([n]) => n.lt(3),
        ([n, y]) => {
          const [z, zs] = scan((c, x) => [c.mul(x).add(w).tanh(), c], y, all);
          return [
            n.add(1),
            cond(
              zs.sum().gt(n),
              (a) => a.mul(w),
              (a) => a.add(w),
              z,
            ),
          ];
        },
        [tensor(0), w],
      );
    checkGradients(f as Fn, [x3, xs], false);
    const large = randn([160, 160]).mul(0.1);
    const many = randn([3, 160, 160]).mul(0.1);
    const [, pull] = vjp((...ys) => (f(...ys) as Tensor[])[1], large, many);
    const back = compile((...ys: Tensor[]) => {
      const [, p] = vjp((...zs) => (f(...zs) as Tensor[])[1], ...ys);
      return p(large);
    });
    for (let i = 0; i < 3; i++) {
      back(large, many).forEach((g, k) => {
        expect(allClose(g, pull(large)[k], { rtol: 1e-4, atol: 1e-5 })).toBe(true);
      });
    }
  });

  test('directional derivatives', () => {
    const f = (w: Tensor): Tensor => scan((c, x) => [c.mul(w).add(x).sin(), c], x3, xs)[1];
    const along = (w: Tensor, t: Tensor): Tensor => jvp(f, [w], [t])[1];
    expect(allClose(compile(along)(x3, x3.exp()), along(x3, x3.exp()), { rtol: 1e-5 })).toBe(true);
  });

  test('without a step, what the body would use stays as it was', () => {
    const p = Parameter(tensor([1, 2, 3]));
    const [c, ys] = scan((h, x) => [h.mul(p).add(x), h.mul(p).sum()], x3, zeros([0, 3]));
    expect([c.toArray(), ys.shape, p.toArray()]).toEqual([x3.toArray(), [0], [1, 2, 3]]);
  });

  test('gradients within the body', () => {
    const f = (x: Tensor, t: Tensor): unknown =>
      scan(
        (y) => {
          const [v, g] = valueAndGrad((z) => z.sub(t).square().sum())(y);
          return [y.sub(g.mul(0.1)), v];
        },
        x,
        { length: 6 },
      );
    checkGradients(f as Fn, [x3, tensor([1, 2, 3])]);
  });

  test('wrong bodies are refused', () => {
    expect(() => scan((c) => [c, null], 0 as never, xs)).toThrow(/number 0[^]*tensor\(0\)/);
    expect(() => scan((c) => c as never, x3, xs)).toThrow(/array of two/);
    expect(compile(() => scan((c) => [c.sum(), null] as never, x3, xs))).toThrow(/the first carry/);
    expect(() => scan((c, [a, b]) => [c.add(a).add(b), null], x3, [xs, m])).toThrow(/3 slices/);
    expect(() => scan((c) => [c, null], x3, { length: -1 })).toThrow(/no whole number/);
    expect(() => scan((c) => [c, null], x3, {} as never)).toThrow(/there is no tensor in xs/);
  });
});
