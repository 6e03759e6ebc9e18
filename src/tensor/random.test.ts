import { describe, expect, it } from 'vitest';
import {
  bernoulli,
  Generator,
  getRandomState,
  manualSeed,
  rand,
  randint,
  randn,
  randperm,
  setRandomState,
  tensor,
} from '../index.ts';

describe('random tensors', () => {
  it('repeat under one seed and differ from call to call', () => {
    manualSeed(7);
    const first = [rand([4]), randn([4]), randint(0, 100, [4]), randperm(4)].map((x) =>
      x.toArray(),
    );
    const next = rand([4]).toArray();
    manualSeed(7);
    const again = [rand([4]), randn([4]), randint(0, 100, [4]), randperm(4)].map((x) =>
      x.toArray(),
    );
    expect(again).toEqual(first);
    expect(next).not.toEqual(first[0]);
    manualSeed(8);
    expect(rand([4]).toArray()).not.toEqual(first[0]);
    manualSeed(7n);
    expect(rand([4]).toArray()).toEqual(first[0]);
  });

  it('takes one counter a call', () => {
    manualSeed(1);
    rand([2]);
    randn([1000]);
    expect(getRandomState()).toEqual({ seed: 1n, counter: 2n });
    const state = getRandomState();
    const x = rand([3]).toArray();
    setRandomState(state);
    expect(rand([3]).toArray()).toEqual(x);
  });

  it('have the distributions they name', () => {
    manualSeed(0);
    const u = rand([20000]);
    expect(u.min().item()).toBeGreaterThanOrEqual(0);
    expect(u.max().item()).toBeLessThan(1);
    expect(u.mean().item()).toBeCloseTo(0.5, 1);
    const z = randn([20000]);
    expect(Math.abs(z.mean().item())).toBeLessThan(0.03);
    expect(z.std().item()).toBeCloseTo(1, 1);
    const k = randint(-2, 3, [2000]);
    expect([k.min().item(), k.max().item(), k.dtype]).toEqual([-2, 2, 'int32']);
    expect(bernoulli(0.25, [20000]).float().mean().item()).toBeCloseTo(0.25, 1);
    expect(bernoulli(tensor([0, 1])).toArray()).toEqual([false, true]);
    expect([...randperm(50).data()].map(Number).sort((a, b) => a - b)).toEqual([
      ...Array(50).keys(),
    ]);
  });

  it('take options and refuse what makes no sense', () => {
    expect(rand([2], { dtype: 'float64', requiresGrad: true }).dtype).toBe('float64');
    expect(randint(0, 9, [2], { dtype: 'int64' }).dtype).toBe('int64');
    expect(() => rand([2], { dtype: 'int32' })).toThrow(/gives floats, not int32/);
    expect(() => randint(3, 3, [2])).toThrow(/there is no int32 from 3/);
    expect(() => manualSeed(0.5)).toThrow(/a seed is a whole number/);
    expect(() => randperm(-1)).toThrow(/cannot order -1/);
  });

  it('drop elements and scale the others', () => {
    manualSeed(0);
    const y = tensor(new Float32Array(1000).fill(1)).dropout(0.5);
    expect(new Set(Array.from(y.data(), Number))).toEqual(new Set([0, 2]));
  });
});

describe('Generator', () => {
  it('repeats under one seed, apart from the tensors', () => {
    manualSeed(3);
    const state = getRandomState();
    const g = new Generator(3);
    const order = g.permutation(10);
    expect(getRandomState()).toEqual(state);
    expect(new Generator(3).permutation(10)).toEqual(order);
    expect([...order].sort((a, b) => a - b)).toEqual([...Array(10).keys()]);
    const { state: at } = g;
    const x = [g.random(), g.integer(6)];
    g.state = at;
    expect([g.random(), g.integer(6)]).toEqual(x);
  });
});
