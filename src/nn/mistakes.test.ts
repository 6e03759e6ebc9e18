/** What beginners do wrong with layers and modules: each an error that says what to do instead. */
import { describe, expect, test } from 'vitest';
import {
  DtypeError,
  GraphError,
  nn,
  Parameter,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from '../index.ts';
import { ReferenceDevice, registerDevice } from '../runtime/index.ts';

// The types refuse most of these calls; users of plain JavaScript make them anyway.
const any = (x: unknown): never => x as never;

function failure(f: () => unknown): Error {
  try {
    f();
  } catch (e) {
    return e as Error;
  }
  throw new Error('nothing was thrown');
}

describe('options that nobody reads', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['linear, a flag', () => nn.linear(3, 2, any(false)), /nn\.linear: .* not false/],
    ['linear, misspelt', () => nn.linear(3, 2, any({ biass: false })), /did you mean 'bias'/],
    ['linear, a value', () => nn.linear(3, 2, { bias: any('no') }), /bias must be .* not 'no'/],
    ['conv2d, numbers', () => nn.conv2d(1, 2, 3, any(2)), /nn\.conv2d: .* not 2/],
    ['conv2d, misspelt', () => nn.conv2d(1, 2, 3, any({ pad: 1 })), /no option 'pad'/],
    ['maxPool2d, a number', () => nn.maxPool2d(2, any(1)), /nn\.maxPool2d: .* not 1/],
    ['maxPool2d, misspelt', () => nn.maxPool2d(2, any({ strides: 1 })), /did you mean 'stride'/],
    ['avgPool2d, misspelt', () => nn.avgPool2d(2, any({ strides: 1 })), /did you mean 'stride'/],
    ['gelu, a string', () => nn.gelu(any('tanh')), /nn\.gelu: .* not 'tanh'/],
    ['gelu, a value', () => nn.gelu({ approximate: any('erf') }), /no approximation 'erf'/],
    ['dropout, options', () => nn.dropout(any({ p: 0.5 })), /nn\.dropout: .* not an object/],
    ['dropout, a string', () => nn.dropout(any('0.5')), /not '0\.5'/],
    ['flatten, options', () => nn.flatten(any({ startDim: 1 })), /startDim .* not an object/],
    ['softmax, nothing', () => nn.softmax(any(undefined)), /nn\.softmax: dim .* not undefined/],
    ['relu, a tensor', () => (nn.relu as (x: Tensor) => unknown)(zeros([2])), /x\.relu\(\)/],
    ['leakyRelu, a tensor', () => nn.leakyRelu(any(zeros([2]))), /slope must be a number/],
    ['kaiming', () => nn.init.kaimingUniform(zeros([2, 2]), any({ fan: 1 })), /no option 'fan'/],
    [
      'kaiming, mode',
      () => nn.init.kaimingNormal(zeros([2, 2]), any({ mode: 'fan_out' })),
      /'fan_out'/,
    ],
    ['load', () => nn.linear(1, 1).loadStateDict({}, any({ Strict: false })), /mean 'strict'/],
    ['load, a flag', () => nn.linear(1, 1).loadStateDict({}, any(false)), /not false/],
  ])('%s', (_, f, message) => {
    const e = failure(f);
    expect(e).toBeInstanceOf(ValueError);
    expect(e.message).toMatch(message);
  });
});

describe('parameters that would not train', () => {
  class Wrong extends nn.Module {
    inner = nn.linear(2, 2);
    scale = tensor([1], { requiresGrad: true });
    last: Tensor | null = null;
    forward(x: Tensor): Tensor {
      this.last = this.inner.forward(x);
      return this.last.mul(this.scale as Tensor) as Tensor;
    }
  }

  test('a tensor with requiresGrad in a field is no parameter', () => {
    const e = failure(() => nn.sequential(new Wrong()).parameters());
    expect(e).toBeInstanceOf(GraphError);
    expect(e.message).toMatch(/'0\.scale' requires a gradient but is a plain tensor/);
    expect(e.message).toMatch(/scale = Parameter/);
  });

  test('an activation that is kept, and tensors without a gradient, are no mistake', () => {
    const net = new Wrong();
    net.scale = tensor([1]);
    net.forward(zeros([1, 2]));
    expect(net.last?.requiresGrad).toBe(true);
    expect(net.parameters()).toHaveLength(2);
  });
});

describe('modules', () => {
  test('to() of no dtype and no device', () => {
    const e = failure(() => nn.linear(2, 2).to('cuda'));
    expect(e).toBeInstanceOf(DtypeError);
    expect(e.message).toMatch(/Linear\.to: 'cuda' is neither a dtype nor a device/);
    expect(e.message).toMatch(/devices: .*cpu/);
    expect(failure(() => nn.linear(2, 2).to(any(undefined))).message).toMatch(
      /undefined is neither/,
    );
  });

  test('to() a device moves parameters, which stay the same objects', () => {
    registerDevice('reference', () => new ReferenceDevice());
    const layer = nn.linear(2, 1).to('cpu');
    const { weight } = layer;
    const values = weight.toArray();
    layer.to('reference');
    expect(layer.weight).toBe(weight);
    expect(weight.device).toBe('reference');
    expect(weight.toArray()).toEqual(values);
    const x = tensor([[0, 0]]).to('reference') as Tensor<readonly [1, 2]>;
    expect(layer.forward(x).item()).toBe(layer.bias?.at(0).item());
  });

  test('a class without forward says so; one can still be given', () => {
    // @ts-expect-error JavaScript has no abstract methods
    const Net = class Net extends nn.Module {};
    const net = new Net();
    expect(failure(() => net.forward(1)).message).toMatch(
      /Net\.forward: the class Net has no method/,
    );
    (Net.prototype as { forward: unknown }).forward = () => 7;
    expect(new Net().forward(1)).toBe(7);
  });

  test('a hook that is no function', () => {
    const e = failure(() => nn.relu().registerForwardHook(any(1)));
    expect(e).toBeInstanceOf(ValueError);
    expect(e.message).toMatch(/a hook is a function, not 1/);
  });

  test('a field that leads back to the module outside does not hang its text', () => {
    class Child extends nn.Module {
      parent: nn.Module | null = null;
      forward(): void {}
    }
    class Parent extends nn.Module {
      child = new Child();
      forward(): void {}
    }
    const net = new Parent();
    net.child.parent = net;
    expect(String(net)).toBe('Parent(\n  child: Child(\n    parent: Parent(...)\n  )\n)');
    expect(String(net)).toContain('Child(');
  });

  test('sequential of functions, an array, a tensor', () => {
    const make = (x: unknown) => failure(() => nn.sequential(nn.linear(1, 1), any(x))).message;
    expect(make(nn.relu)).toMatch(/argument 1 is a function, not a module/);
    expect(make(nn.relu)).toMatch(/call the layer function, e\.g\. nn\.relu\(\)/);
    expect(make((x: Tensor) => x.relu())).toMatch(/a class that extends nn\.Module/);
    expect(make([nn.relu()])).toMatch(/an array[^]*nn\.sequential\(\.\.\.layers\)/);
    expect(make('relu')).toMatch(/argument 1 is 'relu'/);
  });

  test('a state that went through JSON', () => {
    const layer = nn.linear(2, 1);
    const state = JSON.parse(JSON.stringify(layer.stateDict())) as Record<string, never>;
    const e = failure(() => layer.loadStateDict(state));
    expect(e.message).toMatch(/'weight' is an array, not a tensor/);
    expect(e.message).toMatch(/tensor\(v\)/);
    const made = Object.entries(state).map(([name, v]) => [name, tensor(v)]);
    layer.loadStateDict(Object.fromEntries(made) as Record<string, Tensor>);
  });
});

describe('losses', () => {
  const x = zeros([3, 4]) as Tensor;
  const y = tensor([0, 1, 2], { dtype: 'int32' }) as Tensor;

  test.each<[string, () => unknown, unknown, RegExp]>([
    [
      'labels in an array',
      () => nn.crossEntropy(x, any([0, 1, 2])),
      DtypeError,
      /labels must be a tensor, not \[0, 1, 2\][^]*tensor\(labels, \{ dtype: 'int32' \}\)/,
    ],
    [
      'no logits',
      () => nn.crossEntropy(any(undefined), y),
      DtypeError,
      /undefined[^]*did forward return/,
    ],
    ['a promise', () => nn.mseLoss(any(Promise.resolve(x)), x), DtypeError, /await it first/],
    [
      'no input',
      () => nn.mseLoss(any(undefined), x),
      DtypeError,
      /nn\.mseLoss: the input must be a tensor, not undefined/,
    ],
    ['a target in an array', () => nn.mseLoss(x, any([1])), DtypeError, /tensor\(values\)/],
    [
      'labels of a column',
      () => nn.crossEntropy(x, y.unsqueeze(1)),
      ShapeError,
      /labels\.squeeze\(1\)/,
    ],
    ['float labels', () => nn.crossEntropy(x, y.to('float32')), DtypeError, /to\('int32'\)/],
    ['one-hot integers', () => nn.crossEntropy(x, x.to('int32')), ShapeError, /argmax\(1\)/],
    [
      'other labels',
      () => nn.crossEntropy(x, tensor([1], { dtype: 'int32' })),
      ShapeError,
      /do not fit/,
    ],
    [
      'a misspelt option',
      () => nn.crossEntropy(x, y, any({ reduce: 'sum' })),
      ValueError,
      /no option 'reduce'/,
    ],
    ['a string', () => nn.crossEntropy(x, y, any('sum')), ValueError, /not 'sum'/],
    [
      'another reduction',
      () => nn.mseLoss(x, x, { reduction: any('avg') }),
      ValueError,
      /no reduction 'avg'/,
    ],
    ['ignoreIndex', () => nn.nllLoss(x, y, { ignoreIndex: any('1') }), ValueError, /not '1'/],
    [
      'a smoothing for nll',
      () => nn.nllLoss(x, y, any({ labelSmoothing: 0.1 })),
      ValueError,
      /no option/,
    ],
    [
      'a column and a row',
      () => nn.l1Loss(zeros([3, 1]), any(zeros([3]))),
      ShapeError,
      /input\.squeeze\(-1\)/,
    ],
    [
      'a row and a column',
      () => nn.bceWithLogits(zeros([3]), any(zeros([3, 1]))),
      ShapeError,
      /target\.squeeze\(-1\)/,
    ],
    [
      'shapes',
      () => nn.mseLoss(zeros([2, 3]), any(zeros([3, 2]))),
      ShapeError,
      /nn\.mseLoss: .*differ/,
    ],
    ['a norm', () => nn.clipGradNorm([Parameter(tensor([1]))], any('1')), ValueError, /not '1'/],
    [
      'nothing to clip',
      () => nn.clipGradNorm([Parameter(tensor([1]))], 1),
      GraphError,
      /after loss\.backward/,
    ],
    [
      'a module to clip',
      () => nn.clipGradNorm(any(nn.linear(1, 1)), 1),
      ValueError,
      /net\.parameters\(\)/,
    ],
  ])('%s', (_, f, type, message) => {
    const e = failure(f);
    expect(e).toBeInstanceOf(type);
    expect(e.message).toMatch(message);
    expect(e.message).toMatch(/mistakes\.test\.ts:\d+/);
  });
});
