import { describe, expect, test } from 'vitest';
import {
  eye,
  manualSeed,
  ones,
  randn,
  scaledDotProductAttention,
  type Tensor,
  tensor,
  zeros,
} from '../index.ts';
import { allClose, gradCheck } from '../testing/index.ts';

const numbers = (t: Tensor): number[] => Array.from(t.data(), Number);

describe('scaledDotProductAttention', () => {
  test('is the softmax of the scaled products, times the values', () => {
    manualSeed(0);
    const [q, k] = randn([2, 2, 3, 37, 16]).unbind();
    const v = randn([2, 3, 37, 5]);
    const weights = q.matmul(k.transpose(-2, -1)).mul(0.25).softmax(-1);
    allClose(scaledDotProductAttention(q, k, v), weights.matmul(v));
    // Scores far apart overflow nothing.
    const large = scaledDotProductAttention(q, k, v, { scale: 1e4 });
    expect(numbers(large).every(Number.isFinite)).toBe(true);
  });

  test('isCausal is the mask of the lower triangle, from the top left', () => {
    manualSeed(1);
    for (const [rows, columns] of [
      [4, 4],
      [3, 6],
      [6, 3],
    ]) {
      const [q, k, v] = [randn([2, rows, 8]), randn([2, columns, 8]), randn([2, columns, 8])];
      const mask = ones([rows, columns]).tril().to('bool') as Tensor;
      const causal = scaledDotProductAttention(q, k, v, { isCausal: true });
      expect(numbers(causal)).toEqual(numbers(scaledDotProductAttention(q, k, v, { mask })));
    }
  });

  test('a query that may attend to nothing gives zeros and gets none', () => {
    manualSeed(2);
    const q = randn([2, 3], { requiresGrad: true });
    const k = randn([4, 3], { requiresGrad: true });
    const mask = tensor([[true], [false]]).expand([2, 4]) as Tensor;
    const y = scaledDotProductAttention(q, k, k, { mask }) as Tensor;
    expect(y.at(1).toArray()).toEqual([0, 0, 0]);
    y.sum().backward();
    expect(q.grad?.at(1).toArray()).toEqual([0, 0, 0]);
    expect(numbers(k.grad as Tensor).every(Number.isFinite)).toBe(true);
    // What a masked key holds does not matter.
    const spoilt = k.detach().add(tensor([0, 0, 0, 1e30]).unsqueeze(1)) as Tensor;
    const some = tensor([[true, true, true, false]]);
    const [a, b] = [k.detach(), spoilt].map((keys) =>
      scaledDotProductAttention(q.detach(), keys, k.detach(), { mask: some }),
    );
    expect(numbers(a)).toEqual(numbers(b));
  });

  test('dropout takes weights away and scales the others, by the seed', () => {
    const n = 64;
    const run = (p?: number): Tensor =>
      scaledDotProductAttention(zeros([n, 4]), zeros([n, 4]), eye(n), { dropout: p }) as Tensor;
    manualSeed(3);
    const first = numbers(run(0.25));
    const second = numbers(run(0.25));
    manualSeed(3);
    expect(numbers(run(0.25))).toEqual(first);
    expect(second).not.toEqual(first);
    const dropped = first.filter((x) => x === 0).length / (n * n);
    expect(Math.abs(dropped - 0.25)).toBeLessThan(0.03);
    for (const x of first) if (x !== 0) expect(x).toBeCloseTo(1 / n / 0.75, 7);
    expect(numbers(run(0))).toEqual(numbers(run()));
  });

  test('the gradient drops what the result dropped', () => {
    const inputs: readonly Tensor[] = [randn([3, 2]), randn([4, 2]), randn([4, 2])];
    const f = (...xs: Tensor[]): Tensor => {
      manualSeed(7);
      const [a, b, c] = xs;
      return scaledDotProductAttention(a, b, c, { dropout: 0.5 }) as Tensor;
    };
    gradCheck(
      f,
      inputs.map((x) => x.double()),
      { order: 2 },
    );
  });
});
