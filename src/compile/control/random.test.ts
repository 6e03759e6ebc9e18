import { describe, expect, test } from 'vitest';
import {
  compile,
  cond,
  getRandomState,
  grad,
  manualSeed,
  randn,
  scan,
  type Tensor,
  tensor,
  whileLoop,
} from '../../index.ts';
import { same, tensorsOf, x3 } from './control.test-util.ts';

describe('random numbers', () => {
  const after = (f: () => unknown): unknown[] => {
    manualSeed(11);
    const got = [f(), randn([2])];
    return [...tensorsOf(got), tensor(Number(getRandomState().counter))];
  };

  test('each step of a scan draws its own, as eagerly, nested too', () => {
    const f = (): unknown => {
      const first = randn([2]);
      const [c, ys] = scan(
        (c) => {
          const noise = randn([2]);
          const [d] = scan((e) => [e.add(randn([2])), null], noise, { length: 3 });
          const chosen = cond(
            d.sum().gt(0),
            () => randn([2]).add(d),
            () => randn([2]).mul(d),
          );
          return [c.add(chosen).add(randn([2])), noise];
        },
        first,
        { length: 4 },
      );
      return [c, ys, randn([2])];
    };
    same(after(compile(f)), after(f));
    const compiled = compile(f);
    same(
      after(() => [compiled(), compiled()]),
      after(() => [f(), f()]),
    );
  });

  test('the way back sees the same numbers', () => {
    const f = (x: Tensor): Tensor =>
      scan((c) => [c.mul(randn([3])), randn([3]).mul(c)], x, { length: 4 }, { reverse: true })
        .map((t) => t.sum())
        .reduce((a, b) => a.add(b));
    const g = grad(f);
    const h = grad((x) => grad(f)(x).mul(x).sum());
    for (const k of [g, h])
      same(
        after(() => compile(k)(x3)),
        after(() => k(x3)),
      );
  });

  test('refused where their number depends on values', () => {
    const a = compile((x: Tensor) =>
      cond(
        x.sum().gt(0),
        () => randn([3]),
        () => x,
      ),
    );
    expect(() => a(x3)).toThrow(/ifTrue draws random numbers 1 times, ifFalse 0 times/);
    const b = compile((x: Tensor) =>
      whileLoop(
        (y) => y.sum().lt(9),
        (y) => y.add(randn([3])),
        x,
      ),
    );
    expect(() => b(x3)).toThrow(/random numbers are drawn in it/);
  });
});
