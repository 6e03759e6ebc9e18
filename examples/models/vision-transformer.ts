// Dosovitskiy et al., An Image is Worth 16x16 Words, 2020.
import {
  concat,
  nn,
  optim,
  Parameter,
  randint,
  randn,
  scaledDotProductAttention,
  type Tensor,
  zeros,
} from 'gradus';
import type { Recipe } from './recipe.ts';

const WIDTH = 64;
const HEADS = 4;
const PATCH = 4;
const SIDE = 32 / PATCH;

class Block extends nn.Module {
  norm1 = nn.layerNorm(WIDTH);
  qkv = nn.linear(WIDTH, 3 * WIDTH);
  out = nn.linear(WIDTH, WIDTH);
  norm2 = nn.layerNorm(WIDTH);
  mlp = nn.sequential(nn.linear(WIDTH, 2 * WIDTH), nn.gelu(), nn.linear(2 * WIDTH, WIDTH));

  forward(x: Tensor): Tensor {
    const [n, l] = x.shape;
    const parts: Tensor = this.qkv.forward(this.norm1.forward(x));
    const heads: Tensor = parts.reshape([n, l, 3, HEADS, WIDTH / HEADS]).permute([2, 0, 3, 1, 4]);
    const [q, k, v] = heads.unbind();
    const mixed: Tensor = scaledDotProductAttention(q, k, v).transpose(1, 2);
    const y: Tensor = x.add(this.out.forward(mixed.flatten(2)));
    return y.add(this.mlp.forward(this.norm2.forward(y)));
  }
}

class VisionTransformer extends nn.Module {
  patches = nn.conv2d(3, WIDTH, PATCH, { stride: PATCH });
  /** Stands before the patches; what it has gathered tells the class. */
  summary: Tensor = Parameter(zeros([1, 1, WIDTH]));
  positions: Tensor = Parameter(randn([1, SIDE * SIDE + 1, WIDTH]).mul(0.02));
  blocks = [new Block(), new Block()];
  norm = nn.layerNorm(WIDTH);
  head = nn.linear(WIDTH, 10);

  forward(x: Tensor): Tensor {
    const words: Tensor = this.patches.forward(x).flatten(2).transpose(1, 2);
    const first = this.summary.expand([x.shape[0], 1, WIDTH]);
    let y: Tensor = concat([first, words], 1).add(this.positions);
    for (const block of this.blocks) y = block.forward(y);
    return this.head.forward(this.norm.forward(y).at(':', 0));
  }
}

export const visionTransformer = {
  name: 'vision-transformer',
  describe: 'vision transformer of two blocks on 4x4 patches of 32x32 images; AdamW',
  make() {
    const model = new VisionTransformer();
    const opt = optim.adamW(model.parameters(), { lr: 1e-3, weightDecay: 0.05 });
    return {
      model,
      inputs: () => [randn([8, 3, 32, 32]), randint(0, 10, [8])],
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
