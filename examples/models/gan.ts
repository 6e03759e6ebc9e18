// Radford et al., DCGAN, 2015; the generator grows by upsampling, there being no transposed convolution.
import { nn, onesLike, optim, rand, randn, type Tensor, zerosLike } from 'gradus';
import type { Recipe } from './recipe.ts';

const LATENT = 32;

function upsample(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape;
  const pixels: Tensor = x.reshape([n, c, h, 1, w, 1]);
  return pixels.expand([n, c, h, 2, w, 2]).reshape([n, c, 2 * h, 2 * w]);
}

class Generator extends nn.Module {
  start = nn.linear(LATENT, 32 * 4 * 4);
  norm0 = nn.batchNorm2d(32);
  conv1 = nn.conv2d(32, 16, 3, { padding: 1, bias: false });
  norm1 = nn.batchNorm2d(16);
  conv2 = nn.conv2d(16, 1, 3, { padding: 1 });

  forward(z: Tensor): Tensor {
    const first: Tensor = this.start.forward(z).reshape([-1, 32, 4, 4]);
    const second = this.conv1.forward(upsample(this.norm0.forward(first).relu()));
    return this.conv2.forward(upsample(this.norm1.forward(second).relu())).tanh();
  }
}

class Discriminator extends nn.Module {
  conv1 = nn.conv2d(1, 16, 4, { stride: 2, padding: 1 });
  conv2 = nn.conv2d(16, 32, 4, { stride: 2, padding: 1, bias: false });
  norm2 = nn.batchNorm2d(32);
  head = nn.linear(32 * 4 * 4, 1);

  forward(x: Tensor): Tensor {
    const edges = this.conv1.forward(x).leakyRelu(0.2);
    const parts = this.norm2.forward(this.conv2.forward(edges)).leakyRelu(0.2);
    return this.head.forward(parts.flatten(1)).squeeze(1);
  }
}

class Gan extends nn.Module {
  generator = new Generator();
  discriminator = new Discriminator();

  forward(z: Tensor): Tensor {
    return this.generator.forward(z);
  }
}

export const gan = {
  name: 'gan',
  describe: 'DCGAN on 16x16 images: two networks, two optimisers, both steps in one; Adam',
  make() {
    const model = new Gan();
    const { generator, discriminator } = model;
    const options = { lr: 2e-4, betas: [0.5, 0.999] } as const;
    const optG = optim.adam(generator.parameters(), options);
    const optD = optim.adam(discriminator.parameters(), options);
    return {
      model,
      inputs: () => [rand([16, 1, 16, 16]).mul(2).sub(1)],
      step(real: Tensor) {
        const made = generator.forward(randn([real.shape[0], LATENT]));

        const onReal = discriminator.forward(real);
        const onMade = discriminator.forward(made.detach());
        const lossD = nn
          .bceWithLogits(onReal, onesLike(onReal).mul(0.9))
          .add(nn.bceWithLogits(onMade, zerosLike(onMade)));
        optD.zeroGrad();
        lossD.backward();
        optD.step();

        // Judged by the discriminator of after its step.
        const verdict = discriminator.forward(made);
        const lossG = nn.bceWithLogits(verdict, onesLike(verdict));
        optG.zeroGrad();
        lossG.backward();
        optG.step();
        return { generator: lossG, discriminator: lossD };
      },
    };
  },
} satisfies Recipe;
