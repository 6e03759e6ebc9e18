import { expect, test } from 'vitest';
import '../wiring.ts';
import { internedSpecs, specOf } from '../base/index.ts';
import { Parameter, tensor } from './index.ts';

/** Asks for more shapes than the table keeps, so that what was interned before is forgotten. */
function makeShapes(count: number): number {
  let most = 0;
  for (let n = 0; n < count; n++) {
    specOf('float32', [n, 7], n % 3 === 0 ? [1, n] : undefined);
    most = Math.max(most, internedSpecs());
  }
  return most;
}

test('200,000 shapes keep a bounded table', () => {
  expect(makeShapes(200_000)).toBeLessThanOrEqual(2 ** 16 + 1);
  const spec = specOf('float32', [199_999, 7]);
  expect(specOf('float32', [199_999, 7])).toBe(spec);
  expect(spec.strides).toEqual([7, 1]);
});

test('tensors from before and after the table was emptied meet', () => {
  const old = tensor([[1, 2, 3]]);
  const weight = Parameter(tensor([[1, 1, 1]]));
  makeShapes(70_000);
  const fresh = tensor([[4, 5, 6]]);
  expect(fresh.spec).not.toBe(old.spec);
  expect(old.add(fresh).toArray()).toEqual([[5, 7, 9]]);
  weight.mul(fresh).sum().backward();
  expect(weight.grad?.toArray()).toEqual([[4, 5, 6]]);
  weight.assign(fresh);
  expect(weight.add(old).toArray()).toEqual([[5, 7, 9]]);
});
