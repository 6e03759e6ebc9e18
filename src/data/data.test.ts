import { describe, expect, test } from 'vitest';
import { arange, type Tensor, tensor, zeros } from '../index.ts';
import { batches, datasets, TensorDataset } from './index.ts';

const numbers = (t: Tensor): number[] => Array.from(t.data(), Number);
const sorted = (xs: Iterable<number>): number[] => [...xs].sort((a, b) => a - b);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const counting = (n: number) => ({
  x: tensor(upTo(n)).reshape([n, 1]) as Tensor,
  y: tensor(upTo(n), { dtype: 'int32' }) as Tensor,
});

describe('batches', () => {
  test('go through everything in order, the last one smaller', () => {
    const loader = batches(counting(7), { batchSize: 3 });
    const seen = [...loader].map(({ x, y }) => [x.shape, numbers(y)]);
    expect(seen).toEqual([
      [
        [3, 1],
        [0, 1, 2],
      ],
      [
        [3, 1],
        [3, 4, 5],
      ],
      [[1, 1], [6]],
    ]);
    expect(loader.length).toBe(3);
    const dropped = batches(counting(7), { batchSize: 3, dropLast: true });
    expect([...dropped]).toHaveLength(2);
    expect(dropped.length).toBe(2);
  });

  test('shuffled: rows stay together, each pass has another order, equal seeds equal ones', () => {
    const options = { batchSize: 4, shuffle: true, seed: 9 };
    const pass = (loader: Iterable<{ x: Tensor; y: Tensor }>): number[] =>
      [...loader].flatMap(({ x, y }) => {
        expect(numbers(x)).toEqual(numbers(y));
        return numbers(y);
      });
    const loader = batches(counting(30), options);
    const [first, second] = [pass(loader), pass(loader)];
    expect(sorted(first)).toEqual(upTo(30));
    expect(sorted(second)).toEqual(upTo(30));
    expect(first).not.toEqual(second);
    const again = batches(counting(30), options);
    expect([pass(again), pass(again)]).toEqual([first, second]);
  });

  test('refuse what makes no sense', () => {
    const data = counting(3);
    for (const batchSize of [0, -1, 1.5, Number.NaN]) {
      expect(() => batches(data, { batchSize })).toThrow(/batchSize/);
    }
    expect(() => batches({ x: zeros([3, 2]), y: zeros([4]) })).toThrow(/x \[3, 2\], y \[4\]/);
    expect(() => batches({ x: zeros([0, 2]), y: zeros([0]) })).toThrow(/no examples/);
    expect(() => batches({})).toThrow(/no examples/);
    expect(() => batches({ x: [1, 2] as never })).toThrow(/x is not a tensor but \[1, 2\]/);
    expect(() => batches([1] as never)).toThrow(/tensors by name, not \[1\]/);
    expect(() => batches(data, { batch_size: 2 } as object)).toThrow(/did you mean 'batchSize'/);
    expect(() => batches(data, 32 as never)).toThrow(/an object.*, not 32/);
    expect(() => batches(data, { batchSize: '2' as never })).toThrow(/not '2'/);
    expect(() => batches({ x: tensor(1) })).toThrow(/0-d/);
    expect(() => batches(data, { shuffle: true, seed: 0.5 })).toThrow(/seed/);
    expect(() => batches(data, { batchSize: 4, dropLast: true })).toThrow(/dropLast/);
  });
});

describe('digits', () => {
  const all = datasets.digits();

  test('are the images of the source', () => {
    expect(all.images.shape).toEqual([1797, 1, 8, 8]);
    expect(all.images.dtype).toBe('float32');
    expect(all.labels.dtype).toBe('int32');
    expect(numbers(all.labels).slice(0, 12)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    const pixels = numbers(all.images);
    expect(pixels.slice(0, 8).map((v) => v * 16)).toEqual([0, 0, 5, 13, 9, 1, 0, 0]);
    // Sums that NumPy gives for scikit-learn's arrays.
    expect(pixels.reduce((s, v) => s + v * 16, 0)).toBe(561718);
    expect(numbers(all.labels).reduce((s, v) => s + v, 0)).toBe(8070);
  });

  test('split into parts that share classes and no image', () => {
    const { train, test: held } = all.split(0.2, { seed: 1 });
    expect(train.length + held.length).toBe(1797);
    expect(Math.abs(held.length - 359)).toBeLessThanOrEqual(10);
    const count = (t: Tensor): number[] => {
      const out = new Array<number>(10).fill(0);
      for (const label of numbers(t)) out[label]++;
      return out;
    };
    const total = count(all.labels);
    count(held.labels).forEach((n, c) => {
      expect(Math.abs(n - total[c] / 5)).toBeLessThan(1);
    });
    const rows = [...numbers(train.images.sum([1, 2, 3])), ...numbers(held.images.sum([1, 2, 3]))];
    expect(sorted(rows)).toEqual(sorted(numbers(all.images.sum([1, 2, 3]))));
    expect(numbers(all.split(0.2, { seed: 1 }).test.labels)).toEqual(numbers(held.labels));
    expect(numbers(all.split(0.2, { seed: 2 }).test.images)).not.toEqual(numbers(held.images));
  });

  test('a share that is none is refused', () => {
    for (const f of [0, 1, -0.1, Number.NaN, 20]) expect(() => all.split(f)).toThrow(/held out/);
    expect(() => all.split(1e-6)).toThrow(/empty/);
    expect(() => all.split('0.2' as never)).toThrow(/not '0\.2'/);
    expect(() => all.split(0.2, { sead: 1 } as object)).toThrow(/did you mean 'seed'/);
    expect(() => all.split(0.2, 7 as never)).toThrow(/an object.*, not 7/);
  });
});

describe('TensorDataset.split', () => {
  const x = arange(10).reshape([10, 1]) as Tensor;
  const whole = new TensorDataset({ x, y: arange(10) });

  test('holds out a share, each example once, rows together, by seed', () => {
    const { train, test: held } = whole.split(0.3, { seed: 4 });
    expect([train.length, held.length]).toEqual([7, 3]);
    const all = [train, held].flatMap((part) => part.columns.y.toArray() as number[]);
    expect(all.toSorted((a, b) => a - b)).toEqual(whole.columns.y.toArray());
    expect(held.columns.x.flatten().toArray()).toEqual(held.columns.y.toArray());
    const again = whole.split(0.3, { seed: 4 });
    expect(again.test.columns.y.toArray()).toEqual(held.columns.y.toArray());
    expect(whole.split(0.3).test.columns.y.toArray()).not.toEqual(held.columns.y.toArray());
  });

  test.each([
    [() => whole.split(1), /between 0 and 1/],
    [() => whole.split(0.01), /leaves a part empty/],
    [() => whole.split(0.5, { sed: 1 } as never), /did you mean 'seed'/],
  ])('mistakes: %#', (make, message) => {
    expect(make).toThrow(message);
  });
});
