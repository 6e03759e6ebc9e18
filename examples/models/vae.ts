// Kingma & Welling, Auto-Encoding Variational Bayes, 2013, appendix B and C.
import { bernoulli, nn, optim, randnLike, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

class Vae extends nn.Module {
  hidden = nn.linear(784, 128);
  mean = nn.linear(128, 16);
  logVar = nn.linear(128, 16);
  decoder = nn.sequential(nn.linear(16, 128), nn.tanh(), nn.linear(128, 784));

  forward(x: Tensor): { logits: Tensor; mean: Tensor; logVar: Tensor } {
    const h = this.hidden.forward(x).tanh();
    const mean = this.mean.forward(h);
    const logVar = this.logVar.forward(h);
    // A sample written so that gradients reach mean and variance.
    const z = mean.add(logVar.mul(0.5).exp().mul(randnLike(mean)));
    return { logits: this.decoder.forward(z), mean, logVar };
  }
}

export const vae = {
  name: 'vae',
  describe: 'variational autoencoder of 784 bits with 16 latent numbers; Adam',
  make() {
    const model = new Vae();
    const opt = optim.adam(model.parameters(), { lr: 2e-3 });
    return {
      model,
      inputs: () => [bernoulli(0.3, [32, 784]).float()],
      step(x: Tensor) {
        const { logits, mean, logVar } = model.forward(x);
        const n = x.shape[0];
        const reconstruction = nn.bceWithLogits(logits, x, { reduction: 'sum' }).div(n);
        const spread = logVar.add(1).sub(mean.square()).sub(logVar.exp());
        const divergence = spread.sum().mul(-0.5 / n);
        const loss = reconstruction.add(divergence);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
