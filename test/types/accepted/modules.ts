// Layers compute the shapes of their results.
import { nn, optim, randn, type Tensor, tensor, zeros } from 'gradus';

class Net extends nn.Module {
  conv = nn.conv2d(1, 32, 3);
  head = nn.linear(32 * 13 * 13, 10);
  forward(x: Tensor) {
    return this.head.forward(this.conv.forward(x).relu().maxPool2d(2).flatten(1));
  }
}
const net = new Net();
const opt = optim.adam(net.parameters(), { lr: 1e-3 });
const loss = nn.crossEntropy(net.forward(randn([8, 1, 28, 28])), tensor([1n, 2n]));
opt.zeroGrad();
loss.backward();
opt.step();

const logits: readonly [64, 10] = nn.linear(784, 10).forward(zeros([64, 784])).shape;
const images: readonly [8, 32, number, number] = nn
  .conv2d(3, 32, 3)
  .forward(zeros([8, 3, 9, 9])).shape;
