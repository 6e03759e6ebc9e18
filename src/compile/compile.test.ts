import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  arange,
  compile,
  detectAnomaly,
  devices,
  grad,
  manualSeed,
  nn,
  noGrad,
  optim,
  Parameter,
  randint,
  randn,
  randperm,
  type Tensor,
  tensor,
  vjp,
  zeros,
} from '../index.ts';

const values = (t: Tensor): number[] => [...(t.data() as Float32Array)];

// The reference rounds where a tensor is stored: between ops, and not within a program.
const exact = !devices()[0].engine.startsWith('reference');

/** The same numbers, to the last bit where engines round alike. */
function same(got: unknown, want: unknown): void {
  if (exact) expect(got).toEqual(want);
  else {
    const flat = (x: unknown): number[] => (Array.isArray(x) ? x.flat(9) : [x]).map(Number);
    const [a, b] = [flat(got), flat(want)];
    expect(a).toHaveLength(b.length);
    a.forEach((x, i) => {
      expect(Math.abs(x - b[i])).toBeLessThanOrEqual(1e-3 * (1 + Math.abs(b[i])));
    });
  }
}

/** A network, its optimiser and one training step. */
function training(
  seed = 0,
  make: (p: Tensor[]) => optim.Optimizer = (p) => optim.adam(p, { lr: 0.01 }),
) {
  manualSeed(seed);
  const net = nn.sequential(nn.linear(6, 8), nn.relu(), nn.dropout(0.25), nn.linear(8, 3));
  const opt = make(net.parameters());
  const step = (x: Tensor, y: Tensor): Tensor => {
    const loss = nn.crossEntropy(net.forward(x) as Tensor, y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    return loss;
  };
  return { net, opt, step };
}

const batch = (n = 5) => {
  manualSeed(9);
  return [randn([n, 6]) as Tensor, randint(0, 3, [n]) as Tensor] as const;
};

const stateOf = (net: nn.Module, opt: optim.Optimizer): number[][] =>
  [...Object.values(net.stateDict()), ...Object.values(opt.stateDict())].map((t) =>
    values(t as Tensor),
  );

describe('training', () => {
  const optimisers: Record<string, (p: Tensor[]) => optim.Optimizer> = {
    adam: (p) => optim.adam(p, { lr: 0.01 }),
    adamW: (p) => optim.adamW(p, { lr: 0.01 }),
    sgd: (p) => optim.sgd(p, { lr: 0.1, momentum: 0.9 }),
    rmsprop: (p) => optim.rmsprop(p, { lr: 0.01 }),
  };
  test.each(Object.keys(optimisers))('200 steps of %s give the bits of eager ones', (name) => {
    const [a, b] = [training(1, optimisers[name]), training(1, optimisers[name])];
    const [x, y] = batch();
    const compiled = compile(b.step);
    const run = (step: typeof a.step): number[] => {
      manualSeed(3); // dropout
      return Array.from({ length: 200 }, () => step(x, y).item());
    };
    same(run(compiled), run(a.step));
    same(stateOf(b.net, b.opt), stateOf(a.net, a.opt));
    expect(compiled.explain()).toMatch(/recorded once/);
  });

  test('a schedule within the step, and one outside, are those of eager code', () => {
    for (const inside of [true, false]) {
      const make = () => {
        const t = training(4);
        const schedule = optim.cosineLr(t.opt, { steps: 50 });
        const whole = (x: Tensor, y: Tensor): Tensor => {
          const loss = t.step(x, y);
          if (inside) schedule.step();
          return loss;
        };
        return { ...t, whole, after: () => (inside ? undefined : schedule.step()) };
      };
      const [a, b] = [make(), make()];
      const [x, y] = batch();
      const compiled = compile(b.whole);
      manualSeed(1);
      for (let i = 0; i < 50; i++) {
        a.whole(x, y);
        a.after();
      }
      manualSeed(1);
      for (let i = 0; i < 50; i++) {
        compiled(x, y);
        b.after();
      }
      same(stateOf(b.net, b.opt), stateOf(a.net, a.opt));
      same(b.opt.lr, a.opt.lr);
    }
  });

  test('running statistics, and evaluation after training', () => {
    const make = () => {
      manualSeed(2);
      const net = nn.sequential(nn.conv2d(2, 4, 3), nn.batchNorm2d(4), nn.relu());
      return { net, f: (x: Tensor) => net.forward(x) as Tensor };
    };
    const [a, b] = [make(), make()];
    const x = randn([3, 2, 6, 6]) as Tensor;
    const compiled = compile(b.f);
    for (let i = 0; i < 3; i++) same(values(compiled(x)), values(a.f(x)));
    a.net.eval();
    b.net.eval();
    same(values(compiled(x)), values(a.f(x)));
    expect(compiled.explain()).toMatch(/recorded 2 times[^]*training mode of \w+ changed/);
    const [m, n] = [a, b].map(({ net }) => Object.values(net.stateDict()).map((t) => t.toArray()));
    same(n, m);
  });

  test('frozen parameters sit out, as eagerly', () => {
    const make = () => {
      const t = training(5);
      t.net.parameters()[0].requiresGrad = false;
      return t;
    };
    const [a, b] = [make(), make()];
    const [x, y] = batch();
    const compiled = compile(b.step);
    for (let i = 0; i < 3; i++) {
      manualSeed(i);
      a.step(x, y);
      manualSeed(i);
      compiled(x, y);
    }
    same(stateOf(b.net, b.opt), stateOf(a.net, a.opt));
    b.net.parameters()[0].requiresGrad = true;
    a.net.parameters()[0].requiresGrad = true;
    manualSeed(7);
    a.step(x, y);
    manualSeed(7);
    compiled(x, y);
    same(stateOf(b.net, b.opt), stateOf(a.net, a.opt));
  });

  test('clipped gradients, and gradients that add up over calls', () => {
    const make = () => {
      const t = training(6, (p) => optim.sgd(p, { lr: 0.1 }));
      const backward = (x: Tensor, y: Tensor): Tensor => {
        const loss = nn.crossEntropy(t.net.forward(x) as Tensor, y);
        loss.backward();
        return loss;
      };
      const apply = (): Tensor => {
        const norm = nn.clipGradNorm(t.net.parameters(), 0.5);
        t.opt.step();
        t.opt.zeroGrad();
        return norm;
      };
      return { ...t, backward, apply };
    };
    const [a, b] = [make(), make()];
    const [x, y] = batch();
    const [backward, apply] = [compile(b.backward), compile(b.apply)];
    for (let i = 0; i < 3; i++) {
      manualSeed(i);
      a.backward(x, y);
      a.backward(x, y);
      const norm = a.apply().item();
      manualSeed(i);
      backward(x, y);
      backward(x, y);
      same(apply().item(), norm);
    }
    same(stateOf(b.net, b.opt), stateOf(a.net, a.opt));
    // Without gradients, and with some.
    expect(backward.explain()).toMatch(/recorded 2 times/);
  });
});

describe('gradients', () => {
  test('used by the optimiser within are kept only if asked for', () => {
    const [x, y] = batch();
    const a = training();
    compile(a.step)(x, y);
    const [w] = a.net.parameters();
    expect(() => w.grad).toThrow(/not kept[^]*keepGrads/);
    a.opt.zeroGrad();
    expect(w.grad).toBe(null);
    const b = training();
    compile(b.step, { keepGrads: true })(x, y);
    const c = training();
    c.step(x, y);
    same(
      values(b.net.parameters()[0].grad as Tensor),
      values(c.net.parameters()[0].grad as Tensor),
    );
  });

  test('of what a compiled function returns', () => {
    manualSeed(0);
    const net = nn.sequential(nn.linear(4, 5), nn.tanh(), nn.linear(5, 2));
    const x = randn([3, 4]) as Tensor;
    x.requiresGrad = true;
    const f = (z: Tensor) => ({ y: net.forward(z) as Tensor, n: z.square().sum() });
    const compiled = compile(f);
    const gradients = (g: typeof f): number[][] => {
      const out = g(x);
      out.y.sin().sum().add(out.n).backward();
      const all = [x, ...net.parameters()];
      const found = all.map((t) => values(t.grad as Tensor));
      for (const t of all) t.grad = null;
      return found;
    };
    const want = gradients(f);
    same(gradients(compiled), want);
    same(gradients(compiled), want);
  });

  test('of every order, within', () => {
    const f = (x: Tensor) => x.sin().mul(x).sum() as Tensor;
    const x = tensor([0.3, -1, 2]) as Tensor;
    const third = grad((z) => grad((u) => grad(f)(u).sum() as Tensor)(z).sum() as Tensor);
    same(values(compile(third)(x)), values(third(x)));
    const pulled = (z: Tensor) => vjp((u) => u.exp() as Tensor, z)[1](z)[0];
    same(values(compile(pulled)(x)), values(pulled(x)));
  });

  test('that lead out of a compiled function must be asked for outside', () => {
    const w = Parameter(tensor([2])) as Tensor;
    const outer = w.mul(3) as Tensor;
    const f = compile((z: Tensor) => {
      z.square().sum().backward();
      return z.detach();
    });
    expect(() => f(outer)).toThrow(/leads out of the compiled function[^]*detach/);
    expect(w.grad).toBe(null);
    const leaf = tensor([2], { requiresGrad: true }) as Tensor;
    f(leaf);
    expect(values(leaf.grad as Tensor)).toEqual([4]);
  });

  test('a stale backward is refused', () => {
    const w = Parameter(tensor([2])) as Tensor;
    const y = compile((x: Tensor) => x.mul(w).mul(w) as Tensor)(tensor([3]));
    w.assign(5);
    expect(() => y.backward()).toThrow(/assigned a new one since/);
  });
});

describe('what a recording depends on', () => {
  test('shapes, dtypes, numbers, structure, gradient mode', () => {
    const f = compile((o: { x: Tensor; by?: number }) => o.x.mul(o.by ?? 2) as Tensor);
    const x = tensor([1, 2]) as Tensor;
    expect(values(f({ x }))).toEqual([2, 4]);
    expect(values(f({ x: zeros([3]) as Tensor }))).toEqual([0, 0, 0]);
    expect(values(f({ x, by: 3 }))).toEqual([3, 6]);
    expect(values(f({ x, by: 3 }))).toEqual([3, 6]);
    expect(f({ x: x.to('float64') }).dtype).toBe('float64');
    noGrad(() => f({ x }));
    expect(f.explain().split('\n')).toHaveLength(6);
    expect(f.explain()).toMatch(/o\.x is float32\[3\], and was float32\[2\]/);
    f.reset();
    f({ x });
    expect(f.explain()).toMatch(/recorded once/);
  });

  test('strided arguments', () => {
    const f = (x: Tensor) => x.exp().sum(0) as Tensor;
    const c = compile(f);
    const x = randn([4, 6]) as Tensor;
    for (const v of [x, x.transpose().contiguous().transpose(), x.at('::2'), x.at(':', '::-1')]) {
      same(values(c(v as Tensor)), values(f(v as Tensor)));
    }
  });

  test('a change of dtype of a parameter', () => {
    const net = nn.linear(3, 2);
    const f = compile((x: Tensor) => net.forward(x) as Tensor);
    const x = randn([2, 3]) as Tensor;
    expect(f(x).dtype).toBe('float32');
    net.to('float64');
    expect(f(x.to('float64')).dtype).toBe('float64');
    expect(f(x).dtype).toBe('float64');
  });

  test('layers, tensors and settings in fields of modules', () => {
    class Net extends nn.Module {
      heads = [nn.linear(2, 3), nn.linear(2, 3)];
      scale = 2;
      options = { shift: tensor([1]) as Tensor };
      calls = 0;
      forward(z: Tensor): Tensor {
        this.calls++;
        return this.heads[0].forward(z).mul(this.scale).add(this.options.shift) as Tensor;
      }
    }
    const net = new Net();
    const f = compile((z: Tensor) => net.forward(z));
    const z = randn([2, 2]) as Tensor;
    const check = () => same(values(f(z)), values(net.forward(z)));
    check();
    check();
    expect(f.explain()).toMatch(/recorded once/); // what forward itself writes does not count
    net.scale = 3;
    check();
    expect(f.explain()).toMatch(/the field 'scale' of Net changed/);
    net.heads[0] = nn.linear(2, 3);
    check();
    net.options.shift = tensor([5]) as Tensor;
    check();
    expect(f.explain()).toMatch(/recorded 4 times/);
  });

  test('hooks are recorded, and noticed', () => {
    const net = nn.sequential(nn.linear(2, 2), nn.relu());
    const f = compile((x: Tensor) => net.forward(x) as Tensor);
    const x = randn([2, 2]) as Tensor;
    const plain = values(f(x));
    const handle = net.registerForwardHook((_, __, y) => (y as Tensor).mul(2));
    same(
      values(f(x)),
      plain.map((v) => 2 * v),
    );
    handle.remove();
    expect(values(f(x))).toEqual(plain);
  });
});

describe('values that outlive a call', () => {
  test('detached, viewed, assigned and listed ones keep theirs', () => {
    const { net, step } = training();
    const [x, y] = batch();
    const compiled = compile(step);
    compiled(x, y);
    const [w] = net.parameters();
    const now = values(w);
    const held = w.detach();
    const view = w.at(0);
    const state = net.stateDict();
    const other = nn.linear(6, 8);
    other.weight.assign(w);
    compiled(x, y);
    expect(values(w)).not.toEqual(now);
    expect(values(held)).toEqual(now);
    expect(values(view as Tensor)).toEqual(now.slice(0, 6));
    expect(values(state['0.weight'])).toEqual(now);
    expect(values(other.weight)).toEqual(now);
  });

  test('results are fresh at each call', () => {
    const f = compile((x: Tensor) => x.add(1) as Tensor);
    const a = f(tensor([1]));
    const b = f(tensor([2]));
    expect([values(a), values(b)]).toEqual([[2], [3]]);
  });

  test('arguments, parameters and captured tensors may be returned', () => {
    const w = Parameter(tensor([1])) as Tensor;
    const k = tensor([5]) as Tensor;
    const x = tensor([2]) as Tensor;
    const out = compile((z: Tensor) => ({ z, w, k, list: [z, null, 'text', 4] }))(x);
    expect(out.z).toBe(x);
    expect(out.w).toBe(w);
    expect(out.k).toBe(k);
    expect(out.list[0]).toBe(x);
    expect(out.list.slice(1)).toEqual([null, 'text', 4]);
  });
});

describe('what depends on captured tensors alone', () => {
  test('is computed once, and again when one was assigned', () => {
    manualSeed(4);
    const net = nn.sequential(nn.conv2d(2, 4, 3, { bias: false }), nn.batchNorm2d(4), nn.relu());
    const norm = net.at(1) as nn.BatchNorm2d;
    const f = (x: Tensor) => noGrad(() => net.forward(x) as Tensor);
    const compiled = compile(f);
    net.eval();
    const x = randn([2, 2, 6, 6]) as Tensor;
    same(values(compiled(x)), values(f(x)));
    norm.runningVar?.assign(3);
    same(values(compiled(x)), values(f(x)));
    norm.weight?.assign(randn([4]) as Tensor);
    same(values(compiled(x)), values(f(x)));
    same(values(compiled(x)), values(f(x)));
    // In place: the storage is the same, its version is not.
    const bump = compile(() => norm.runningVar?.assign(norm.runningVar.add(1) as Tensor) as never);
    bump();
    same(values(compiled(x)), values(f(x)));
    expect(compiled.explain()).toMatch(/recorded once/);
  });
});

describe('packed weights', () => {
  test.each([
    ['a layer', () => nn.linear(300, 50), [70, 300]],
    ['a layer of few columns', () => nn.linear(40, 3), [70, 40]],
    ['rows of batches', () => nn.linear(64, 96), [3, 40, 64]],
    ['images', () => nn.conv2d(8, 20, 3, { padding: 1 }), [3, 8, 14, 14]],
    ['groups with stride', () => nn.conv2d(8, 12, 3, { groups: 2, stride: 2 }), [2, 8, 15, 15]],
    ['single pixels', () => nn.conv2d(16, 24, 1), [2, 16, 9, 9]],
  ] as const)('of %s follow their parameters', (_, make, shape) => {
    manualSeed(6);
    const layer = make() as nn.Linear;
    const f = (x: Tensor) => noGrad(() => layer.forward(x) as Tensor);
    const compiled = compile(f);
    const x = randn([...shape]) as Tensor;
    for (let i = 0; i < 3; i++) {
      same(values(compiled(x)), values(f(x)));
      same(values(compiled(x)), values(f(x)));
      layer.weight.assign(randn([...layer.weight.shape]) as Tensor);
    }
    // A step writes them in place.
    const scale = compile(() => layer.weight.assign(layer.weight.mul(2) as Tensor) as never);
    scale();
    same(values(compiled(x)), values(f(x)));
  });
});

describe('picking by tensors', () => {
  test('whose entries are known at the call alone', () => {
    const x = randn([5, 4]) as Tensor;
    const f = (i: Tensor, j: Tensor) => [x.at(i), x.at(i, j), x.at(':', j)] as Tensor[];
    const compiled = compile(f);
    const int = (...v: number[]) => tensor(v, { dtype: 'int32' }) as Tensor;
    for (const [i, j] of [
      [int(0, 4, -1), int(1, -4, 3)],
      [int(-5, 2, 2), int(0, 0, -1)],
    ]) {
      const want = f(i, j);
      compiled(i, j).forEach((t, k) => same(values(t), values(want[k])));
    }
    expect(() => compiled(int(0, 5, 0), int(0, 0, 0))).toThrow(/out of range/);
    expect(() => compiled(int(0, 0, 0), int(0, 4, 0))).toThrow(/out of range/);
  });
});

describe('random numbers', () => {
  test('are those of eager code, and the counter goes on', () => {
    const f = () => [randn([3]), randint(0, 9, [4]), randn([2])] as Tensor[];
    const c = compile(f);
    const run = (g: typeof f): number[][] => {
      manualSeed(11);
      const all = [g(), g(), [randn([2]) as Tensor]].flat();
      return all.map(values);
    };
    same(run(c), run(f));
  });
});

describe('compiled functions within others', () => {
  test('are part of them', () => {
    const inner = compile((x: Tensor) => x.exp() as Tensor);
    const outer = compile((x: Tensor) => inner(x).add(inner(x)) as Tensor);
    same(values(outer(tensor([0, 1]))), values(tensor([0, 1]).exp().mul(2) as Tensor));
    expect(inner.explain()).toMatch(/recorded 0 times/);
  });
});

describe('mistakes', () => {
  const x = tensor([1, 2, 3]) as Tensor;
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('reading a value while recording', () => {
    const read = (f: (z: Tensor) => unknown) => () => compile(f)(x);
    expect(read((z) => z.sum().item())).toThrow(
      /item: the value[^]*compile\.test\.ts[^]*where or cond/,
    );
    expect(read((z) => z.toArray())).toThrow(/toArray: /);
    expect(read((z) => z.data())).toThrow(/data: /);
    const w = Parameter(tensor([1])) as Tensor;
    expect(read((z) => (w.item() > 0 ? z : z.neg()))).toThrow(/item: /);
    const { opt } = training();
    expect(read(() => opt.lr * 2)).toThrow(/item: /);
    expect(String(compile((z: Tensor) => [z, `${z}`])(x)[1])).toBe('<recorded float32[3]>');
    // JavaScript's own operators read it too.
    const sum = (z: Tensor) => z.sum() as unknown as number;
    expect(read((z) => (sum(z) > 0 ? z : z.neg()))).toThrow(/item: the value/);
    expect(read((z) => z.mul(sum(z) * 2))).toThrow(/item: the value/);
    expect(read((z) => Math.max(sum(z), 1))).toThrow(/item: the value/);
  });

  test('falls back, and says so once', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const f = compile((z: Tensor) => (z.sum().item() > 0 ? z.mul(2) : z) as Tensor, {
      fallback: true,
      name: 'choice',
    });
    expect(values(f(x))).toEqual([2, 4, 6]);
    expect(values(f(x))).toEqual([2, 4, 6]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/choice runs eagerly: item/);
    expect(warn.mock.calls[0][0]).not.toMatch(/fallback/);
    expect(f.explain()).toMatch(/choice runs eagerly: item/);
  });

  test('falls back for arguments that cannot be recorded', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const f = compile((m: Map<string, Tensor>) => m.get('x'), { fallback: true });
    expect(f(new Map([['x', x]]))).toBe(x);
    expect(f(new Map([['x', x]]))).toBe(x);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  test('asynchronous functions, odd arguments and results', () => {
    expect(() => (compile((async () => x) as never) as () => void)()).toThrow(/asynchronous/);
    expect(() => compile('f' as never)).toThrow(/takes a function, not 'f'/);
    expect(() => compile(() => x, { nme: 'f' } as never)).toThrow(/did you mean 'name'/);
    expect(() => compile(() => () => x)()).toThrow(/the result[^]*is a function/);
    expect(() => compile(() => new Map())()).toThrow(/is a Map/);
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => compile((a: unknown) => a)(loop)).toThrow(/contains itself/);
  });

  test('a tensor that leaves by a variable has no value', () => {
    let kept: Tensor = x;
    const f = compile((z: Tensor) => {
      kept = z.mul(2) as Tensor;
      return z.add(1) as Tensor;
    });
    f(x);
    expect(() => kept.item()).toThrow(/has no|no value|single value/);
    expect(() => kept.toArray()).toThrow(/made while a function was recorded/);
    expect(() => kept.add(1)).toThrow(/made while a function was recorded/);
    const g = compile((z: Tensor) => z.add(kept) as Tensor);
    expect(() => g(x)).toThrow(/another function was recorded/);
  });

  test('what happens in JavaScript cannot be recorded', () => {
    expect(() => compile(() => randperm(4))()).toThrow(/randperm/);
    expect(() => compile(() => manualSeed(1))()).toThrow(/manualSeed/);
  });

  test('errors name the line, and change nothing', () => {
    const { net, opt, step } = training(8);
    const [good, y] = batch();
    const before = stateOf(net, opt);
    const bad = compile((z: Tensor, t: Tensor) => {
      const loss = step(z, t);
      return loss.add(z.matmul(z)) as Tensor;
    });
    manualSeed(5);
    expect(() => bad(good, y)).toThrow(/matmul[^]*compile\.test\.ts/);
    expect(stateOf(net, opt)).toEqual(before);
    expect(net.parameters().every((p) => p.grad === null)).toBe(true);
    const next = values(randn([2]) as Tensor);
    manualSeed(5);
    expect(values(randn([2]) as Tensor)).toEqual(next);
  });

  test('an index out of range in a later kernel leaves everything as it was', () => {
    manualSeed(1);
    const net = nn.sequential(nn.embedding(5, 4), nn.flatten(), nn.batchNorm2d(1), nn.linear(8, 3));
    const table = net.at(0) as nn.Embedding;
    const head = net.at(3) as nn.Linear;
    const norm = net.at(2) as nn.BatchNorm2d;
    const opt = optim.adam(net.parameters(), { lr: 0.1 });
    const step = (ids: Tensor, y: Tensor): Tensor => {
      const e = table.forward(ids).reshape([-1, 1, 2, 4]) as Tensor;
      const out = head.forward(norm.forward(e).flatten(1) as Tensor) as Tensor;
      const loss = nn.crossEntropy(out.add(randn([1]) as Tensor) as Tensor, y);
      opt.zeroGrad();
      loss.backward();
      opt.step();
      return loss;
    };
    const compiled = compile(step);
    const ids = tensor(
      [
        [0, 1],
        [2, 4],
      ],
      { dtype: 'int32' },
    ) as Tensor;
    const y = tensor([0, 2], { dtype: 'int32' }) as Tensor;
    compiled(ids, y);
    const before = stateOf(net, opt);
    const next = () => {
      const t = randn([2]) as Tensor;
      return values(t);
    };
    manualSeed(3);
    const drawn = next();
    manualSeed(3);
    expect(() => compiled(ids, tensor([0, 7], { dtype: 'int32' }) as Tensor)).toThrow(
      /holds 7 at \[1\][^]*use 0 to 2/,
    );
    expect(() =>
      compiled(
        tensor(
          [
            [0, 1],
            [2, 9],
          ],
          { dtype: 'int32' },
        ) as Tensor,
        y,
      ),
    ).toThrow(/9/);
    expect(stateOf(net, opt)).toEqual(before);
    expect(next()).toEqual(drawn);
    expect(Number.isFinite(compiled(ids, y).item())).toBe(true);
  });

  test('explain tells of another this, a tensor given twice, another parameter', () => {
    const [x, y] = [tensor([1]), tensor([2])] as Tensor[];
    const on = compile(function (this: unknown, a: Tensor) {
      return a.add(1);
    });
    on.call({}, x);
    on.call({}, x);
    expect(on.explain()).toMatch(/called on another object \(this\)/);
    const f = compile((a: Tensor, b: Tensor) => a.add(b));
    f(x, y);
    f(x, x);
    expect(f.explain()).toMatch(/which arguments are the same tensor differs/);
    const g = compile((p: Tensor) => p.mul(2));
    g(nn.Parameter(tensor([1])));
    g(nn.Parameter(tensor([2])));
    expect(g.explain()).toMatch(/another parameter is among the arguments/);
  });

  test('a cell is not written in place by a kernel that reads it later', () => {
    const run = (compiled: boolean) => {
      const cell = nn.buffer(tensor([[0.5, -1, 2]]));
      const f = () => {
        const s = cell.mul(1).softmax(1);
        const most = cell.add(s).max(1);
        cell.assign(s);
        return most;
      };
      return [(compiled ? compile(f) : f)().toArray(), cell.toArray()];
    };
    expect(run(true)).toEqual(run(false));
  });

  test('warns of compile() in a loop, and not where results are called again', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const x = tensor([1, 2]);
    for (let i = 0; i < 12; i++)
      compile(function inLoop(a: Tensor) {
        return a.add(i);
      })(x);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(
      /inLoop was compiled and recorded 9 times at .*compile\.test\.ts:\d+.*before the loop/s,
    );
    for (let i = 0; i < 12; i++) {
      const model = compile((a: Tensor) => a.mul(i));
      model(x);
      model(x);
    }
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  test('warns once where one call site records again and again', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const f = compile((z: Tensor) => z.add(1) as Tensor, { name: 'grows' });
    for (let n = 1; n <= 12; n++) f(arange(n) as Tensor);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/grows was recorded 9 times, at .*compile\.test\.ts/);
  });
});

describe('numbers among the arguments', () => {
  test('are constants; the second value warns once', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const f = compile((z: Tensor, by: number) => z.mul(by) as Tensor, { name: 'scaled' });
    for (const by of [2, 3, 2, 4]) expect(values(f(tensor([1]) as Tensor, by))).toEqual([by]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(
      /scaled was recorded 2 times, at .*pass one that varies/s,
    );
    vi.restoreAllMocks();
  });
});

describe('turned off', () => {
  test('compile.disable, and detectAnomaly', () => {
    let runs = 0;
    const f = compile((z: Tensor) => {
      runs++;
      return z.log() as Tensor;
    });
    compile.disable();
    try {
      f(tensor([1]));
      f(tensor([1]));
    } finally {
      compile.enable();
    }
    expect(runs).toBe(2);
    f(tensor([1]));
    f(tensor([1]));
    expect(runs).toBe(3);
    expect(() => detectAnomaly(() => f(tensor([-1])))).toThrow(/log: made NaN/);
  });
});
