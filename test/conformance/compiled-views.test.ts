/**
 * Random programs of elementwise ops and reductions over turned, flipped and broadcast views of what they
 * have computed before: compiled, they give the bits of eager code. What is fused must not read a
 * value where it is computed if another element is meant.
 */
import { expect, test } from 'vitest';
import { compile, devices, randn, type Tensor } from '../../src/index.ts';
import { sequence } from './sequence.ts';

const N = 4;
const exact = !devices()[0].engine.startsWith('reference');

type Step = (x: Tensor, y: Tensor) => Tensor;
const as = (x: unknown): Tensor => x as Tensor;

/** Square tensors stay square. */
const STEPS: readonly Step[] = [
  (x, y) => as(x.add(y)),
  (x, y) => as(x.mul(y)),
  (x, y) => as(x.sub(y.mul(0.5))),
  (x) => as(x.relu()),
  (x) => as(x.tanh()),
  (x) => as(x.mul(0.5).add(1)),
  (x) => as(x.transpose(0, 1)),
  (x) => as(x.flip(1)),
  (x) => as(x.flip(0).transpose(0, 1)),
  (x) =>
    as(
      x
        .reshape([N * N])
        .flip(0)
        .reshape([N, N]),
    ),
  (x, y) => as(x.sum(1).unsqueeze(0).add(y)),
  (x, y) => as(x.sum(1, true).add(y)),
  (x, y) => as(x.mean(0, true).mul(y)),
  (x) => as(x.softmax(1)),
  (x) => as(x.softmax(0)),
  (x, y) => as(x.matmul(y).mul(0.25)),
  (x, y) => as(x.at(':', '::-1').maximum(y)),
  (x) =>
    as(
      x.narrow(0, 1, N - 1).pad([
        [0, 1],
        [0, 0],
      ]),
    ),
];

const same = (a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): boolean =>
  Array.from(a).every((v, i) => {
    const w = Number(b[i]);
    return (
      Object.is(Number(v), w) || (!exact && Math.abs(Number(v) - w) <= 1e-3 * (1 + Math.abs(w)))
    );
  });

test('views of what a program has computed', () => {
  const wrong: string[] = [];
  for (let seed = 0; seed < 250; seed++) {
    const next = sequence(seed);
    const pick = (n: number): number => Math.min(n - 1, Math.floor(next() * n));
    const plan = Array.from({ length: 3 + pick(7) }, () => [pick(STEPS.length), next(), next()]);
    const f = (x: Tensor, y: Tensor): Tensor[] => {
      const values = [x, y];
      // Late values more often than early ones.
      const choose = (u: number): Tensor =>
        values[values.length - 1 - Math.floor(u * u * values.length)];
      for (const [s, u, v] of plan) values.push(STEPS[s](choose(u), choose(v)));
      return values.slice(-2);
    };
    const [x, y] = [as(randn([N, N])), as(randn([N, N]))];
    const got = compile(f)(x, y);
    const want = f(x, y);
    if (got.every((t, i) => same(t.data(), want[i].data()))) continue;
    wrong.push(`seed ${seed}: ${plan.map(([s]) => STEPS[s].toString().slice(10)).join(' | ')}`);
  }
  expect(wrong).toEqual([]);
});
