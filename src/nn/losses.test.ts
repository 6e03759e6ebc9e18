/** Losses and clipping against their closed forms. */
import { describe, expect, test } from 'vitest';
import { nn, Parameter, type Tensor, tensor, valueAndGrad } from '../index.ts';

const f64 = (xs: readonly number[]): Tensor => tensor([...xs], { dtype: 'float64' }) as Tensor;
const numbers = (t: Tensor): number[] => Array.from(t.data(), Number);
const close = (got: readonly number[], want: readonly number[], digits = 12): void => {
  expect(got).toHaveLength(want.length);
  got.forEach((v, i) => expect(v).toBeCloseTo(want[i], digits));
};
const gradOf = (loss: (x: Tensor) => Tensor, x: Tensor): number[] => {
  const p = Parameter(x);
  loss(p).backward();
  return numbers(p.grad as Tensor);
};

describe('bceWithLogits', () => {
  const xs = [-3, -0.5, 0, 0, 0.25, 4];
  const ys = [0, 1, 1, 0, 0.3, 1];
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
  const each = xs.map(
    (v, i) => -ys[i] * Math.log(sigmoid(v)) - (1 - ys[i]) * Math.log(1 - sigmoid(v)),
  );
  const total = each.reduce((a, b) => a + b, 0);

  test('is the cross entropy of the sigmoid', () => {
    const [x, y] = [f64(xs), f64(ys)];
    close(numbers(nn.bceWithLogits(x, y, { reduction: 'none' })), each);
    close([nn.bceWithLogits(x, y, { reduction: 'sum' }).item()], [total]);
    close([nn.bceWithLogits(x, y).item()], [total / xs.length]);
  });

  test('has the gradient sigmoid(x) - y, at 0 too', () => {
    const got = gradOf((x) => nn.bceWithLogits(x, f64(ys), { reduction: 'sum' }), f64(xs));
    close(
      got,
      xs.map((v, i) => sigmoid(v) - ys[i]),
    );
  });

  test('does not overflow, nor lose small losses', () => {
    const loss = nn.bceWithLogits(tensor([1000, -1000, 20, 1000]), tensor([1, 0, 1, 0]), {
      reduction: 'none',
    });
    const [a, b, c, d] = numbers(loss);
    expect([a, b, d]).toEqual([0, 0, 1000]);
    expect(c / Math.exp(-20)).toBeCloseTo(1, 5);
  });
});

describe('l1Loss', () => {
  test('is the mean of the absolute differences', () => {
    const [x, y] = [f64([1, -2, 3]), f64([2, 2, 3])];
    close(numbers(nn.l1Loss(x, y, { reduction: 'none' })), [1, 4, 0]);
    expect(nn.l1Loss(x, y, { reduction: 'sum' }).item()).toBe(5);
    expect(nn.l1Loss(x, y).item()).toBeCloseTo(5 / 3, 14);
    close(
      gradOf((p) => nn.l1Loss(p, y, { reduction: 'sum' }), x),
      [-1, -1, 0],
    );
  });
});

describe('nllLoss', () => {
  test('after logSoftmax it is the cross entropy', () => {
    const x = f64([1, 2, 3, -1, 0, 5]).reshape([2, 3]) as Tensor;
    const y = tensor([2, 0], { dtype: 'int32' }) as Tensor;
    for (const options of [{}, { reduction: 'sum' as const }, { ignoreIndex: 0 }]) {
      const wanted = nn.crossEntropy(x, y, options).item();
      expect(nn.nllLoss(x.logSoftmax(1), y, options).item()).toBeCloseTo(wanted, 12);
    }
    expect(nn.nllLoss(tensor([[-1, -2]]), tensor([1], { dtype: 'int32' })).item()).toBe(2);
  });
});

describe('clipGradNorm', () => {
  const make = (): Tensor[] => {
    const params = [Parameter(f64([0, 0])), Parameter(tensor([0])), Parameter(tensor([9]))];
    params[0].grad = f64([3, 0]);
    params[1].grad = tensor([4]);
    return params as Tensor[];
  };

  test('scales all gradients by one factor, and tells the norm before', () => {
    const [a, b, c] = make();
    expect(nn.clipGradNorm([a, b, c], 1).item()).toBe(5);
    close(numbers(a.grad as Tensor), [0.6, 0], 6);
    close(numbers(b.grad as Tensor), [0.8], 6);
    expect([b.grad?.dtype, c.grad]).toEqual(['float32', null]);
  });

  test('leaves small gradients as they are', () => {
    const [a, b] = make();
    for (const limit of [5.1, Number.POSITIVE_INFINITY]) {
      expect(nn.clipGradNorm([a, b], limit).item()).toBe(5);
      expect([numbers(a.grad as Tensor), numbers(b.grad as Tensor)]).toEqual([[3, 0], [4]]);
    }
    expect(nn.clipGradNorm(a, 1.5).item()).toBe(3);
  });
});

describe('layers that came later', () => {
  const x = f64([-2, -0.5, 0, 1.5]);
  const v = [-2, -0.5, 0, 1.5];

  test('activations follow their formulas', () => {
    close(
      numbers(nn.leakyRelu().forward(x)),
      v.map((t) => (t > 0 ? t : 0.01 * t)),
      8,
    );
    close(
      numbers(nn.leakyRelu(0.2).forward(x)),
      v.map((t) => (t > 0 ? t : 0.2 * t)),
      7,
    );
    close(
      numbers(nn.elu(2).forward(x)),
      v.map((t) => (t > 0 ? t : 2 * Math.expm1(t))),
    );
    close(
      numbers(nn.silu().forward(x)),
      v.map((t) => t / (1 + Math.exp(-t))),
    );
    const sum = Math.log(v.reduce((s, t) => s + Math.exp(t), 0));
    close(
      numbers(nn.logSoftmax(0).forward(x)),
      v.map((t) => t - sum),
    );
    const net = nn.sequential(nn.leakyRelu(), nn.elu(), nn.silu(), nn.logSoftmax(-1));
    expect(String(net)).toBe(
      'Sequential(\n  0: LeakyReLU(0.01)\n  1: ELU(1)\n  2: SiLU()\n  3: LogSoftmax(dim -1)\n)',
    );
  });

  test('average pooling is the mean of each window, zeros of the padding among it', () => {
    const image = f64([1, 2, 3, 4, 5, 6, 7, 8]).reshape([1, 1, 2, 4]);
    const pool = nn.avgPool2d(2);
    const y = pool.forward(image);
    const shape: readonly [1, 1, number, number] = y.shape;
    expect([shape, numbers(y)]).toEqual([
      [1, 1, 1, 2],
      [3.5, 5.5],
    ]);
    const padded = nn.avgPool2d(2, { stride: 1, padding: [0, 1] }).forward(image);
    expect(numbers(padded)).toEqual([1.5, 3.5, 4.5, 5.5, 3]);
    const [, grad] = valueAndGrad((t: Tensor) => pool.forward(t).sum() as Tensor)(image as Tensor);
    expect(numbers(grad as Tensor)).toEqual(new Array(8).fill(0.25));
    expect(String(nn.avgPool2d(3, { stride: 1, padding: 1 }))).toBe(
      'AvgPool2d(3, stride 1, padding 1)',
    );
  });
});
