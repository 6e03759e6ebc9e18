import { describe, expect, test } from 'vitest';
import {
  DtypeError,
  getRandomState,
  manualSeed,
  nn,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from '../index.ts';

const { activation, avgPool2d, batchNorm2d, conv2d, dense, dropout, embedding, flatten } = nn.spec;
const { layerNorm, maxPool2d } = nn.spec;

const classic = () =>
  nn.build(
    [1, 28, 28],
    [
      conv2d({ filters: 32, kernel: 3, activation: 'relu' }),
      conv2d({ filters: 64, kernel: 3, bias: false }),
      batchNorm2d(),
      activation('relu'),
      maxPool2d({ kernel: 2 }),
      dropout(0.25),
      flatten(),
      dense({ units: 128, activation: 'gelu' }),
      dense({ units: 10 }),
    ],
  );

describe('nn.build', () => {
  test('is the sequence written by hand, parameter for parameter', () => {
    manualSeed(1);
    const net = classic();
    manualSeed(1);
    const written = nn.sequential(
      nn.conv2d(1, 32, 3),
      nn.relu(),
      nn.conv2d(32, 64, 3, { bias: false }),
      nn.batchNorm2d(64),
      nn.relu(),
      nn.maxPool2d(2),
      nn.dropout(0.25),
      nn.flatten(),
      nn.linear(64 * 12 * 12, 128),
      nn.gelu(),
      nn.linear(128, 10),
    );
    expect(String(net)).toBe(String(written));
    const [a, b] = [net.stateDict(), written.stateDict()];
    expect(Object.keys(a)).toEqual(Object.keys(b));
    expect(a['10.weight'].toArray()).toEqual(b['10.weight'].toArray());
    expect(a['3.runningVar'].sum().item()).toBe(64);
    expect(net.training && net.modules().every((m) => m.training)).toBe(true);
    expect(net.forward(zeros([2, 1, 28, 28])).shape).toEqual([2, 10]);
  });

  test('draws no random number but for the parameters', () => {
    manualSeed(2);
    const before = getRandomState();
    nn.build([3, 4, 4], [dropout(0.5), batchNorm2d(), layerNorm(), avgPool2d({ kernel: 2 })]);
    expect(getRandomState()).toEqual(before);
  });

  test('sequences of vectors, padding, and modules among the specs', () => {
    const text = nn.build(
      [7],
      [embedding({ entries: 50, features: 8 }), layerNorm(), dense({ units: 3 })],
    );
    expect(text.forward(zeros([2, 7], { dtype: 'int32' }) as Tensor).shape).toEqual([2, 7, 3]);
    const same = conv2d({ filters: 2, kernel: [3, 5], dilation: [1, 2], padding: 'same' });
    const image = nn.build([1, 6, 9], [same, new Halve(), nn.flatten(), dense({ units: 1 })]);
    expect(image.forward(zeros([4, 1, 6, 9]) as Tensor).shape).toEqual([4, 1]);
    expect(image.length).toBe(4);
    expect(nn.build([3], []).length).toBe(0);
  });

  test('a spec makes new layers each time', () => {
    const layer = dense({ units: 2 });
    const net = nn.build([2], [layer, layer]);
    expect(net.parameters()).toHaveLength(4);
  });

  test('what does not fit is named by its place', () => {
    const wrong =
      (shape: number[], ...layers: (nn.spec.LayerSpec | nn.Module)[]) =>
      () =>
        nn.build(shape, layers);
    const conv = conv2d({ filters: 4, kernel: 3 });
    expect(wrong([1, 8, 8], conv, dense({ units: 2 }))).toThrow(
      /nn\.build: layer 1 \(dense\) does not fit what comes before it, \[4, 6, 6\][^]*put flatten\(\)/,
    );
    expect(wrong([1, 4, 4], conv, conv, conv)).toThrow(/layer 1 \(conv2d\).*\[4, 2, 2\]/);
    expect(wrong([1, 4, 4], conv, flatten(), conv)).toThrow(/layer 2 \(conv2d\).*\[16\].*images/);
    expect(wrong([1, 4, 4], maxPool2d({ kernel: 5 }))).toThrow(/layer 0 \(maxPool2d\)/);
    expect(wrong([4], nn.linear(4, 3), nn.linear(4, 3))).toThrow(/layer 1 \(Linear\).*\[3\]/);
    expect(wrong([4], batchNorm2d())).toThrow(ShapeError);
    expect(wrong([4], dense({ units: 2 }), embedding({ entries: 2, features: 2 }))).toThrow(
      DtypeError,
    );
    expect(wrong([3, 4, 4], conv2d({ filters: 4, kernel: 3, groups: 2 }))).toThrow(ValueError);
    expect(wrong([3, 4, 4], conv2d({ filters: 4, kernel: 3, groups: 2 }))).toThrow(/layer 0/);
  });

  test('what is no layer, and options that are none', () => {
    expect(() => nn.build([4], [flatten as never])).toThrow(/layer 0 is a function[^]*call it/);
    expect(() => nn.build([4], [3 as never])).toThrow(/layer 0 is 3[^]*nn\.spec/);
    expect(() => nn.build([4], dense({ units: 1 }) as never)).toThrow(/one array/);
    expect(() => nn.build(4 as never, [])).toThrow(ShapeError);
    expect(() => dense({ units: 0 })).toThrow(/nn\.spec\.dense: units/);
    expect(() => dense({ unit: 3 } as never)).toThrow(/did you mean 'units'/);
    expect(() => dense(undefined as never)).toThrow(/needs options/);
    expect(() => dense({ units: 3, activation: 'softmax' as never })).toThrow(/crossEntropy/);
    expect(() => activation('rellu' as never)).toThrow(/no activation 'rellu'[^]*leakyRelu/);
    expect(() => activation(undefined as never)).toThrow(/no name/);
    expect(() => conv2d({ filters: 1, kernel: 2, padding: 'same' })).toThrow(/odd kernel/);
    expect(() => conv2d({ filters: 1, kernel: 0 })).toThrow(/kernel/);
    expect(() => dropout(1)).toThrow(/nn\.dropout/);
    expect(() => embedding({ entries: 0, features: 1 })).toThrow(/entries/);
  });
});

class Halve extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.mul(0.5) as Tensor;
  }
}

describe('nn.summary', () => {
  test('lists layers, shapes and counts', () => {
    const net = nn.sequential(nn.conv2d(1, 4, 3), nn.sequential(nn.relu(), nn.batchNorm2d(4)));
    net[0].requiresGrad(false);
    expect(nn.summary(net, [1, 5, 5])).toBe(
      [
        'layer  type         output        parameters',
        '0      Conv2d       [1, 4, 3, 3]          40',
        '1      Sequential   [1, 4, 3, 3]           0',
        '1.0    ReLU         [1, 4, 3, 3]           0',
        '1.1    BatchNorm2d  [1, 4, 3, 3]           8',
        '48 parameters: 8 trainable, 40 frozen',
      ].join('\n'),
    );
    expect(net.at(1).at(1).numBatchesTracked?.item()).toBe(0);
    expect(net.modules().every((m) => m.training)).toBe(true);
    expect(nn.summary(nn.linear(784, 10))).toBe(
      'layer     type    parameters\n(itself)  Linear       7,850\n7,850 parameters: 7,850 trainable, 0 frozen',
    );
  });

  test('shared parameters count once; modes and hooks are as before', () => {
    class Tied extends nn.Module {
      table = nn.embedding(10, 4);
      head = nn.linear(4, 10, { bias: false });
      idle = nn.dropout(0.5).eval();
      forward(x: Tensor): readonly [Tensor, Tensor] {
        const y = this.table.forward(x) as Tensor;
        return [this.head.forward(y) as Tensor, y];
      }
    }
    const net = new Tied();
    (net.head as { weight: unknown }).weight = net.table.weight;
    const text = nn.summary(net, [3], { dtype: 'int32' });
    expect(text).toMatch(/head +Linear +\[1, 3, 10\] +0\n/);
    expect(text).toMatch(/idle +Dropout +- +0\n40 parameters/);
    expect([net.training, net.idle.training]).toEqual([true, false]);
    let calls = 0;
    net.table.registerForwardHook(() => {
      calls++;
    });
    net.forward(tensor([1], { dtype: 'int32' }) as Tensor);
    expect(calls).toBe(1);
  });

  test('what does not fit throws, and leaves nothing behind', () => {
    const net = nn.sequential(nn.linear(3, 2), nn.dropout(0.5));
    expect(() => nn.summary(net, [4])).toThrow(/expects 3 inputs/);
    expect(net.modules().every((m) => m.training)).toBe(true);
    expect(() => nn.summary(nn.relu as never)).toThrow(/not a function/);
    expect(() => nn.summary(net, [3], { type: 'int32' } as never)).toThrow(/no option 'type'/);
  });
});
