import { expect, test } from 'vitest';
import { compile, detectAnomaly, Parameter, tensor } from '../index.ts';

test('the op that first made a NaN is named, with its element and the line', () => {
  const x = tensor([1, -1, 2]);
  const run = () => detectAnomaly(() => x.add(1).sub(1).log().mul(0).sum());
  expect(run).toThrow(/log: made NaN at element 1 of float32\[3\]/);
  expect(run).toThrow(/anomaly\.test\.ts:\d+/);
});

test('a gradient that becomes infinite names the forward op and where it was recorded', () => {
  const w = Parameter(tensor([0, 4]));
  const run = () => detectAnomaly(() => w.sqrt().sum().backward());
  expect(run).toThrow(/in the gradient of sqrt recorded at .*anomaly\.test\.ts:\d+/);
});

test('it is off outside, also after a throw, and refuses async functions', () => {
  expect(() => detectAnomaly(() => tensor([-1]).sqrt())).toThrow(/sqrt/);
  expect(tensor([-1]).sqrt().isnan().item()).toBe(1);
  // @ts-expect-error a Promise is not allowed
  expect(() => detectAnomaly(async () => 1)).toThrow(/asynchronous/);
});

test('is refused while a function is recorded, which it runs line by line from outside', () => {
  const x = tensor([-1]);
  const inside = compile(() => detectAnomaly(() => x.log()));
  expect(() => inside()).toThrow(/detectAnomaly[^]*around the compiled function/);
  const f = compile(() => x.log());
  expect(() => detectAnomaly(() => f())).toThrow(/log: made NaN/);
});
