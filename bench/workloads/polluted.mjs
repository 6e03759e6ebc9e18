/** W3 in a process that has run other networks before: call sites and caches have seen everything. */
import { arange, grad, nn, ones, optim, randint, randn } from 'gradus';
import { smallAdds } from './small-adds.mjs';

/** Networks of several sizes, broadcasts, views, dtypes, second order, errors. */
export function pollute() {
  for (const [inputs, hidden, outputs, batch] of [
    [8, 16, 3, 4],
    [33, 65, 10, 17],
    [128, 64, 10, 32],
    [5, 1, 2, 1],
  ]) {
    const net = nn.sequential(nn.linear(inputs, hidden), nn.tanh(), nn.linear(hidden, outputs));
    const opt = optim.adamW(net.parameters(), { lr: 1e-3 });
    const y = randint(0, outputs, [batch]);
    for (let step = 0; step < 30; step++) {
      opt.zeroGrad();
      nn.crossEntropy(net.forward(randn([batch, inputs])), y).backward();
      opt.step();
    }
  }
  const image = randn([2, 3, 12, 12]);
  const conv = nn.sequential(nn.conv2d(3, 4, 3), nn.relu(), nn.maxPool2d(2), nn.flatten());
  for (let i = 0; i < 20; i++) conv.forward(image).sum().backward();
  for (const shape of [[4], [3, 1], [1, 5], [2, 3, 4], []]) {
    const x = randn(shape);
    for (let i = 0; i < 50; i++)
      x.add(1)
        .mul(x)
        .sub(ones([1]))
        .exp()
        .sum()
        .item();
  }
  const m = randn([7, 5]);
  for (let i = 0; i < 50; i++)
    m.transpose()
      .add(randn([5, 1]))
      .narrow(0, 1, 3)
      .mean()
      .item();
  const whole = arange(0, 12, 1);
  for (let i = 0; i < 50; i++) whole.int().add(whole.int()).double().add(1).sum().item();
  const second = grad(grad((x) => x.sin().mul(x).sum()));
  for (let i = 0; i < 20; i++) second(randn([1])).item();
  for (let i = 0; i < 5; i++) {
    try {
      randn([2, 3]).matmul(randn([2, 3]));
    } catch {
      // A mistake takes a path of its own.
    }
  }
}

export const pollutedAdds = smallAdds.map(({ name, title, prepare, ...rest }) => ({
  ...rest,
  title: `${title}, late in a process`,
  group: 'W3-polluted',
  name: name.replace('W3-2000ops', 'W3-polluted'),
  prepare() {
    pollute();
    return prepare();
  },
}));
