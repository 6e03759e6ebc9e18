import { expect, test } from 'vitest';
import {
  arange,
  compile,
  full,
  grad,
  graph,
  manualSeed,
  matmul,
  nn,
  noGrad,
  ones,
  optim,
  Parameter,
  placeholder,
  randint,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '../../index.ts';
import { same } from './same.test-util.ts';

test("logistic regression in Theano's way", () => {
  manualSeed(0);
  const [images, labels] = [randn([64, 5]), randn([64]).gt(0).float()];
  const x = placeholder('x', ['n', 5]);
  const y = placeholder('y', ['n']);
  const w = Parameter(zeros([5]));
  const b = Parameter(zeros([]));
  const p = x.matmul(w).add(b).sigmoid();
  const loss = nn.bceWithLogits(x.matmul(w).add(b), y).add(w.mul(w).sum().mul(0.01));
  const [gw, gb] = [
    grad((v) => nn.bceWithLogits(x.matmul(v).add(b), y))(w),
    grad((v) => nn.bceWithLogits(x.matmul(w).add(v), y))(b),
  ];
  const train = graph([x, y], [loss, gw, gb], { name: 'train' });
  const predict = graph(x, p, { name: 'predict' });
  const losses: number[] = [];
  const [we, be] = [Parameter(zeros([5])), Parameter(zeros([]))];
  for (let i = 0; i < 5; i++) {
    const [l, dw, db] = train(images, labels);
    const eager = nn.bceWithLogits(images.matmul(we).add(be), labels);
    eager.backward();
    same(dw, we.grad as Tensor);
    same(db, be.grad as Tensor);
    losses.push(l.item());
    w.assign(w.sub(dw.mul(0.5)));
    b.assign(b.sub(db.mul(0.5)));
    we.assign(we.sub((we.grad as Tensor).mul(0.5)));
    be.assign(be.sub((be.grad as Tensor).mul(0.5)));
    we.grad = null;
    be.grad = null;
  }
  expect(losses[4]).toBeLessThan(losses[0]);
  expect(train.programs).toBe(1);
  same(predict(images).detach(), images.matmul(w).add(b).sigmoid().detach());
});

test('a network with an open batch size is eager code, bit by bit, at each size', () => {
  manualSeed(1);
  const net = nn.sequential(nn.linear(6, 16), nn.relu(), nn.linear(16, 3));
  const x = placeholder('x', ['batch', 6]);
  const y = placeholder('labels', ['batch'], { dtype: 'int32' });
  const out = net.forward(x) as Tensor;
  const f = graph([x, y], [out, nn.crossEntropy(out, y)]);
  const before = f.nodes.length;
  for (const n of [1, 4, 7]) {
    const [a, t] = [randn([n, 6]), randint(0, 3, [n])];
    const [scores, loss] = f(a, t);
    const eager = net.forward(a) as Tensor;
    same(scores, eager);
    same(loss, nn.crossEntropy(eager, t));
    loss.backward();
    const got = net.parameters().map((q) => q.grad as Tensor);
    net.zeroGrad();
    nn.crossEntropy(net.forward(a) as Tensor, t).backward();
    net.parameters().forEach((q, i) => same(got[i], q.grad as Tensor));
    net.zeroGrad();
  }
  f(randn([4, 6]), randint(0, 3, [4]));
  expect(f.programs).toBe(3);
  expect(f.nodes.length).toBe(before);
});

test('convolution, pooling, flatten and linear; parameters are read at each call', () => {
  manualSeed(2);
  const net = nn.sequential(
    nn.conv2d(1, 4, 3),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(36, 5),
  );
  const x = placeholder('x', ['batch', 1, 8, 8]);
  const y = placeholder('y', ['batch'], { dtype: 'int32' });
  const loss = nn.crossEntropy(net.forward(x) as Tensor, y);
  const f = graph([x, y], loss, { name: 'loss' });
  const gradients = f.grad(net.parameters());
  const opt = optim.sgd(net.parameters(), { lr: 0.1 });
  for (const n of [2, 3]) {
    const [a, t] = [randn([n, 1, 8, 8]), randint(0, 5, [n])];
    const l = nn.crossEntropy(net.forward(a) as Tensor, t);
    same(f(a, t), l);
    opt.zeroGrad();
    l.backward();
    gradients(a, t).forEach((g, i) => {
      expect(g.requiresGrad).toBe(false);
      same(g, net.parameters()[i].grad as Tensor);
    });
    opt.step();
  }
});

test('two open sizes, reshape by sizes, sums of sizes', () => {
  const x = placeholder('x', ['batch', 'len', 4]);
  const [b, l] = x.shape;
  const w = Parameter(randn([4, 3]));
  const flat = matmul(x.reshape([b * l, 4]), w).reshape([b, l, 3]);
  const more = x.narrow(1, 0, l - 1);
  const both = nn.mseLoss(flat.sum(1), zeros([b, 3]));
  const lines = x
    .pad([
      [0, 0],
      [1, 0],
      [0, 0],
    ])
    .sum(2)
    .add(arange(0, l + 1));
  const f = graph(x, [flat, more.mean(1), both, lines, flat.mul(1 / l), x.flip(1), x.var(1)]);
  for (const [n, m] of [
    [2, 3],
    [1, 5],
    [4, 2],
  ]) {
    const a = randn([n, m, 4]);
    const e = matmul(a.reshape([n * m, 4]), w).reshape([n, m, 3]);
    const [r0, r1, r2, r3, r4, r5, r6] = f(a);
    same(r0, e);
    same(r1, a.narrow(1, 0, m - 1).mean(1));
    same(r2, nn.mseLoss(e.sum(1), zeros([n, 3])));
    same(
      r3,
      a
        .pad([
          [0, 0],
          [1, 0],
          [0, 0],
        ])
        .sum(2)
        .add(arange(0, m + 1)),
    );
    same(r4, e.mul(1 / m));
    same(r5, a.flip(1));
    same(r6, a.var(1));
  }
  const g = graph(
    x,
    x
      .var(1)
      .sum()
      .add(nn.mseLoss(x, x.mul(2))),
  ).grad(x);
  const a = randn([3, 4, 4]);
  same(
    g(a),
    grad((z) =>
      z
        .var(1)
        .sum()
        .add(nn.mseLoss(z, z.mul(2))),
    )(a),
  );
  const h = grad((z) =>
    z
      .var(1)
      .sum()
      .add(nn.mseLoss(z, z.mul(2))),
  )(x);
  same(graph(x, h)(a), g(a));
});

test('what ops make of a parameter follows it; detach keeps the value', () => {
  const w = Parameter(
    tensor([
      [1, 2],
      [3, 4],
    ]),
  );
  const x = placeholder('x', ['n', 2]);
  const f = graph(x, [x.matmul(w.t()), x.matmul(w.detach()), x.mul(tensor([1, 2]))]);
  w.assign(w.mul(2));
  const [a, b, c] = f(ones([1, 2]));
  expect([a.toArray(), b.toArray(), c.toArray()]).toEqual([[[6, 14]], [[4, 6]], [[1, 2]]]);
  a.sum().backward();
  expect(w.grad?.toArray()).toEqual([
    [1, 1],
    [1, 1],
  ]);
  expect(b.requiresGrad).toBe(false);
});

test('gradients stop where they were cut off', () => {
  const w = Parameter(tensor([3]));
  const x = placeholder('x', [1]);
  const f = graph(x, [x.mul(w).detach().mul(w), noGrad(() => x.mul(w)), x.mul(w).detach()]);
  const [y, z, d] = f(tensor([2]));
  y.backward();
  expect(w.grad?.toArray()).toEqual([6]);
  expect([z.requiresGrad, d.requiresGrad]).toEqual([false, false]);
});

test('random ops draw anew at each call, as eager ones do', () => {
  const x = placeholder('x', ['n', 8]);
  const f = graph(x, [x.dropout(0.5), randn([x.shape[0], 2]).add(x.sum(1, true))]);
  manualSeed(5);
  const a = ones([4, 8]);
  const first = f(a);
  const second = f(a);
  manualSeed(5);
  same(first[0], a.dropout(0.5));
  same(first[1], randn([4, 2]).add(a.sum(1, true)));
  same(second[0], a.dropout(0.5));
  const g = grad((z) => z.dropout(0.5).sum())(x);
  const [drop, dg] = graph(x, [x.dropout(0.5), g])(a);
  expect(drop.shape).toEqual(dg.shape);
});

test('graphs within graphs and within compiled functions', () => {
  const x = placeholder('x', ['n']);
  const f = graph(x, x.mul(2).sum());
  const z = placeholder('z', ['m', 3]);
  const g = graph(z, f(z.flatten()).add(1));
  expect(g(ones([2, 3])).item()).toBe(13);
  expect(compile((t: Tensor) => f(t).add(1))(ones([4])).item()).toBe(9);
  compile.disable();
  try {
    expect(f(ones([4])).item()).toBe(8);
  } finally {
    compile.enable();
  }
  const p = Parameter(ones([2]));
  f(p).backward();
  expect(p.grad?.toArray()).toEqual([2, 2]);
});

test('second derivatives', () => {
  const x = placeholder('x', []);
  const f = graph(x, x.sin().mul(x));
  const d = f.grad(x);
  const dd = d.grad(x);
  const v = tensor(0.7);
  expect(dd(v).item()).toBeCloseTo(2 * Math.cos(0.7) - 0.7 * Math.sin(0.7), 5);
  const h = graph(x, grad(grad((t) => t.sin().mul(t)))(x));
  expect(h(v).item()).toBe(dd(v).item());
  const w = Parameter(full([], 2));
  const loss = graph(x, x.mul(w).exp());
  const gw = loss.grad(w)(tensor(0.5)).item();
  const e = 1e-3;
  const at = (n: number) => Math.exp(0.5 * n);
  expect(gw).toBeCloseTo((at(2 + e) - at(2 - e)) / (2 * e), 4);
});
