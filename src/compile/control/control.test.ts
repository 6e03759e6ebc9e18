/** Choices and loops: the same bits eagerly and compiled, and gradients. */
import { describe, expect, test } from 'vitest';
import {
  compile,
  cond,
  devices,
  getRandomState,
  grad,
  manualSeed,
  nn,
  noGrad,
  optim,
  Parameter,
  randn,
  scan,
  Tensor,
  tensor,
  valueAndGrad,
  vjp,
  whileLoop,
  zeros,
} from '../../index.ts';
import { gradCheck } from '../../testing/index.ts';

type Fn = (...xs: Tensor[]) => unknown;

const exact = !devices()[0].engine.startsWith('reference');

function tensorsOf(x: unknown): Tensor[] {
  if (x instanceof Tensor) return [x];
  if (typeof x !== 'object' || x === null) return [];
  return Object.values(x).flatMap(tensorsOf);
}

function same(got: unknown, want: unknown, bits = exact): void {
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
function check(f: Fn, xs: readonly Tensor[], bits = exact): void {
  const compiled = compile(f);
  const want = f(...xs);
  same(compiled(...xs), want, bits);
  same(compiled(...xs), want, bits);
}

const loss = (x: unknown): Tensor =>
  tensorsOf(x)
    .filter((t) => t.dtype === 'float32' || t.dtype === 'float64')
    .map((t) => t.mul(t.mul(0.3).add(0.7)).sum())
    .reduce((a, b) => a.add(b));

/** `bits`: false where gradients of one tensor are added up in another order. */
function checkGradients(f: Fn, xs: readonly Tensor[], bits = exact): void {
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

const x3 = tensor([0.5, -0.25, 0.75]);
const m = tensor([
  [0.2, -0.4, 0.1],
  [0.3, 0.5, -0.6],
  [-0.7, 0.1, 0.4],
]);

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
    expect(() => scan((c) => c as never, x3, xs)).toThrow(/array of two/);
    expect(compile(() => scan((c) => [c.sum(), null] as never, x3, xs))).toThrow(/the first carry/);
    expect(() => scan((c, [a, b]) => [c.add(a).add(b), null], x3, [xs, m])).toThrow(/3 slices/);
    expect(() => scan((c) => [c, null], x3, { length: -1 })).toThrow(/no whole number/);
    expect(() => scan((c) => [c, null], x3, {} as never)).toThrow(/there is no tensor in xs/);
  });
});

describe('in training', () => {
  const data = randn([12, 5, 3]);

  /** A recurrent net whose loop, loss, backward and update are one program. */
  function train(compiled: boolean, fail = -1): number[] {
    manualSeed(3);
    const net = { cell: nn.linear(7, 4), head: nn.linear(4, 1) };
    const all = [...net.cell.parameters(), ...net.head.parameters()];
    const opt = optim.adam(all, { lr: 0.01 });
    const step = (x: Tensor, limit: Tensor): Tensor => {
      const start = zeros([12, 4]);
      const [last] = scan(
        (h, v) => {
          const both = cond(
            h.sum().gt(limit),
            () => h.mul(0.5),
            () => h,
          );
          return [net.cell.forward(v.matmul(tensor(PROJECT)).add(pad(both))).tanh(), null];
        },
        start,
        x.transpose(0, 1),
      );
      const l = net.head.forward(last).square().mean();
      opt.zeroGrad();
      l.backward();
      opt.step();
      return l;
    };
    const pad = (h: Tensor): Tensor => h.matmul(tensor(SPREAD));
    const run = compiled ? compile(step) : step;
    const losses = Array.from({ length: 6 }, (_, i) => run(data, tensor(i % 2 ? 0 : 100)).item());
    expect(fail).toBe(-1);
    return [...losses, ...all.flatMap((p) => [...p.data()].map(Number))];
  }
  const PROJECT = Array.from({ length: 3 }, (_, i) =>
    Array.from({ length: 7 }, (_, j) => (i + 4 === j ? 1 : 0)),
  );
  const SPREAD = Array.from({ length: 4 }, (_, i) =>
    Array.from({ length: 7 }, (_, j) => (i === j ? 1 : 0)),
  );

  test('a training step with a loop and a choice in it', () => {
    const [a, b] = [train(true), train(false)];
    expect(a[5]).toBeLessThan(a[0]);
    a.forEach((v, i) => expect(v).toBeCloseTo(b[i], 4));
  });

  test('cells and gradients may not be written within', () => {
    const p = Parameter(tensor([1, 2, 3]));
    const opt = optim.sgd([p], { lr: 0.1 });
    const bodies: ((c: Tensor) => Tensor)[] = [
      (c) => (p.assign(c), c),
      (c) => (p.mul(c).sum().backward(), c),
      (c) => (opt.zeroGrad(), c),
      (c) => c.add(p.grad ?? 0),
    ];
    for (const body of bodies) {
      const f = [
        () => scan((c) => [body(c), null], x3, { length: 2 })[0],
        () => whileLoop((c) => c.sum().lt(0), body, x3),
        () => cond(tensor(true), body, body, x3),
      ];
      for (const g of f) expect(compile(g)).toThrow(/outside the function that it was given/);
    }
    expect(p.toArray()).toEqual([1, 2, 3]);
    expect(p.grad).toBe(null);
  });

  test('an index out of range within a body leaves parameters as they were', () => {
    const p = Parameter(tensor([1, 2, 3]));
    const step = compile((index: Tensor) => {
      p.assign(p.add(1));
      const [sum] = scan((c, i) => [c.add(p.indexSelect(0, i)), null], tensor([0]), index);
      p.assign(p.mul(sum.sum()));
      return sum;
    });
    const at = (...xs: number[]): Tensor =>
      tensor(
        xs.map((x) => [x]),
        { dtype: 'int32' },
      );
    expect(step(at(0, 2)).toArray()).toEqual([6]);
    expect(p.toArray()).toEqual([12, 18, 24]);
    expect(() => step(at(0, 7))).toThrow(/out of range/);
    expect(p.toArray()).toEqual([12, 18, 24]);
    expect(step(at(1, 1)).toArray()).toEqual([38]);
  });

  test('what a body leaves behind is refused where it is used', () => {
    let kept: Tensor | null = null;
    const f = compile((x: Tensor) => {
      const y = cond(
        x.sum().gt(0),
        (z) => (kept = z.mul(2)),
        (z) => z,
        x,
      );
      return y.add(kept as unknown as Tensor);
    });
    expect(() => f(x3)).toThrow(/while another function was recorded/);
  });
});

describe('random numbers', () => {
  const after = (f: () => unknown): unknown[] => {
    manualSeed(11);
    const got = [f(), randn([2])];
    return [...tensorsOf(got), tensor(Number(getRandomState().counter))];
  };

  test('each step of a scan draws its own, as eagerly, nested too', () => {
    const f = (): unknown => {
      const first = randn([2]);
      const [c, ys] = scan(
        (c) => {
          const noise = randn([2]);
          const [d] = scan((e) => [e.add(randn([2])), null], noise, { length: 3 });
          const chosen = cond(
            d.sum().gt(0),
            () => randn([2]).add(d),
            () => randn([2]).mul(d),
          );
          return [c.add(chosen).add(randn([2])), noise];
        },
        first,
        { length: 4 },
      );
      return [c, ys, randn([2])];
    };
    same(after(compile(f)), after(f));
    const compiled = compile(f);
    same(
      after(() => [compiled(), compiled()]),
      after(() => [f(), f()]),
    );
  });

  test('the way back sees the same numbers', () => {
    const f = (x: Tensor): Tensor =>
      scan((c) => [c.mul(randn([3])), randn([3]).mul(c)], x, { length: 4 }, { reverse: true })
        .map((t) => t.sum())
        .reduce((a, b) => a.add(b));
    const g = grad(f);
    const h = grad((x) => grad(f)(x).mul(x).sum());
    for (const k of [g, h])
      same(
        after(() => compile(k)(x3)),
        after(() => k(x3)),
      );
  });

  test('refused where their number depends on values', () => {
    const a = compile((x: Tensor) =>
      cond(
        x.sum().gt(0),
        () => randn([3]),
        () => x,
      ),
    );
    expect(() => a(x3)).toThrow(/ifTrue draws random numbers 1 times, ifFalse 0 times/);
    const b = compile((x: Tensor) =>
      whileLoop(
        (y) => y.sum().lt(9),
        (y) => y.add(randn([3])),
        x,
      ),
    );
    expect(() => b(x3)).toThrow(/random numbers are drawn in it/);
  });
});
