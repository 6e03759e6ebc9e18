import { describe, expect, test } from 'vitest';
import {
  concat,
  DtypeError,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from '../index.ts';
import { type Interpreter, interpreter, setInterpreter } from '../ir/index.ts';
import { allClose, gradCheck } from '../testing/index.ts';

/** How often each op runs during `f`. */
function counted(f: () => unknown): Map<string, number> {
  const counts = new Map<string, number>();
  const eager = interpreter();
  const note = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  const spy: Interpreter = {
    apply1(def, a, attrs) {
      note(def.name);
      return eager.apply1(def, a, attrs);
    },
    apply2(def, a, b, attrs) {
      note(def.name);
      return eager.apply2(def, a, b, attrs);
    },
    apply(def, xs, attrs) {
      note(def.name);
      return eager.apply(def, xs, attrs);
    },
    update: (def, xs, attrs, cells) => eager.update(def, xs, attrs, cells),
  };
  setInterpreter(spy);
  try {
    f();
  } finally {
    setInterpreter(eager);
  }
  return counts;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const numbers = (t: Tensor): number[] => Array.from(t.data(), Number);

describe('lstm', () => {
  test('is what the formula says, in float64', () => {
    manualSeed(3);
    const [steps, inputs, hidden] = [4, 3, 2];
    const layer = nn.lstm(inputs, hidden).to('float64');
    const x = randn([steps, 1, inputs]).double();
    const [wi, wh, bi, bh] = layer.parameters().map(numbers);
    let h = [0, 0];
    let c = [0, 0];
    const wanted: number[] = [];
    for (let t = 0; t < steps; t++) {
      const row = numbers(x.at(t, 0));
      const gate = (g: number): number =>
        row.reduce((s, v, k) => s + v * wi[g * inputs + k], bi[g] + bh[g]) +
        h.reduce((s, v, k) => s + v * wh[g * hidden + k], 0);
      const all = Array.from({ length: 4 * hidden }, (_, g) => gate(g));
      c = c.map(
        (v, k) => sigmoid(all[hidden + k]) * v + sigmoid(all[k]) * Math.tanh(all[2 * hidden + k]),
      );
      h = c.map((v, k) => sigmoid(all[3 * hidden + k]) * Math.tanh(v));
      wanted.push(...h);
    }
    const [y, [last, cell]] = layer.forward(x);
    const close = (got: Tensor, want: readonly number[]) =>
      numbers(got).forEach((v, i) => {
        expect(Math.abs(v - want[i])).toBeLessThan(1e-14);
      });
    close(y, wanted);
    close(last, h);
    close(cell, c);
  });

  test('gradients of all outputs, to second order', () => {
    manualSeed(1);
    const layer = nn.lstm(2, 1, { numLayers: 2, bidirectional: true }).to('float64');
    const x = randn([2, 1, 2]).double();
    const state = [randn([4, 1, 1]).double(), randn([4, 1, 1]).double()];
    const f = (a: Tensor, h: Tensor, c: Tensor): Tensor => {
      const [y, [hn, cn]] = layer.forward(a, [h, c]);
      return y.sum().add(hn.square().sum()).add(cn.mul(hn).sum()) as Tensor;
    };
    gradCheck(f, [x, ...state], { order: 2 });
  });

  test('names, shapes and initial values are those of PyTorch', () => {
    manualSeed(0);
    const layer = nn.lstm(3, 16, { numLayers: 2, bidirectional: true });
    const shapes = Object.entries(layer.stateDict()).map(([name, t]) => [name, t.shape]);
    const cell = (end: string, inputs: number) => [
      [`weightIh${end}`, [64, inputs]],
      [`weightHh${end}`, [64, 16]],
      [`biasIh${end}`, [64]],
      [`biasHh${end}`, [64]],
    ];
    expect(shapes).toEqual([
      ...cell('L0', 3),
      ...cell('L0Reverse', 3),
      ...cell('L1', 32),
      ...cell('L1Reverse', 32),
    ]);
    for (const p of layer.parameters()) {
      const values = numbers(p).map(Math.abs);
      expect(Math.max(...values)).toBeLessThanOrEqual(0.25);
      expect(Math.max(...values)).toBeGreaterThan(0.22);
    }
    expect(nn.lstm(3, 4, { bias: false }).namedParameters()).toHaveLength(2);
    expect(String(nn.lstm(3, 4, { numLayers: 2, dropout: 0.5, batchFirst: true }))).toBe(
      'LSTM(3, 4, 2 layers, batch first, dropout 0.5)',
    );
  });

  test('batchFirst and single sequences are the same numbers in another order', () => {
    manualSeed(0);
    for (const bidirectional of [false, true]) {
      const layer = nn.lstm(3, 4, { bidirectional, numLayers: 2 });
      const turned = nn.lstm(3, 4, { bidirectional, numLayers: 2, batchFirst: true });
      turned.loadStateDict(layer.stateDict());
      const x = randn([5, 2, 3]);
      const [y, [h, c]] = layer.forward(x);
      const [z, [g, d]] = turned.forward(x.transpose(0, 1) as Tensor);
      allClose(z.transpose(0, 1) as Tensor, y);
      allClose(g, h);
      allClose(d, c);
      const [one, [h1]] = layer.forward(x.at(':', 1));
      allClose(one, y.at(':', 1));
      allClose(h1, h.at(':', 1));
    }
  });

  test('goes on from the state it gave', () => {
    const layer = nn.lstm(3, 4, { numLayers: 2 });
    const x = randn([6, 2, 3]);
    const [y, end] = layer.forward(x);
    const [first, state] = layer.forward(x.at(':4'));
    const [second, last] = layer.forward(x.at('4:'), state);
    allClose(first, y.at(':4'));
    allClose(second, y.at('4:'));
    allClose(last[0], end[0]);
    allClose(last[1], end[1]);
  });

  test('long sequences, at once and in pieces', () => {
    manualSeed(4);
    const layer = nn.lstm(2, 3);
    const x = randn([300, 2, 2], { requiresGrad: true });
    const [whole] = layer.forward(x);
    whole.square().sum().backward();
    const want = [x, ...layer.parameters()].map((p) => (p.grad as Tensor).clone());
    for (const p of [x, ...layer.parameters()]) p.grad = null;
    const parts: Tensor[] = [];
    let state: nn.LSTMState | null = null;
    for (const piece of x.split(7)) {
      const [y, next]: [Tensor, nn.LSTMState] = layer.forward(piece, state);
      parts.push(y);
      state = next;
    }
    allClose(concat(parts), whole);
    concat(parts).square().sum().backward();
    [x, ...layer.parameters()].forEach((p, i) => {
      allClose(p.grad as Tensor, want[i], { rtol: 1e-4, atol: 1e-4 });
    });
  });

  test('dropout acts in training, between layers only', () => {
    manualSeed(0);
    const x = randn([5, 2, 3]);
    const one = nn.lstm(3, 4, { dropout: 0.5 });
    const same = (layer: nn.LSTM): boolean =>
      numbers(layer.forward(x)[0]).join() === numbers(layer.forward(x)[0]).join();
    expect(same(one)).toBe(true);
    const two = nn.lstm(3, 4, { dropout: 0.5, numLayers: 2 });
    expect(same(two)).toBe(false);
    two.eval();
    expect(same(two)).toBe(true);
  });

  test('all steps are one node, and the recurrent weights get one product for all of them', () => {
    const layer = nn.lstm(3, 4);
    const x = randn([7, 2, 3]);
    noGrad(() => layer.forward(x));
    let y = null as Tensor | null;
    const forward = counted(() => {
      y = layer.forward(x)[0];
    });
    expect([forward.get('lstm'), forward.get('linear')]).toEqual([1, 1]);
    // The state's two.
    expect(forward.get('concat')).toBe(2);
    const loss = (y as unknown as Tensor).sum();
    const backward = counted(() => loss.backward());
    expect(backward.get('lstmGrad')).toBe(1);
    // And one for the inputs' weights.
    expect(backward.get('matmul')).toBe(2);
  });

  test('learns to tell the first sign of a sequence', () => {
    manualSeed(2);
    class Net extends nn.Module {
      readonly lstm = nn.lstm(1, 8);
      readonly head = nn.linear(8, 2);
      forward(x: Tensor): Tensor {
        const [y] = this.lstm.forward(x);
        return this.head.forward(y.at(-1)) as Tensor;
      }
    }
    const net = new Net();
    const opt = optim.adam(net.parameters(), { lr: 0.02 });
    const losses: number[] = [];
    for (let step = 0; step < 400; step++) {
      const x = randn([6, 32, 1]);
      const y = x.at(0, ':', 0).gt(0).to('int32') as Tensor;
      const l = nn.crossEntropy(net.forward(x), y);
      opt.zeroGrad();
      l.backward();
      opt.step();
      losses.push(l.item());
    }
    const mean = losses.slice(-20).reduce((a, b) => a + b) / 20;
    expect(mean).toBeLessThan(0.2);
  });
});

describe('what does not fit', () => {
  const any = <T>(x: T) => x as never;
  const failure = (f: () => unknown): Error => {
    try {
      f();
    } catch (e) {
      return e as Error;
    }
    throw new Error('nothing was thrown');
  };

  test('sizes and options', () => {
    expect(() => nn.lstm(0, 4)).toThrow(/inputSize must be a whole number of at least 1/);
    expect(() => nn.lstm(3, 4, { numLayers: 0 })).toThrow(/numLayers must be a whole number/);
    expect(() => nn.lstm(3, 4, { dropout: 1 })).toThrow(/dropout must be from 0/);
    expect(() => nn.lstm(3, 4, any({ batch_first: true }))).toThrow(/batch_first/);
    expect(() => nn.lstmOutput(3, 4, any({ returnSequence: true }))).toThrow(/returnSequence/);
  });

  test('inputs', () => {
    const layer = nn.lstm(3, 4);
    const features = failure(() => layer.forward(zeros([5, 2, 4])));
    expect(features).toBeInstanceOf(ShapeError);
    expect(features.message).toMatch(
      /lstm: expects 3 features in the last dimension of \[5, 2, 4\]/,
    );
    expect(features.message).toMatch(/lstm\.test\.ts:\d+/);
    expect(() => layer.forward(zeros([3]))).toThrow(/\[steps, batch, features\]/);
    expect(() => layer.forward(zeros([0, 2, 3]))).toThrow(/there are no steps in \[0, 2, 3\]/);
    const int = randint(0, 3, [5, 2, 3]) as Tensor;
    expect(failure(() => layer.forward(int))).toBeInstanceOf(DtypeError);
    expect(() => layer.forward(any([[1]]))).toThrow(/not a tensor/);
  });

  test('states', () => {
    const layer = nn.lstm(3, 4, { bidirectional: true });
    const x = zeros([5, 2, 3]) as Tensor;
    const good = zeros([2, 2, 4]) as Tensor;
    const shape = failure(() => layer.forward(x, [zeros([1, 2, 4]), good]));
    expect(shape).toBeInstanceOf(ShapeError);
    expect(shape.message).toMatch(/lstm: h is \[1, 2, 4\], not \[2, 2, 4\]/);
    expect(() => layer.forward(x, [good, zeros([2, 4])])).toThrow(/c is \[2, 4\]/);
    expect(failure(() => layer.forward(x, any(good)))).toBeInstanceOf(ValueError);
    expect(layer.forward(zeros([5, 0, 3]))[0].shape).toEqual([5, 0, 8]);
  });
});

describe('lstmOutput', () => {
  test('gives the last state, or all outputs', () => {
    const x = randn([4, 2, 3]);
    for (const bidirectional of [false, true]) {
      const last = nn.lstmOutput(3, 4, { numLayers: 2, bidirectional });
      const all = nn.lstmOutput(3, 4, { numLayers: 2, bidirectional, returnSequences: true });
      all.loadStateDict(last.stateDict());
      const [y, [h]] = last.lstm.forward(x);
      expect(numbers(all.forward(x))).toEqual(numbers(y));
      const directions = bidirectional ? [h.at(2), h.at(3)] : [h.at(1)];
      const wanted = directions.map((t) => t.toArray() as number[][]);
      expect(last.forward(x).toArray()).toEqual([0, 1].map((b) => wanted.flatMap((t) => t[b])));
    }
  });

  test('in nn.build', () => {
    const { dense, embedding, lstm } = nn.spec;
    const net = nn.build(
      [7],
      [
        embedding({ entries: 10, features: 5 }),
        lstm({ units: 6, returnSequences: true, bidirectional: true }),
        lstm({ units: 3, numLayers: 2, dropout: 0.1 }),
        dense({ units: 2 }),
      ],
    );
    const words = tensor([[1, 2, 3, 4, 5, 6, 7]], { dtype: 'int32' });
    expect((net.forward(words as Tensor) as Tensor).shape).toEqual([1, 2]);
    expect(net.namedParameters()[1][0]).toBe('1.lstm.weightIhL0');
    expect(() => nn.build([7, 2], [lstm({ units: 3 }), lstm({ units: 3 })])).toThrow(
      /layer 1 \(lstm\).*takes sequences \[steps, features\], not \[3\][^]*returnSequences/,
    );
    expect(() => lstm({ units: 0 })).toThrow(/units must be a whole number/);
  });
});
