import { describe, expect, test } from 'vitest';
import { compile, devices, manualSeed, nn, optim, randint, randn, type Tensor } from '../index.ts';

const values = (t: Tensor): number[] => [...(t.data() as Float32Array)];
const exact = !devices()[0].engine.startsWith('reference');

function same(got: readonly number[], want: readonly number[]): void {
  if (exact) expect(got).toEqual(want);
  else got.forEach((x, i) => expect(x).toBeCloseTo(want[i], 2));
}

describe('open sizes', () => {
  test('a training step with batch normalisation and dropout records once for every batch', () => {
    const make = () => {
      manualSeed(1);
      const net = nn.sequential(
        nn.conv2d(1, 4, 3),
        nn.batchNorm2d(4),
        nn.relu(),
        nn.maxPool2d(2),
        nn.flatten(),
        nn.dropout(0.2),
        nn.linear(36, 3),
      );
      const opt = optim.adam(net.parameters(), { lr: 0.01 });
      const step = (x: Tensor, y: Tensor): Tensor => {
        const loss = nn.crossEntropy(net.forward(x) as Tensor, y);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      };
      return { net, step };
    };
    const [a, b] = [make(), make()];
    const compiled = compile(b.step, { dynamic: { x: [0], y: [0] } });
    for (const n of [8, 5, 7, 8, 2, 33]) {
      manualSeed(n);
      const [x, y] = [randn([n, 1, 8, 8]) as Tensor, randint(0, 3, [n]) as Tensor];
      manualSeed(n);
      const want = a.step(x, y).item();
      manualSeed(n);
      same([compiled(x, y).item()], [want]);
    }
    // The bias before a normalisation has a gradient of 0, whose noise Adam makes large.
    for (const [i, p] of exact ? b.net.parameters().entries() : []) {
      same(values(p), values(a.net.parameters()[i]));
    }
    expect(compiled.explain()).toMatch(/recorded once/);
  });

  test('two sizes, and a size of 1 by itself', () => {
    const f = (x: Tensor, y: Tensor) =>
      x
        .matmul(y)
        .reshape([-1, y.shape[1] as number])
        .mean(0)
        .mul(x.shape[0]) as Tensor;
    const compiled = compile(f, { dynamic: { x: [0, 1], y: [0, 1] } });
    for (const [m, k, n] of [
      [4, 6, 5],
      [3, 7, 2],
      [9, 2, 4],
      [4, 6, 5],
    ]) {
      const [x, y] = [randn([m, k]) as Tensor, randn([k, n]) as Tensor];
      same(values(compiled(x, y)), values(f(x, y)));
    }
    expect(compiled.explain()).toMatch(/recorded once/);
    const [x, y] = [randn([1, 6]) as Tensor, randn([6, 5]) as Tensor];
    same(values(compiled(x, y)), values(f(x, y)));
    expect(compiled.explain()).toMatch(/recorded 2 times/);
  });

  test('gradients of results', () => {
    const w = nn.linear(3, 2);
    const f = compile((x: Tensor) => w.forward(x).square().sum() as Tensor, {
      dynamic: { x: [0] },
    });
    for (const n of [4, 6]) {
      const x = randn([n, 3]) as Tensor;
      w.zeroGrad();
      f(x).backward();
      const got = values(w.weight.grad as Tensor);
      w.zeroGrad();
      w.forward(x).square().sum().backward();
      same(got, values(w.weight.grad as Tensor));
    }
  });

  test('positions, paths and negative dimensions name them too', () => {
    const f = compile((o: { x: Tensor }) => o.x.sum(-1) as Tensor, { dynamic: { 'o.x': [-1] } });
    f({ x: randn([2, 3]) as Tensor });
    f({ x: randn([2, 8]) as Tensor });
    expect(f.explain()).toMatch(/recorded once/);
    const g = compile((x: Tensor) => x.neg() as Tensor, { dynamic: { 0: [0] } });
    g(randn([3]) as Tensor);
    g(randn([4]) as Tensor);
    expect(g.explain()).toMatch(/recorded once/);
  });

  test('what depends on a size in another way is refused, with its line', () => {
    const x = randn([4, 3]) as Tensor;
    const quadratic = compile((z: Tensor) => z.mul(z.shape[0] ** 2) as Tensor, {
      dynamic: { z: [0] },
    });
    expect(() => quadratic(x)).toThrow(/mul: a number depends on[^]*dynamic\.test\.ts/);
    const grows = compile(
      (z: Tensor) => {
        let y = z;
        for (let i = 0; i < z.shape[0]; i++) y = y.add(1) as Tensor;
        return y;
      },
      { dynamic: { z: [0] } },
    );
    expect(() => grows(x)).toThrow(/number of its operations|which operations follow/);
    const branch = compile((z: Tensor) => (z.shape[0] > 100 ? z.mul(2) : z.neg()) as Tensor, {
      dynamic: { z: [0] },
    });
    expect(() => branch(x)).toThrow(/depends on an open size[^]*an if on the size/);
    const most = compile((z: Tensor) => z.mul(Math.min(z.shape[0], 100)) as Tensor, {
      dynamic: { z: [0] },
    });
    expect(() => most(x)).toThrow(/depends on an open size/);
    const fixed = randn([4, 3]) as Tensor;
    const mixed = compile((z: Tensor) => z.add(fixed) as Tensor, { dynamic: { z: [0] } });
    expect(() => mixed(x)).toThrow(/broadcast[^]*open sizes: recorded with z dimension 0 at 8/);
  });

  test('halves of odd sizes are recorded by themselves', () => {
    const f = (x: Tensor) => x.narrow(0, 0, Math.floor(x.shape[0] / 2)).mul(2) as Tensor;
    const compiled = compile(f, { dynamic: { x: [0] } });
    for (const n of [8, 6, 7, 7]) {
      const x = randn([n]) as Tensor;
      same(values(compiled(x)), values(f(x)));
    }
    expect(compiled.explain()).toMatch(/recorded 2 times/);
  });

  test('mistakes in the declaration', () => {
    const x = randn([4, 3]) as Tensor;
    const f = (z: Tensor) => z;
    expect(() => compile(f, { dynamic: { q: [0] } })(x)).toThrow(/names 'q'[^]*are z/);
    expect(() => compile(f, { dynamic: { z: 0 } as never })(x)).toThrow(/dynamic\.z is 0, which/);
    expect(() => compile(f, { dynamic: true as never })).toThrow(/dynamic is true/);
    expect(() => compile(f, { dynamic: { z: [2] } })(x)).toThrow(/dimension 2 of z, which has 2/);
  });
});
