/** W8: four pre-norm transformer blocks, sequence 128, width 256, 8 heads, inner width 1024. */

import * as gradus from 'gradus';
import { maybeCompiled } from './compiled.mjs';

const { nn, noGrad, optim, randn } = gradus;
// A copy, as it may lack what is asked for.
const { scaledDotProductAttention: attention } = { ...nn, ...gradus };
const [LENGTH, WIDTH, HEADS, INNER, BLOCKS] = [128, 256, 8, 1024, 4];

function makeBlocks() {
  if (attention === undefined) throw new Error('there is no scaledDotProductAttention');
  class Block extends nn.Module {
    norm1 = nn.layerNorm(WIDTH);
    qkv = nn.linear(WIDTH, 3 * WIDTH);
    out = nn.linear(WIDTH, WIDTH);
    norm2 = nn.layerNorm(WIDTH);
    up = nn.linear(WIDTH, INNER);
    down = nn.linear(INNER, WIDTH);
    forward(x) {
      const [batch, length] = x.shape;
      const [q, k, v] = this.qkv
        .forward(this.norm1.forward(x))
        .reshape([batch, length, 3, HEADS, WIDTH / HEADS])
        .permute([2, 0, 3, 1, 4])
        .unbind(0);
      const mixed = attention(q, k, v).transpose(1, 2).reshape([batch, length, WIDTH]);
      const y = x.add(this.out.forward(mixed));
      return y.add(this.down.forward(this.up.forward(this.norm2.forward(y)).gelu()));
    }
  }
  return nn.sequential(...Array.from({ length: BLOCKS }, () => new Block()));
}

export const transformer = [
  {
    group: 'W8',
    name: 'W8',
    title: 'inference of a transformer',
    warmUp: 1000,
    prepare() {
      const model = makeBlocks().eval();
      const x = randn([1, LENGTH, WIDTH]);
      const answer = maybeCompiled((x) => noGrad(() => model.forward(x)));
      return () => answer(x).data();
    },
  },
  {
    group: 'W8',
    name: 'W8-train-b8',
    title: 'training step of a transformer',
    warmUp: 2000,
    budget: 2000,
    prepare() {
      const model = makeBlocks();
      const opt = optim.adamW(model.parameters());
      const x = randn([8, LENGTH, WIDTH]);
      const step = maybeCompiled((x) => {
        const loss = model.forward(x).square().mean();
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      });
      return () => step(x).item();
    },
  },
];
