// van den Oord et al., WaveNet, 2016: gated causal convolutions, each looking back twice as far.
import { nn, optim, randint, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

const LEVELS = 32;
const CHANNELS = 24;
const SKIP = 32;
const KERNEL = 2;

/** A convolution along time, `[N, C, 1, L]`, that sees no later sample. */
class CausalConv extends nn.Module {
  conv: nn.Conv2d;
  dilation: number;

  constructor(from: number, to: number, dilation: number) {
    super();
    this.dilation = dilation;
    this.conv = nn.conv2d(from, to, [1, KERNEL], { dilation: [1, dilation] });
  }

  forward(x: Tensor): Tensor {
    const before = (KERNEL - 1) * this.dilation;
    return this.conv.forward(
      x.pad([
        [0, 0],
        [0, 0],
        [0, 0],
        [before, 0],
      ]),
    );
  }
}

class ResidualBlock extends nn.Module {
  gated: CausalConv;
  residual = nn.conv2d(CHANNELS, CHANNELS, 1);
  skip = nn.conv2d(CHANNELS, SKIP, 1);

  constructor(dilation: number) {
    super();
    this.gated = new CausalConv(CHANNELS, 2 * CHANNELS, dilation);
  }

  forward(x: Tensor): [next: Tensor, skip: Tensor] {
    const [filter, gate] = this.gated.forward(x).chunk(2, 1);
    const y = filter.tanh().mul(gate.sigmoid());
    return [x.add(this.residual.forward(y)), this.skip.forward(y)];
  }
}

class WaveNet extends nn.Module {
  table = nn.embedding(LEVELS, CHANNELS);
  start = new CausalConv(CHANNELS, CHANNELS, 1);
  blocks = [1, 2, 4, 8, 16].map((dilation) => new ResidualBlock(dilation));
  mix = nn.conv2d(SKIP, SKIP, 1);
  head = nn.conv2d(SKIP, LEVELS, 1);

  /** Samples `[N, L]` to scores of the next of each, `[N, levels, L]`. */
  forward(samples: Tensor): Tensor {
    const steps: Tensor = this.table.forward(samples).transpose(1, 2).unsqueeze(2);
    let y = this.start.forward(steps);
    const skips: Tensor[] = [];
    for (const block of this.blocks) {
      const [next, skip] = block.forward(y);
      y = next;
      skips.push(skip);
    }
    const all = skips.reduce((a, b) => a.add(b)).relu();
    return this.head.forward(this.mix.forward(all).relu()).squeeze(2);
  }
}

export const wavenet = {
  name: 'wavenet',
  describe: 'WaveNet on sequences of 32 levels: gated, dilated, causal convolutions; Adam',
  make() {
    const model = new WaveNet();
    // The last block's way on leads nowhere: only what it skips counts.
    const unused = model.blocks[model.blocks.length - 1].residual;
    unused.requiresGrad(false);
    const opt = optim.adam(
      model.parameters().filter((p) => p.requiresGrad),
      { lr: 5e-3 },
    );
    return {
      model,
      inputs: () => [randint(0, LEVELS, [4, 65])],
      step(samples: Tensor) {
        const scores = model.forward(samples.at(':', ':-1'));
        const loss = nn.crossEntropy(scores, samples.at(':', '1:'));
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
