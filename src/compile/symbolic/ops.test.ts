/** Ops whose numbers and sizes come from an open size, forward and backward, against eager code. */
import { expect, test } from 'vitest';
import {
  grad,
  graph,
  manualSeed,
  nn,
  placeholder,
  randint,
  randn,
  scaledDotProductAttention,
  type Tensor,
} from '../../index.ts';
import { same } from './same.test-util.ts';

const attend = (x: Tensor): Tensor => {
  const y = x.unsqueeze(0);
  return scaledDotProductAttention(y, y, y).square().mean();
};

const cases: Record<string, (x: Tensor) => Tensor> = {
  softmax: (x) => x.softmax(0).square().sum(),
  logSoftmax: (x) => x.logSoftmax(0).square().sum(),
  std: (x) => x.std(0).sum(),
  variance: (x) => x.var().sum(),
  mean: (x) => x.mean().exp(),
  gelu: (x) => x.gelu().mean(),
  max: (x) => x.max(0).sum(),
  l1: (x) => nn.l1Loss(x, x.mul(2)),
  mse: (x) => nn.mseLoss(x, x.mul(2)),
  scaled: (x) => x.mul(1 / Math.sqrt(x.shape[0])).sum(),
  attention: attend,
  products: (x) => x.matmul(x.t()).softmax(-1).matmul(x).mean(),
  layerNorm: (x) => nn.layerNorm(4).forward(x).square().mean(),
  triangle: (x) => x.matmul(x.t()).tril().sum(),
  indexing: (x) =>
    x
      .at('1:')
      .sum()
      .add(x.at(-1).sum())
      .add(x.at(':', [0, 2]).sum()),
  split: (x) =>
    x
      .split(2, 1)
      .map((t) => t.sum())
      .reduce((a, b) => a.mul(b)),
  gather: (x) => x.gather(0, x.argmax(0, true)).sum(),
  tile: (x) => x.tile([2, 1]).sum(0).square().sum(),
  mask: (x) => x.maskedFill(x.gt(0), -1e9).sum(),
};

test.each(Object.entries(cases))('%s', (_, f) => {
  manualSeed(0);
  const x = placeholder('x', ['n', 4]);
  const value = graph(x, f(x));
  const [built, inner] = [value.grad(x), graph(x, grad(f)(x))];
  for (const n of [5, 3]) {
    const a = randn([n, 4]);
    same(value(a), f(a));
    same(built(a), grad(f)(a));
    same(inner(a), grad(f)(a));
  }
});

test('cross entropy with its options', () => {
  const x = placeholder('x', ['n', 4]);
  const y = placeholder('y', ['n'], { dtype: 'int32' });
  const [a, t] = [randn([6, 4]), randint(0, 4, [6])];
  for (const o of [{ labelSmoothing: 0.1 }, { reduction: 'sum' as const }]) {
    const f = graph([x, y], nn.crossEntropy(x, y, o));
    same(f(a, t), nn.crossEntropy(a, t, o));
    same(f.grad(x)(a, t), grad((z) => nn.crossEntropy(z, t, o))(a));
  }
});

test('embeddings of sequences of any length', () => {
  const layer = nn.embedding(10, 4);
  const x = placeholder('ids', ['n', 'len'], { dtype: 'int32' });
  const f = graph(x, layer.forward(x).mean(1).sum());
  const a = randint(0, 10, [3, 5]);
  const loss = layer.forward(a).mean(1).sum();
  same(f(a), loss);
  loss.backward();
  same(f.grad(layer.parameters())(a)[0], layer.parameters()[0].grad as Tensor);
});

test('an LSTM takes any batch, and a known number of steps', () => {
  const net = nn.lstm(4, 3, { batchFirst: true });
  const x = placeholder('x', ['n', 5, 4]);
  const [y] = net.forward(x);
  const a = randn([2, 5, 4]);
  const [e] = net.forward(a);
  same(graph(x, y)(a), e);
  e.sum().backward();
  const got = graph(x, y.sum()).grad(net.parameters())(a);
  got.forEach((g, i) => same(g, net.parameters()[i].grad as Tensor));
  expect(() => net.forward(placeholder('z', ['n', 'len', 4]))).toThrow(/steps of an LSTM/);
});
