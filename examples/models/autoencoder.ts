import { nn, optim, rand, randnLike, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

class Autoencoder extends nn.Module {
  encoder = nn.sequential(
    nn.linear(784, 128),
    nn.relu(),
    nn.linear(128, 64),
    nn.relu(),
    nn.linear(64, 16),
  );
  decoder = nn.sequential(
    nn.linear(16, 64),
    nn.relu(),
    nn.linear(64, 128),
    nn.relu(),
    nn.linear(128, 784),
    nn.sigmoid(),
  );

  forward(x: Tensor): Tensor {
    return this.decoder.forward(this.encoder.forward(x));
  }
}

export const autoencoder = {
  name: 'autoencoder',
  describe: 'denoising autoencoder 784-128-64-16 and back; AdamW',
  make() {
    const model = new Autoencoder();
    const opt = optim.adamW(model.parameters(), { lr: 2e-3 });
    return {
      model,
      inputs: () => [rand([32, 784])],
      step(x: Tensor) {
        const noisy = x.add(randnLike(x).mul(0.1));
        const loss = nn.mseLoss(model.forward(noisy), x);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
