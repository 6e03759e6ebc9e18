import { describe, expect, test } from 'vitest';
import { loadFixture, type ScheduleAttrs } from '../../test/fixtures/load.ts';
import { optim, Parameter, tensor } from '../index.ts';

const make = (op: string, opt: optim.Optimizer, attrs: ScheduleAttrs): optim.Schedule => {
  const makers = {
    stepLr: optim.stepLr,
    exponentialLr: optim.exponentialLr,
    linearLr: optim.linearLr,
    cosineLr: optim.cosineLr,
  } as unknown as Record<string, (o: optim.Optimizer, a: ScheduleAttrs) => optim.Schedule>;
  return makers[op](opt, attrs);
};

const optimizer = (...rates: number[]): optim.Optimizer =>
  optim.sgd(
    rates.map((lr) => ({ params: [Parameter(tensor([1]))], lr })),
    { lr: 1 },
  );

describe('against PyTorch', () => {
  test.each(loadFixture('schedules').cases.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const opt = optimizer(...c.inputs[0].data);
    const schedule = make(c.op, opt, c.attrs);
    const rates: number[] = [];
    for (let t = 0; t < c.outputs[0].shape[0]; t++) {
      rates.push(...opt.groups.map((g) => g.lr));
      schedule.step();
    }
    rates.forEach((lr, i) => {
      expect(Math.abs(lr - c.outputs[0].data[i])).toBeLessThan(1e-12);
    });
  });
});

describe('a schedule', () => {
  test('holds the lowest rate after the cosine, and counts its steps', () => {
    const opt = optimizer(1);
    const schedule = optim.cosineLr(opt, { steps: 3, minLr: 0.25 });
    for (let t = 0; t < 9; t++) schedule.step();
    expect([opt.lr, schedule.steps]).toEqual([0.25, 9]);
  });

  test('of Adam: the next step of the optimiser takes the rate', () => {
    const p = Parameter(tensor([0]));
    const opt = optim.adam([p], { lr: 1, eps: 0 });
    const schedule = optim.stepLr(opt, { stepSize: 1, gamma: 0.5 });
    const seen: number[] = [];
    for (let t = 0; t < 3; t++) {
      p.grad = tensor([-1]);
      opt.step();
      schedule.step();
      seen.push(p.item());
    }
    seen.forEach((x, t) => {
      expect(x).toBeCloseTo([1, 1.5, 1.75][t], 5);
    });
  });

  test('a gamma of 0 ends learning after the first rate', () => {
    const opt = optimizer(2);
    const schedule = optim.exponentialLr(opt, { gamma: 0 });
    expect(opt.lr).toBe(2);
    schedule.step();
    expect(opt.lr).toBe(0);
  });

  test('goes on from its state, with the same bits', () => {
    const [a, b] = [optimizer(0.3, 0.07), optimizer(9, 9)];
    const options = { steps: 50, warmup: 5, minLr: 0.001 };
    const first = optim.cosineLr(a, options);
    for (let t = 0; t < 17; t++) first.step();
    const state = first.stateDict();
    expect(Object.keys(state)).toEqual(['step', 'base.0', 'base.1']);
    const second = optim.cosineLr(b, options);
    second.loadStateDict(state);
    for (let t = 0; t < 9; t++) {
      expect(b.groups.map((g) => g.lr)).toEqual(a.groups.map((g) => g.lr));
      first.step();
      second.step();
    }
    expect([state.step.item(), second.steps]).toEqual([17, 26]);
  });
});

describe('mistakes', () => {
  test('settings', () => {
    const opt = optimizer(1);
    expect(() => optim.stepLr(opt, { stepSize: 0 })).toThrow(/stepSize must be a whole number/);
    expect(() => optim.stepLr(opt, undefined as never)).toThrow(/stepSize must be/);
    expect(() => optim.stepLr(opt, { step_size: 3 } as never)).toThrow(/'stepSize'/);
    expect(() => optim.exponentialLr(opt, {} as never)).toThrow(/gamma must be a number from 0/);
    expect(() => optim.linearLr(opt, { steps: 2.5 })).toThrow(/steps must be/);
    expect(() => optim.linearLr(opt, { steps: 2, startFactor: -1 })).toThrow(/startFactor/);
    expect(() => optim.cosineLr(opt, { steps: 5, warmup: 5 })).toThrow(/leaves none of 5/);
    expect(() => optim.cosineLr(opt, { steps: 5, minLr: Number.NaN })).toThrow(/minLr/);
    expect(opt.lr).toBe(1);
  });

  test('what is no optimiser, and a state that does not fit', () => {
    const p = Parameter(tensor([1]));
    expect(() => optim.stepLr([p] as never, { stepSize: 1 })).toThrow(/optimiser, not an array/);
    const schedule = optim.stepLr(optimizer(1), { stepSize: 1 });
    const load = (x: unknown) => () => schedule.loadStateDict(x as never);
    expect(load(null)).toThrow(/not null/);
    expect(load({ step: tensor(1) })).toThrow(/missing: base\.0; unexpected: none/);
    expect(load({ step: 1, 'base.0': tensor(1) })).toThrow(/'step' is 1, not a tensor/);
    expect(load({ step: tensor([1]), 'base.0': tensor(1) })).toThrow(/one number, not \[1\]/);
    expect(schedule.steps).toBe(0);
  });

  test('settings of rmsprop', () => {
    const p = Parameter(tensor([1]));
    expect(() => optim.rmsprop([p], { alpha: 1 })).toThrow(/alpha must be from 0 up to/);
    expect(() => optim.rmsprop([p], { centered: 1 as never })).toThrow(/true or false, not 1/);
    expect(() => optim.rmsprop([p], { centred: true } as never)).toThrow(/'centered'/);
    const opt = optim.rmsprop([p]);
    expect(() => opt.groups[0].set('momentum', 0.9)).toThrow(/made without momentum/);
    expect(Object.keys(opt.stateDict())).toEqual([
      '0.step',
      '0.squareAvg',
      'groups.0.lr',
      'groups.0.alpha',
      'groups.0.eps',
      'groups.0.weightDecay',
      'groups.0.momentum',
    ]);
  });

  test('equal gradients do not make a centred rmsprop NaN', () => {
    const p = Parameter(tensor([1]));
    const opt = optim.rmsprop([p], { lr: 1e-9, alpha: 0.5, centered: true, eps: 1 });
    for (let t = 0; t < 100; t++) {
      p.grad = tensor([0.1]);
      opt.step();
    }
    expect(Number.isFinite(p.item())).toBe(true);
  });
});
