import { describe, expect, test } from 'vitest';
import { type FixtureCase, loadFixture, type OptimAttrs } from '../../test/fixtures/load.ts';
import { nn, optim, Parameter, type Tensor, tensor, zeros } from '../index.ts';

const numbers = (t: Tensor): number[] => Array.from(t.data(), Number);

function make(c: FixtureCase<OptimAttrs>, params: Tensor[]): optim.Optimizer {
  const { lr, betas, eps, weightDecay, momentum, dampening, nesterov } = c.attrs;
  if (c.op === 'rmsprop') {
    const { alpha, centered } = c.attrs;
    return optim.rmsprop(params, { lr, alpha, eps, weightDecay, momentum, centered });
  }
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
    expect(make([1])).toThrow(/parameter 0 is 1, not a tensor/);
    expect(make([tensor([1])])).toThrow(/plain tensor[^]*Parameter\(t\)/);
    expect(make(null)).toThrow(/not null/);
    expect(make(() => [p])).toThrow(/call it/);
    expect(make({ params: [p] })).toThrow(/one group/);
  });

  test('unknown settings, of all parameters and of a group', () => {
    const make = (x: unknown) => () => optim.adam([p], x as object);
    expect(make({ learningRate: 1 })).toThrow(/optim\.adam: there is no option 'learningRate'/);
    expect(make({ weight_decay: 1 })).toThrow(/did you mean 'weightDecay'/);
    expect(make({ beta1: 0.8 })).toThrow(/did you mean 'betas'/);
    expect(make(0.5)).toThrow(/an object.*, not 0\.5/);
    expect(make('0.5')).toThrow(/not '0\.5'/);
    expect(make(null)).toThrow(/an object/);
    expect(() => optim.adamW([p], { amsgrad: true } as object)).toThrow(/optim\.adamW/);
    expect(() => optim.sgd([p], { lr: 1, momentom: 0.9 } as never)).toThrow(/'momentum'/);
    expect(() => optim.sgd([{ params: [p], lr: 1, wd: 1 } as never], { lr: 1 })).toThrow(
      /optim\.sgd, group 0: there is no option 'wd'/,
    );
  });

  test('an option that is undefined is as if left out', () => {
    const opt = optim.adamW([{ params: [p], lr: undefined }], { lr: 0.5, weightDecay: undefined });
    expect([opt.lr, opt.groups[0].get('weightDecay')]).toEqual([0.5, 0.01]);
  });

  test('what is wrong with a parameter or a gradient is told with its place and name', () => {
    const net = nn.sequential(nn.linear(2, 3));
    const named = net.namedParameters();
    expect(() => optim.adam([...named, ['extra', tensor([1])]])).toThrow(
      /parameter 2, 'extra' \(float32 \[1\]\) is a plain tensor/,
    );
    expect(() => optim.adam([{ params: [p] }, { params: [p] }])).toThrow(
      /group 1, parameter 0 \(float32 \[1\]\) is listed twice/,
    );
    const [weight, bias] = net.parameters();
    const before = weight.toArray();
    const opt = optim.sgd([{ params: named }], { lr: 1 });
    weight.grad = weight.detach();
    bias.grad = [1, 2, 3] as never;
    expect(() => opt.step()).toThrow(
      /optim\.sgd\.step: the gradient of group 0, parameter 1, '0\.bias' \(float32 \[3\]\) is \[1, 2, 3\], not a tensor/,
    );
    bias.grad = tensor([1]) as never;
    expect(() => opt.step()).toThrow(/'0\.bias' \(float32 \[3\]\) has another shape/);
    expect(weight.toArray()).toEqual(before);
    bias.grad = null;
    opt.step();
    expect(weight.sum().item()).toBe(0);
  });

  test('a state that is none, or comes from JSON', () => {
    const opt = optim.adam([p]);
    const load = (x: unknown) => () => opt.loadStateDict(x as Record<string, Tensor>);
    expect(load(undefined)).toThrow(/not undefined[^]*stateDict\(\)/);
    expect(load(JSON.parse(JSON.stringify(opt.stateDict())))).toThrow(/tensor\(v, \{ dtype/);
  });
});

describe('frozen parameters', () => {
  test('sit out, and train again when they are thawed', () => {
    const net = nn.sequential(nn.linear(2, 2), nn.linear(2, 1));
    net[0].requiresGrad(false);
    const opt = optim.adam(net.parameters(), { lr: 0.1 });
    const values = (i: number): unknown => net[i].parameters()[0].toArray();
    const step = (): void => {
      opt.zeroGrad();
      net
        .forward(tensor([[1, 2]]))
        .sum()
        .backward();
      opt.step();
    };
    const [first, second] = [values(0), values(1)];
    step();
    expect(values(0)).toEqual(first);
    expect(values(1)).not.toEqual(second);
    net[0].requiresGrad(true);
    step();
    expect(values(0)).not.toEqual(first);
  });

  test('integers are refused', () => {
    const ids = nn.buffer(tensor([1, 2], { dtype: 'int32' }));
    expect(() => optim.sgd([ids], { lr: 1 })).toThrow(/parameter 0 \(int32 \[2\]\) is no float/);
  });
});
