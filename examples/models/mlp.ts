import { nn, optim, randint, randn, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

export const mlp = {
  name: 'mlp',
  describe: 'multi-layer perceptron 784-256-128-10 with dropout; SGD with momentum',
  make() {
    const model = nn.sequential(
      nn.linear(784, 256),
      nn.relu(),
      nn.dropout(0.1),
      nn.linear(256, 128),
      nn.relu(),
      nn.linear(128, 10),
    );
    const opt = optim.sgd(model.parameters(), { lr: 0.05, momentum: 0.9 });
    return {
      model,
      inputs: () => [randn([64, 784]), randint(0, 10, [64])],
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
