/** Leaves, modes and gradients that a recorded function meets under several names, or changes itself. */
import { describe, expect, test } from 'vitest';
import { compile, nn, Parameter, randn, type Tensor, tensor, zeros } from '../index.ts';

const values = (t: Tensor | null): number[] => [...((t as Tensor).data() as Float32Array)];
const leaf = (...x: number[]): Tensor => tensor(x, { requiresGrad: true }) as Tensor;

describe('gradients of leaves', () => {
  test('one tensor given twice gathers both', () => {
    const f = compile((x: Tensor, y: Tensor) => {
      x.mul(y).sum().backward();
    });
    const x = leaf(1, 2);
    f(x, x);
    expect(values(x.grad)).toEqual([2, 4]);
    const [a, b] = [leaf(1, 2), leaf(3, 4)];
    f(a, b);
    expect([values(a.grad), values(b.grad)]).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });

  test('a captured leaf, which is an argument too or not', () => {
    const z = leaf(1, 2);
    const f = compile((x: Tensor) => {
      z.grad = null;
      x.mul(z).sum().backward();
      return z.grad;
    });
    expect(values(f(leaf(5, 6)) as unknown as Tensor)).toEqual([5, 6]);
    expect(values(z.grad)).toEqual([5, 6]);
    f(z);
    expect(values(z.grad)).toEqual([2, 4]);
    f(tensor([7, 8]) as Tensor);
    expect(values(z.grad)).toEqual([7, 8]);
  });

  test('a leaf, and then a tensor that was computed', () => {
    const f = compile((x: Tensor) => {
      x.square().sum().backward();
    });
    const x = leaf(3);
    f(x);
    expect(values(x.grad)).toEqual([6]);
    expect(() => f(Parameter(tensor([1])).mul(3) as Tensor)).toThrow(/leads out/);
  });

  test('frozen and thawed within', () => {
    const w = Parameter(tensor([2])) as Tensor;
    const f = compile((x: Tensor) => {
      const a = x.mul(w).sum();
      w.requiresGrad = false;
      const b = x.mul(w).sum();
      w.requiresGrad = true;
      return [a, b] as Tensor[];
    });
    for (let i = 0; i < 3; i++) {
      const [a, b] = f(tensor([5]) as Tensor);
      expect([a.requiresGrad, b.requiresGrad]).toEqual([true, false]);
      w.grad = null;
      a.backward();
      expect(values(w.grad)).toEqual([5]);
    }
    expect(f.explain()).toMatch(/recorded once/);
  });
});

describe('modes that the function sets itself', () => {
  test('are not asked for at each call', () => {
    const net = nn.sequential(nn.linear(2, 2), nn.dropout(0.5));
    const f = compile((x: Tensor) => {
      net.eval();
      const y = net.forward(x) as Tensor;
      net.train();
      return y;
    });
    for (let i = 0; i < 4; i++) f(randn([2, 2]) as Tensor);
    expect(f.explain()).toMatch(/recorded once/);
    expect(net.training).toBe(true);
  });

  test('are as before if the recording fails', () => {
    const net = nn.linear(2, 2);
    const f = compile(() => {
      net.eval();
      net.weight.requiresGrad = false;
      throw new Error('no');
    });
    expect(() => f()).toThrow('no');
    expect([net.training, net.weight.requiresGrad]).toEqual([true, true]);
  });
});

test('`this` is passed on', () => {
  const o = {
    k: 3,
    f: compile(function (this: { k: number }, x: Tensor) {
      return x.mul(this.k) as Tensor;
    }),
  };
  expect(values(o.f(tensor([2]) as Tensor))).toEqual([6]);
});

test('zeros are no zeros of the other sign', () => {
  const f = compile((x: Tensor) => x.sub(-0) as Tensor);
  expect(Object.is(f(tensor([-0]) as Tensor).item(), 0)).toBe(true);
});

describe('open sizes', () => {
  const x = zeros([4]) as Tensor;
  test('decide nothing but sizes', () => {
    const [a, b] = [Parameter(tensor([1])), Parameter(tensor([2]))] as Tensor[];
    const refused = (f: (z: Tensor) => unknown) => () => compile(f, { dynamic: { z: [0] } })(x);
    expect(refused((z) => z.add(tensor(Array.from({ length: z.shape[0] }, () => 1))))).toThrow(
      /which tensors it reads depends on an open size[^]*arange/,
    );
    expect(refused((z) => z.mul(z.shape[0] > 5 ? a : b))).toThrow(/which tensors it reads/);
    expect(refused((z) => [z.sum(), z.shape[0]])).toThrow(/what it returns depends/);
    expect(refused((z) => (z.shape[0] > 5 ? { p: z.neg() } : { q: z.neg() }))).toThrow(/returns/);
  });

  test('rounded halves among operands', () => {
    const f = compile((z: Tensor) => z.add(Math.floor(z.shape[0] / 2)) as Tensor, {
      dynamic: { z: [0] },
    });
    for (const n of [4, 5, 6, 7])
      expect(
        f(zeros([n]) as Tensor)
          .at(0)
          .item(),
      ).toBe(n >> 1);
    const log = compile((z: Tensor) => z.add(Math.log(z.shape[0])) as Tensor, {
      dynamic: { z: [0] },
    });
    expect(() => log(zeros([2]) as Tensor)).toThrow(/depends on an open size/);
  });

  test('a slice that is too long for a size is recorded by itself', () => {
    const f = compile((z: Tensor) => z.at(':10').mul(2) as Tensor, { dynamic: { z: [0] } });
    for (const n of [20, 9, 30]) expect(f(zeros([n]) as Tensor).shape).toEqual([Math.min(n, 10)]);
  });
});
