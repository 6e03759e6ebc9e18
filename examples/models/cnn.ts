import { nn, optim, randint, randn, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

class Cnn extends nn.Module {
  conv1 = nn.conv2d(1, 32, 3);
  conv2 = nn.conv2d(32, 64, 3);
  dense = nn.linear(64 * 12 * 12, 128);
  head = nn.linear(128, 10);

  forward(x: Tensor): Tensor {
    const features = this.conv2.forward(this.conv1.forward(x).relu()).relu().maxPool2d(2);
    return this.head.forward(this.dense.forward(features.flatten(1)).relu());
  }
}

export const cnn = {
  name: 'cnn',
  describe: 'the classic CNN for 28x28 digits: two convolutions, a pooling, two dense layers; Adam',
  make() {
    const model = new Cnn();
    const opt = optim.adam(model.parameters(), { lr: 1e-3 });
    return {
      model,
      inputs: () => [randn([32, 1, 28, 28]), randint(0, 10, [32])],
      step(x: Tensor, y: Tensor) {
        const loss = nn.crossEntropy(model.forward(x), y);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
