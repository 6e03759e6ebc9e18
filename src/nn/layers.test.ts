import { describe, expect, test } from 'vitest';
import { loadFixture } from '../../test/fixtures/load.ts';
import { manualSeed, nn, ones, type Tensor, tensor, zeros } from '../index.ts';

const numbers = (t: Tensor | null): number[] => Array.from((t as Tensor).data(), Number);
const deviation = (xs: readonly number[]): number =>
  Math.sqrt(xs.reduce((s, x) => s + x * x, 0) / xs.length);

describe('linear', () => {
  test('computes x W^T + b on any leading dimensions', () => {
    const layer = nn.linear(2, 3);
    layer.weight.assign(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    layer.bias?.assign(tensor([10, 20, 30]));
    expect(numbers(layer.forward(tensor([[1, 1]])))).toEqual([13, 27, 41]);
    expect(layer.forward(zeros([4, 5, 2])).shape).toEqual([4, 5, 3]);
    expect(layer.forward(zeros([2])).shape).toEqual([3]);
    expect(nn.linear(2, 3, { bias: false }).bias).toBeNull();
  });

  test('starts within 1 / sqrt(inFeatures), spread evenly', () => {
    manualSeed(1);
    const { weight, bias } = nn.linear(100, 50);
    const xs = numbers(weight);
    expect(Math.max(...xs.map(Math.abs))).toBeLessThanOrEqual(0.1);
    expect(deviation(xs)).toBeCloseTo(0.1 / Math.sqrt(3), 2);
    expect(Math.max(...numbers(bias).map(Math.abs))).toBeLessThanOrEqual(0.1);
  });

  test('refuses sizes that are none, and inputs that do not fit', () => {
    expect(() => nn.linear(0, 1)).toThrow(/nn\.linear: inFeatures must be a whole number/);
    expect(() => nn.linear(1, 2.5)).toThrow(/outFeatures.*2\.5/);
    expect(() => nn.linear('3' as never, 1)).toThrow(/'3'/);
    expect(() => nn.linear(3, 1).forward(zeros([2, 4]) as Tensor)).toThrow(/expects 3 inputs/);
  });
});

describe('conv2d', () => {
  test('agrees with PyTorch', () => {
    for (const c of loadFixture('conv2d').cases) {
      const [x, weight, bias] = c.inputs;
      const kernel: [number, number] = [weight.shape[2], weight.shape[3]];
      const channels = weight.shape[1] * c.attrs.groups;
      const layer = nn.conv2d(channels, weight.shape[0], kernel, { ...c.attrs, bias: !!bias });
      layer.weight.assign(tensor(weight.data).reshape(weight.shape) as Tensor);
      if (bias) layer.bias?.assign(tensor(bias.data));
      const y = layer.forward(tensor(x.data).reshape(x.shape) as Tensor);
      const [wanted] = c.outputs;
      expect([c.name, y.shape]).toEqual([c.name, wanted.shape]);
      const worst = Math.max(...numbers(y).map((v, i) => Math.abs(v - wanted.data[i])));
      expect(worst <= (c.name.includes('exact') ? 0 : 1e-4) ? '' : `${c.name}: ${worst}`).toBe('');
    }
  });

  test('refuses what makes no sense', () => {
    expect(() => nn.conv2d(1, 1, 0)).toThrow(/kernelSize/);
    expect(() => nn.conv2d(1, 1, [3, 3, 3] as never)).toThrow(/\[height, width\]/);
    expect(() => nn.conv2d(3, 4, 1, { groups: 2 })).toThrow(/do not divide 3 input/);
    expect(() => nn.conv2d(1, 1, 3, { padding: -1 })).toThrow(/padding/);
    expect(() => nn.conv2d(1, 1, 5).forward(zeros([1, 1, 3, 3]))).toThrow(/larger than/);
    expect(String(nn.conv2d(1, 2, [3, 5], { padding: 1, bias: false }))).toBe(
      'Conv2d(1, 2, kernel 3×5, padding 1, no bias)',
    );
  });
});

describe('other layers', () => {
  test('max pooling agrees with PyTorch', () => {
    for (const c of loadFixture('maxpool2d').cases) {
      const { kernelSize, stride, padding, dilation } = c.attrs;
      if (dilation.some((d) => d !== 1)) continue; // the layer has no dilation
      const [x] = c.inputs;
      const pool = nn.maxPool2d(kernelSize, { stride, padding });
      const y = pool.forward(tensor(x.data).reshape(x.shape) as Tensor);
      const { shape, data } = c.outputs[0];
      expect([c.name, y.shape, numbers(y)]).toEqual([c.name, shape, data]);
    }
    expect(() => nn.maxPool2d(2, { padding: 2 })).toThrow(/half the kernel/);
    expect(() => nn.maxPool2d(4).forward(zeros([1, 1, 3, 3]))).toThrow(/does not fit/);
  });

  test('flatten, identity, activations', () => {
    expect(nn.flatten().forward(zeros([2, 3, 4])).shape).toEqual([2, 12]);
    expect(nn.flatten(0).forward(zeros([2, 3])).shape).toEqual([6]);
    expect(nn.identity().forward(5)).toBe(5);
    const x = tensor([-1, 0, 2]);
    expect(numbers(nn.relu().forward(x))).toEqual([0, 0, 2]);
    expect(numbers(nn.tanh().forward(x))[2]).toBeCloseTo(Math.tanh(2), 6);
    expect(numbers(nn.sigmoid().forward(x))[1]).toBe(0.5);
    expect(numbers(nn.gelu().forward(x))[0]).toBeCloseTo(-0.158655, 5);
    expect(nn.softmax(0).forward(x).sum().item()).toBeCloseTo(1, 6);
  });

  test('dropout drops in training only', () => {
    manualSeed(3);
    const layer = nn.dropout(0.25);
    const y = numbers(layer.forward(ones([10000])));
    const dropped = y.filter((v) => v === 0).length;
    expect(dropped).toBeGreaterThan(2300);
    expect(dropped).toBeLessThan(2700);
    expect(Math.max(...y)).toBeCloseTo(1 / 0.75, 6);
    const x = ones([3]);
    expect(layer.eval().forward(x)).toBe(x);
    for (const p of [-0.1, 1, Number.NaN, '0.5']) {
      expect(() => nn.dropout(p as number)).toThrow(/not including 1/);
    }
  });

  test('shapes through a sequence are types', () => {
    const net = nn.sequential(
      nn.sequential(nn.conv2d(1, 4, 3), nn.relu(), nn.maxPool2d(2)),
      nn.flatten(),
      nn.linear(36, 5),
      nn.dropout(0.1),
    );
    const shape: readonly [2, 5] = net.forward(zeros([2, 1, 8, 8])).shape;
    expect(shape).toEqual([2, 5]);
    const dense = nn.sequential(nn.linear(4, 3), nn.tanh(), nn.linear(3, 2));
    // @ts-expect-error linear: 2×5: the last dimension must be 4, not 5
    expect(() => dense.forward(zeros([2, 5]))).toThrow(/expects 4 inputs/);
    // @ts-expect-error linear: 2×6: the last dimension must be 5, not 6
    expect(() => nn.sequential(nn.linear(4, 6), nn.linear(5, 2)).forward(zeros([2, 4]))).toThrow(
      /expects 5 inputs/,
    );
    const plain: Tensor = dense.forward(zeros([2, 4]) as Tensor);
    const list: nn.Module[] = [nn.linear(1, 1), dense];
    expect([plain.shape, nn.sequential(...list).length]).toEqual([[2, 2], 2]);
  });

  test('sequential is a list of modules', () => {
    const net = nn.sequential(nn.linear(4, 3), nn.relu(), nn.linear(3, 2));
    expect(net.forward(zeros([5, 4])).shape).toEqual([5, 2]);
    expect(net.length).toBe(3);
    expect(net.at(-1)).toBe(net[2]);
    expect([...net]).toEqual([net[0], net[1], net[2]]);
    expect(net.namedParameters().map(([n]) => n)).toEqual([
      '0.weight',
      '0.bias',
      '2.weight',
      '2.bias',
    ]);
    expect(() => nn.sequential(nn.relu as never)).toThrow(
      /argument 0 is a function.*\n[^]*call the layer function/,
    );
    expect(() => nn.sequential([nn.relu()] as never)).toThrow(/an array/);
  });
});

describe('losses', () => {
  test('cross entropy and mse agree with PyTorch', () => {
    for (const c of loadFixture('cross_entropy').cases) {
      if (c.op !== 'cross_entropy' && c.op !== 'mse_loss') continue;
      const [a, b] = c.inputs;
      const x = tensor(a.data).reshape(a.shape) as Tensor;
      const y = tensor(b.data, { dtype: b.dtype }).reshape(b.shape) as Tensor;
      const { reduction, labelSmoothing } = c.attrs;
      const loss =
        c.op === 'mse_loss'
          ? nn.mseLoss(x, y, { reduction })
          : nn.crossEntropy(x, y, { reduction, labelSmoothing });
      const { shape, data } = c.outputs[0];
      expect([c.name, loss.shape]).toEqual([c.name, shape]);
      const off = numbers(loss).map(
        (v, i) => Math.abs(v - data[i]) / Math.max(1, Math.abs(data[i])),
      );
      expect(Math.max(...off) <= 2e-6 ? '' : `${c.name}: ${off}`).toBe('');
    }
  });

  test('refuse what does not fit', () => {
    const x = zeros([2, 3]) as Tensor;
    const y = tensor([0, 1], { dtype: 'int32' });
    expect(() => nn.crossEntropy(x, tensor([0, 1, 2], { dtype: 'int32' }))).toThrow(/do not fit/);
    expect(() => nn.crossEntropy(x, y, { reduction: 'avg' as never })).toThrow(
      /no reduction 'avg'/,
    );
    expect(() => nn.crossEntropy(x, y, { labelSmoothing: 2 })).toThrow(/labelSmoothing/);
    expect(() => nn.mseLoss(zeros([2, 1]) as Tensor, zeros([2]) as Tensor)).toThrow(/differ/);
  });
});

describe('init', () => {
  test('deviations follow the formulas', () => {
    manualSeed(5);
    const { weight } = nn.conv2d(8, 32, 3);
    const [fanIn, fanOut] = [8 * 9, 32 * 9];
    const check = (wanted: number): void => {
      expect(deviation(numbers(weight)) / wanted).toBeCloseTo(1, 1);
    };
    nn.init.kaimingNormal(weight, { nonlinearity: 'relu' });
    check(Math.sqrt(2 / fanIn));
    nn.init.kaimingUniform(weight, { mode: 'fanOut', nonlinearity: 'linear' });
    check(Math.sqrt(1 / fanOut));
    nn.init.xavierUniform(weight);
    check(Math.sqrt(2 / (fanIn + fanOut)));
    nn.init.xavierNormal(weight, nn.init.gain('tanh'));
    check((5 / 3) * Math.sqrt(2 / (fanIn + fanOut)));
    nn.init.uniform(weight, -1, 1);
    check(1 / Math.sqrt(3));
    nn.init.normal(weight, 0, 0.02);
    check(0.02);
  });

  test('constants; gradients stay possible; wrong shapes are told', () => {
    const layer = nn.linear(2, 2);
    expect(nn.init.zeros(layer.weight)).toBe(layer.weight);
    expect(numbers(layer.weight)).toEqual([0, 0, 0, 0]);
    expect(numbers(nn.init.ones(layer.weight))).toEqual([1, 1, 1, 1]);
    expect(layer.weight.requiresGrad).toBe(true);
    expect(() => nn.init.xavierNormal(layer.bias as Tensor)).toThrow(/two dimensions/);
    expect(() => nn.init.uniform(layer.weight, 1, 0)).toThrow(/empty/);
  });
});
