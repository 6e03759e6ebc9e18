import { describe, expect, test } from 'vitest';
import { nn, noGrad, Parameter, Tensor, tensor, zeros } from '../index.ts';

class Block extends nn.Module {
  conv = nn.conv2d(2, 2, 1);
  forward(x: Tensor): Tensor {
    return this.conv.forward(x);
  }
}

class Net extends nn.Module {
  layers = [nn.identity(), new Block()];
  table = new Map<string, nn.Module>([['a', nn.linear(2, 3)]]);
  named = { deep: { scale: Parameter(tensor([1, 2])) } };
  count = nn.buffer(zeros([]));
  note = 'text';
  forward(x: Tensor): Tensor {
    return this.layers[1].forward(x) as Tensor;
  }
}

describe('finding things', () => {
  test('parameters in fields, arrays, Maps and plain objects', () => {
    const net = new Net();
    expect(net.namedParameters().map(([name]) => name)).toEqual([
      'named.deep.scale',
      'layers.1.conv.weight',
      'layers.1.conv.bias',
      'table.a.weight',
      'table.a.bias',
    ]);
    expect(net.namedBuffers().map(([name]) => name)).toEqual(['count']);
    expect(net.numParameters()).toBe(2 + 4 + 2 + 6 + 3);
    expect(net.namedChildren().map(([name]) => name)).toEqual(['layers.0', 'layers.1', 'table.a']);
    expect(net.namedModules().map(([name]) => name)).toContain('layers.1.conv');
  });

  test('a frozen parameter stays a parameter', () => {
    const layer = nn.linear(2, 2).requiresGrad(false);
    expect(layer.parameters()).toHaveLength(2);
    expect(layer.buffers()).toHaveLength(0);
  });

  test('shared parameters are listed once, and under every name in the state', () => {
    const net = new (class extends nn.Module {
      a = nn.linear(2, 2, { bias: false });
      b = this.a;
      forward(): void {}
    })();
    expect(net.parameters()).toHaveLength(1);
    expect(Object.keys(net.stateDict())).toEqual(['a.weight', 'b.weight']);
    net.loadStateDict({ 'a.weight': zeros([2, 2]) });
    expect(net.b.weight.sum().item()).toBe(0);
  });

  test('a module inside itself, and containers in circles, end', () => {
    class Loop extends nn.Module {
      inner = nn.linear(1, 1);
      self: Loop = this;
      list: unknown[] = [];
      forward(): void {}
    }
    const loop = new Loop();
    loop.list.push(loop.list);
    expect(loop.parameters()).toHaveLength(2);
    expect(Object.keys(loop.stateDict())).toEqual(['inner.weight', 'inner.bias']);
  });
});

describe('state', () => {
  test('train and eval reach every module', () => {
    const net = new Net();
    expect(net.training).toBe(true);
    net.eval();
    expect(net.modules().every((m) => !m.training)).toBe(true);
    expect(net.train().layers[1].training).toBe(true);
  });

  test('a state keeps its values; loading one copies', () => {
    const layer = nn.linear(2, 1);
    const before = layer.stateDict();
    const values = [...layer.weight.data()];
    layer.weight.assign(zeros([1, 2]));
    expect([...before.weight.data()]).toEqual(values);
    layer.loadStateDict(before);
    expect([...layer.weight.data()]).toEqual(values);
    layer.weight.assign(7);
    expect([...before.weight.data()]).toEqual(values);
  });

  test('every missing and unexpected name is listed, and nothing changes', () => {
    const layer = nn.sequential(nn.linear(2, 2), nn.linear(2, 2));
    const kept = [...layer[0].parameters()[0].data()];
    const bad = { '0.weight': zeros([2, 2]), '0.extra': zeros([1]), other: zeros([1]) };
    expect(() => layer.loadStateDict(bad)).toThrow(
      /3 missing: 0\.bias, 1\.weight, 1\.bias\s+2 unexpected: 0\.extra, other/,
    );
    expect([...layer[0].parameters()[0].data()]).toEqual(kept);
    expect(layer.loadStateDict(bad, { strict: false })).toEqual({
      missing: ['0.bias', '1.weight', '1.bias'],
      unexpected: ['0.extra', 'other'],
    });
  });

  test('shapes that differ are named; a prefix is recognised', () => {
    const layer = nn.linear(2, 1);
    const wrong = { weight: zeros([2, 1]), bias: zeros([1]) };
    expect(() => layer.loadStateDict(wrong)).toThrow(
      /weight is \[1, 2\] in the module, \[2, 1\] in the state/,
    );
    const prefixed = { 'module.weight': zeros([1, 2]), 'module.bias': zeros([1]) };
    expect(() => layer.loadStateDict(prefixed)).toThrow(/take the prefix 'module\.' off/);
    expect(() => layer.loadStateDict(tensor([1]) as never)).toThrow(/an object or a Map/);
    layer.loadStateDict(new Map(Object.entries({ weight: zeros([1, 2]), bias: zeros([1]) })));
  });

  test('to(dtype) converts float cells in place and keeps gradients possible', () => {
    const net = new Net();
    const weight = net.layers[1].parameters()[0];
    expect(net.to('float64').layers[1].parameters()[0]).toBe(weight);
    expect(weight.dtype).toBe('float64');
    weight.sum().backward();
    expect(weight.grad?.dtype).toBe('float64');
    net.zeroGrad();
    expect(weight.grad).toBeNull();
    expect(() => net.to('int32')).toThrow(/need gradients/);
  });

  test('toString nests', () => {
    const net = nn.sequential(nn.linear(2, 3), nn.sequential(nn.relu()));
    expect(String(net)).toBe(
      'Sequential(\n  0: Linear(2, 3)\n  1: Sequential(\n    0: ReLU()\n  )\n)',
    );
  });
});

describe('forward', () => {
  test('errors tell the path of the module', () => {
    expect(() => new Net().forward(zeros([1, 3, 4, 4]))).toThrow(/module: net\.layers\.1\.conv\b/);
    const seq = nn.sequential(nn.linear(2, 2), nn.linear(3, 2));
    expect(() => seq.forward(zeros([1, 2]) as Tensor)).toThrow(/module: sequential\.1\b/);
    const outside = (): Tensor => zeros([2]).reshape([3] as number[]);
    expect(outside).not.toThrow(/module:/);
  });

  test('hooks see and replace outputs, and go away', () => {
    const layer = nn.linear(2, 2);
    const seen: unknown[] = [];
    const first = layer.registerForwardHook((m, inputs, y) => void seen.push(m, inputs.length, y));
    const second = layer.registerForwardHook(() => zeros([1]));
    expect(layer.forward(zeros([1, 2])).shape).toEqual([1]);
    expect(seen.slice(0, 2)).toEqual([layer, 1]);
    first.remove();
    second.remove();
    expect(layer.forward(zeros([1, 2])).shape).toEqual([1, 2]);
    expect(seen).toHaveLength(3);
  });

  test('super.forward and inherited forwards run once each', () => {
    let calls = 0;
    class Child extends Block {
      override forward(x: Tensor): Tensor {
        return super.forward(x).add(1);
      }
    }
    class Grandchild extends Child {}
    new Block();
    const child = new Grandchild();
    child.registerForwardHook(() => void calls++);
    child.forward(zeros([1, 2, 1, 1]));
    expect(calls).toBe(1);
  });

  test('without its module it says how to call it', () => {
    const { forward } = nn.linear(1, 1);
    expect(() => (forward as (x: Tensor) => Tensor)(zeros([1, 1]))).toThrow(/net\.forward\(x\)/);
  });

  test('a private module throws, in a forward only', () => {
    class Hidden extends nn.Module {
      #conv = nn.linear(2, 2);
      forward(x: Tensor): Tensor {
        return this.#conv.forward(x);
      }
    }
    expect(() => new Hidden().forward(zeros([1, 2]))).toThrow(/`#private` fields cannot be seen/);
    expect(() => new Hidden().forward(zeros([1, 2]))).toThrow(/they would not train/);
    nn.linear(2, 2).forward(zeros([1, 2]));
  });

  test('stateless modules may be made on the spot; dropout and layers may not', () => {
    class Inline extends nn.Module {
      make: () => nn.Module;
      constructor(make: () => nn.Module) {
        super();
        this.make = make;
      }
      forward(x: Tensor): unknown {
        return this.make().forward(x);
      }
    }
    expect(new Inline(nn.relu).forward(tensor([-1]))).toBeInstanceOf(Tensor);
    expect(() => new Inline(() => nn.dropout(0.5)).forward(tensor([1]))).toThrow(/eval\(\)/);
    expect(() => new Inline(() => nn.linear(1, 1)).forward(zeros([1, 1]))).toThrow(
      /would not train/,
    );
  });

  test('a module passed down as an argument is reachable from further out', () => {
    class Inner extends nn.Module {
      forward(x: Tensor, layer: nn.Module): Tensor {
        return layer.forward(x) as Tensor;
      }
    }
    class Outer extends nn.Module {
      layer = nn.linear(2, 2);
      inner = new Inner();
      forward(x: Tensor): Tensor {
        return this.inner.forward(x, this.layer);
      }
    }
    expect(noGrad(() => new Outer().forward(zeros([1, 2]))).shape).toEqual([1, 2]);
  });

  test('after an error nothing is left open', () => {
    const layer = nn.linear(2, 2);
    expect(() => layer.forward(zeros([1, 3]) as Tensor)).toThrow(/does not fit/);
    const plain = (): unknown => zeros([2]).add(zeros([3]) as Tensor);
    expect(plain).toThrow(/broadcast/);
    expect(plain).not.toThrow(/module:/);
  });
});
