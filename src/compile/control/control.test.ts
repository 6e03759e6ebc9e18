import { expect, test } from 'vitest';
import '../../wiring.ts';
import { compile, cond, scan, tensor, whileLoop } from '../../index.ts';

test('smoke', () => {
  const f = compile((x: any) => cond(x.sum().gt(0), (y) => y.mul(2), (y) => y.sub(1), x));
  expect(f(tensor([1, 2])).toArray()).toEqual([2, 4]);
  expect(f(tensor([-1, -2])).toArray()).toEqual([-2, -3]);
  const g = compile((x: any) => whileLoop(([, y]) => y.lt(100), ([n, y]) => [n.add(1), y.mul(2)], [tensor(0), x]));
  const [n, y] = g(tensor(3));
  expect([n.item(), y.item()]).toEqual([6, 192]);
  const h = compile((x: any) => scan((c, v) => [c.add(v), c.add(v)], tensor(0), x));
  const [s, ss] = h(tensor([1, 2, 3]));
  expect([s.item(), ss.toArray()]).toEqual([6, [1, 3, 6]]);
});
