import { describe, expect, test } from 'vitest';
import { concat, noGrad, Parameter, tensor, zeros } from '../index.ts';
import { apply, defineOp } from '../ir/index.ts';
import type { Tensor } from './tensor.ts';

const list = (t: Tensor | null) => Array.from((t as Tensor).data() as Float32Array);

describe('backward', () => {
  test('adds into the leaves, each use once', () => {
    const w = Parameter(tensor([1, 2, 3]));
    const y = w.mul(w).add(w).sum();
    y.backward();
    expect(list(w.grad)).toEqual([3, 5, 7]);
    w.mul(2).sum().backward();
    expect(list(w.grad)).toEqual([5, 7, 9]);
  });

  test('two leaves never share a gradient buffer', () => {
    const a = Parameter(tensor([1, 2]));
    const b = Parameter(tensor([3, 4]));
    a.add(b).backward({ gradient: tensor([1, 1]) });
    a.mul(10).sum().backward();
    expect(list(a.grad)).toEqual([11, 11]);
    expect(list(b.grad)).toEqual([1, 1]);
  });

  test('the seed is not adopted: the caller keeps it', () => {
    const a = Parameter(tensor([1, 2]));
    const seed = tensor([1, 1]);
    a.mul(1).backward({ gradient: seed });
    a.mul(1).backward({ gradient: seed });
    expect(list(seed)).toEqual([1, 1]);
    expect(list(a.grad)).toEqual([2, 2]);
  });

  test('a chain of 100,000 operations needs no recursion', () => {
    const a = Parameter(tensor([1]));
    const one = tensor([1]);
    let c: Tensor = a;
    for (let i = 0; i < 100_000; i++) c = c.add(one) as Tensor;
    c.sum().backward();
    expect(list(a.grad)).toEqual([1]);
  });

  test('a value used many times is summed exactly once each', () => {
    const a = Parameter(tensor([1]));
    let c: Tensor = a;
    for (let i = 0; i < 10; i++) c = c.add(c) as Tensor;
    c.sum().backward();
    expect(list(a.grad)).toEqual([1024]);
  });

  test('a second backward names retainGraph, and works with it', () => {
    const a = Parameter(tensor([3]));
    const once = a.mul(a).sum();
    once.backward();
    expect(() => once.backward()).toThrow(/retainGraph/);
    const twice = a.mul(a).sum();
    twice.backward({ retainGraph: true });
    twice.backward();
    expect(list(a.grad)).toEqual([18]);
  });

  test('nothing to differentiate, or more than one element, is an error with a remedy', () => {
    expect(() => tensor([1]).backward()).toThrow(/requires a gradient[\s\S]*remedy/);
    expect(() =>
      Parameter(zeros([2]))
        .mul(1)
        .backward(),
    ).toThrow(/one element[\s\S]*mean\(\)/);
  });

  test('a parameter assigned after it was saved is noticed', () => {
    const a = Parameter(tensor([3]));
    const y = a.mul(a).sum();
    a.assign(tensor([4]));
    expect(() => y.backward()).toThrow(/mul[\s\S]*assigned a new value/);
  });

  test('also when someone else held the old value, so that the cell moved', () => {
    const a = Parameter(tensor([3]));
    const held = a.detach();
    const y = a.mul(a).sum();
    a.assign(tensor([4]));
    expect(list(held)).toEqual([3]);
    expect(() => y.backward()).toThrow(/assigned a new value/);
  });

  test('createGraph makes gradients that can be differentiated', () => {
    const a = Parameter(tensor([2]));
    a.mul(a).mul(a).sum().backward({ createGraph: true });
    const g = a.grad as Tensor;
    a.grad = null;
    g.sum().backward();
    expect(list(a.grad)).toEqual([12]);
  });

  test('a gradient function that throws leaves nothing behind', () => {
    const broken = defineOp({
      name: 'test.broken',
      infer: ([x]) => x,
      reference: ([x]) => x,
      lower: { kind: 'element', expr: (e, [x]) => e.neg(x) },
      gradient: () => {
        throw new Error('broken gradient');
      },
    });
    const a = Parameter(tensor([1]));
    const b = a.mul(2);
    const c = apply(broken, [b])[0] as Tensor;
    expect(() => c.add(b).sum().backward()).toThrow('broken gradient');
    expect(a.grad).toBeNull();
    b.mul(3).sum().backward();
    expect(list(a.grad)).toEqual([6]);
  });

  test('large temporaries of a backward go back to the heap at once', () => {
    const a = Parameter(zeros([300, 300]));
    a.mul(2).exp().mul(3).sin().sum().backward();
    expect((a.grad as Tensor).shape).toEqual([300, 300]);
    expect(list(a.grad).every((x) => Math.abs(x - 6 * Math.cos(3)) < 1e-5)).toBe(true);
  });
});

describe('the memory scope of a backward', () => {
  // Large enough that temporaries are freed by hand: wrong lifetimes would show.
  const n = 160;
  const wave = () => Parameter(tensor(Float32Array.from({ length: n * n }, (_, i) => Math.sin(i))));
  const programs: Record<string, (w: Tensor) => Tensor> = {
    'a value with many readers': (w) => {
      const a = w.mul(2);
      return a.mul(a).add(a).add(a.exp()).sum();
    },
    'views on the way': (w) => {
      const m = w.reshape([n, n]);
      return m.matmul(m.t()).add(m).mul(m.t()).sum();
    },
    'pass-through gradients': (w) => w.add(w).add(w.add(1)).add(w.mul(3)).sum(),
    'broadcasting both ways': (w) => {
      const m = w.reshape([n, n]);
      return m.mul(m.sum(0)).add(m.mean(1, true)).square().mean();
    },
    'several outputs, two readers': (w) => {
      const p = w
        .reshape([1, 1, n, n])
        .conv2d(tensor([[[[1, -1]]]]))
        .maxPool2d(1);
      return p.mul(2).sum().add(p.mul(p).sum());
    },
    'parts put together': (w) =>
      concat([w, w.mul(2), w.exp()], 0)
        .square()
        .sum(),
  };
  test.each(Object.entries(programs))('%s: the same bits as without it', (_, f) => {
    const [scoped, unscoped] = [wave(), wave()];
    f(scoped).backward();
    f(unscoped).backward({ createGraph: true });
    expect(list(scoped.grad)).toEqual(list(unscoped.grad));
  });
});

describe('noGrad', () => {
  test('records nothing, and nests', () => {
    const a = Parameter(tensor([1]));
    expect(noGrad(() => a.mul(2)).requiresGrad).toBe(false);
    expect(a.mul(2).requiresGrad).toBe(true);
    expect(() =>
      noGrad(() => {
        throw new Error('x');
      }),
    ).toThrow('x');
    expect(a.mul(2).requiresGrad).toBe(true);
  });

  test('an async function is refused, by the types too', () => {
    // @ts-expect-error a Promise is not allowed
    expect(() => noGrad(async () => 1)).toThrow(/asynchronous[\s\S]*await first/);
    const a = Parameter(tensor([1]));
    expect(a.mul(2).requiresGrad).toBe(true);
  });
});
