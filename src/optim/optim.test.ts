import { describe, expect, test } from 'vitest';
import { type FixtureCase, loadFixture, type OptimAttrs } from '../../test/fixtures/load.ts';
import { nn, optim, Parameter, type Tensor, tensor, zeros } from '../index.ts';

const numbers = (t: Tensor): number[] => Array.from(t.data(), Number);

function make(c: FixtureCase<OptimAttrs>, params: Tensor[]): optim.Optimizer {
  const { lr, betas, eps, weightDecay, momentum, dampening, nesterov } = c.attrs;
  if (c.op === 'sgd') return optim.sgd(params, { lr, momentum, dampening, weightDecay, nesterov });
  const adam = c.op === 'adam' ? optim.adam : optim.adamW;
  return adam(params, { lr, betas, eps, weightDecay });
}

describe('against PyTorch', () => {
  test.each(loadFixture('optim').cases.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const [start, grads] = c.inputs;
    const { dtype, shape } = start;
    const p = Parameter(tensor(start.data, { dtype }).reshape(shape) as Tensor);
    const opt = make(c, [p]);
    const size = start.data.length;
    const [wanted, ...state] = c.outputs;
    // float32: both round each operation, in an order of their own.
    const tolerance = dtype === 'float32' ? 4e-6 : 1e-12;
    const close = (got: number[], want: readonly number[], what: string): void => {
      const far = got.flatMap((x, i) => {
        const scale = Math.max(Math.abs(want[i]), Math.abs(start.data[i]), 1e-30);
        return Math.abs(x - want[i]) <= tolerance * scale ? [] : [`${what}[${i}] ${x} ${want[i]}`];
      });
      expect(far).toEqual([]);
    };
    for (let t = 0; t < 10; t++) {
      const slice = grads.data.slice(t * size, (t + 1) * size);
      p.grad = tensor(slice, { dtype }).reshape(shape) as Tensor;
      opt.step();
      close(numbers(p), wanted.data.slice(t * size, (t + 1) * size), `step ${t}`);
    }
    const kept = opt.stateDict();
    for (const s of state) close(numbers(kept[`0.${s.name}`]), s.data, s.name);
    expect(kept['0.step'].item()).toBe(10);
  });
});

describe('a step', () => {
  test('leaves parameters without a gradient alone, and counts for each its own steps', () => {
    const run = (late: boolean): number[] => {
      const a = Parameter(tensor([1, 2]));
      const b = Parameter(tensor([1, 2]));
      const opt = optim.adam(late ? [a, b] : [b], { lr: 0.1 });
      for (let t = 0; t < 4; t++) {
        opt.zeroGrad();
        if (late) a.grad = tensor([1, -1]);
        if (t >= 2 || !late) b.grad = t >= 2 ? tensor([0.5, 3]) : null;
        opt.step();
      }
      return numbers(b);
    };
    expect(run(true)).toEqual(run(false));
  });

  test('changes parameters in place; who read one before keeps the values', () => {
    const p = Parameter(tensor([1, 2]));
    const before = p.detach();
    const state = { p: p.detach() };
    p.grad = tensor([1, 1]);
    optim.sgd([p], { lr: 0.5 }).step();
    expect(numbers(p)).toEqual([0.5, 1.5]);
    expect(numbers(before)).toEqual([1, 2]);
    expect(numbers(state.p)).toEqual([1, 2]);
  });

  test('lr can change between steps, for all groups or for one', () => {
    const a = Parameter(tensor([0]));
    const b = Parameter(tensor([0]));
    const opt = optim.sgd([{ params: [a] }, { params: [b], lr: 10 }], { lr: 1 });
    const step = (): void => {
      a.grad = tensor([-1]);
      b.grad = tensor([-1]);
      opt.step();
    };
    step();
    expect([a.item(), b.item()]).toEqual([1, 10]);
    opt.lr = 2;
    expect(opt.groups.map((g) => g.lr)).toEqual([2, 2]);
    step();
    expect([a.item(), b.item()]).toEqual([3, 12]);
    opt.groups[1].lr = 0;
    step();
    expect([a.item(), b.item()]).toEqual([5, 12]);
  });

  test('a gradient of another shape is refused', () => {
    const p = Parameter(tensor([1, 2]));
    p.grad = tensor([1]) as never;
    expect(() => optim.sgd([p], { lr: 1 }).step()).toThrow(/another shape/);
  });

  test('trains a layer', () => {
    const layer = nn.linear(2, 1);
    const x = tensor([
      [0, 1],
      [1, 0],
      [1, 1],
      [2, 1],
    ]);
    const y = tensor([[1], [2], [3], [5]]);
    const opt = optim.adam(layer.parameters(), { lr: 0.1 });
    let loss = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 200; i++) {
      const l = nn.mseLoss(layer.forward(x), y);
      opt.zeroGrad();
      l.backward();
      opt.step();
      loss = l.item();
    }
    expect(loss).toBeLessThan(1e-2);
  });
});

describe('state', () => {
  test('goes on exactly where it stopped', () => {
    const p = Parameter(tensor([1, 2, 3]));
    const opt = optim.adam([p], { lr: 0.1 });
    const advance = (q: Tensor, o: optim.Optimizer): void => {
      q.grad = q.detach().mul(2);
      o.step();
    };
    for (let i = 0; i < 3; i++) advance(p, opt);
    const saved = opt.stateDict();
    const q = Parameter(p.detach());
    const other = optim.adam([q], { lr: 5 });
    other.loadStateDict(saved);
    expect(other.lr).toBe(0.1);
    for (let i = 0; i < 3; i++) {
      advance(p, opt);
      advance(q, other);
    }
    expect(numbers(q)).toEqual(numbers(p));
    expect(saved['0.step'].item()).toBe(3);
    expect(() => other.loadStateDict({ '0.step': zeros([]) as Tensor })).toThrow(/0\.expAvg/);
  });
});

describe('mistakes', () => {
  const p = Parameter(tensor([1]));

  test('settings', () => {
    for (const lr of [Number.NaN, -1, Number.POSITIVE_INFINITY, '0.1', undefined]) {
      expect(() => optim.sgd([p], { lr: lr as number })).toThrow(/lr must be a number from 0/);
    }
    expect(() => optim.sgd([p], undefined as never)).toThrow(/lr must be/);
    expect(() => optim.adam([p], { betas: [0.9, 1] })).toThrow(/betas\[1\]/);
    expect(() => optim.adam([p], { betas: 0.9 as never })).toThrow(/two numbers/);
    expect(() => optim.sgd([p], { lr: 1, nesterov: true })).toThrow(/momentum above 0/);
    const opt = optim.sgd([p], { lr: 1 });
    expect(() => {
      opt.lr = Number.NaN;
    }).toThrow(/lr must be/);
    expect(opt.lr).toBe(1);
    expect(() => opt.groups[0].set('momentum', 0.9)).toThrow(/made without momentum/);
  });

  test('parameters', () => {
    const make = (x: unknown) => () => optim.adam(x as Tensor[]);
    expect(make([])).toThrow(/there are no parameters/);
    expect(make(nn.linear(1, 1))).toThrow(/not a module[^]*net\.parameters\(\)/);
    expect(make(p)).toThrow(/put it in brackets/);
    expect(make([p, p])).toThrow(/parameter 1 .* listed twice/);
    expect(make([{ params: [p] }, { params: [p] }])).toThrow(/listed twice/);
    expect(make([1])).toThrow(/parameter 0 is not a tensor/);
    expect(make([tensor([1])])).toThrow(/plain tensor[^]*Parameter\(t\)/);
    expect(make(nn.linear(1, 1).namedParameters())).toThrow(/not namedParameters/);
    expect(make(nn.linear(1, 1).requiresGrad(false).parameters())).toThrow(
      /not require a gradient/,
    );
    expect(make(null)).toThrow(/not null/);
    expect(make(() => [p])).toThrow(/call it/);
    expect(make({ params: [p] })).toThrow(/one group/);
  });
});
