import { describe, expect, test } from 'vitest';
import {
  compile,
  cond,
  manualSeed,
  nn,
  optim,
  Parameter,
  randn,
  scan,
  type Tensor,
  tensor,
  whileLoop,
  zeros,
} from '../../index.ts';
import { x3 } from './control.test-util.ts';

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
