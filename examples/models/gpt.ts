// Radford et al., Language Models are Unsupervised Multitask Learners, 2019 (GPT-2).
import { arange, nn, optim, randint, scaledDotProductAttention, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

const VOCABULARY = 64;
const LENGTH = 32;
const WIDTH = 64;
const HEADS = 4;

class CausalAttention extends nn.Module {
  qkv = nn.linear(WIDTH, 3 * WIDTH);
  out = nn.linear(WIDTH, WIDTH);

  forward(x: Tensor): Tensor {
    const [n, l] = x.shape;
    const parts: Tensor = this.qkv.forward(x).reshape([n, l, 3, HEADS, WIDTH / HEADS]);
    const [q, k, v] = parts.permute([2, 0, 3, 1, 4]).unbind();
    const mixed: Tensor = scaledDotProductAttention(q, k, v, {
      isCausal: true,
      dropout: this.training ? 0.1 : 0,
    });
    return this.out.forward(mixed.transpose(1, 2).reshape([n, l, WIDTH]));
  }
}

class Block extends nn.Module {
  norm1 = nn.layerNorm(WIDTH);
  attention = new CausalAttention();
  norm2 = nn.layerNorm(WIDTH);
  mlp = nn.sequential(
    nn.linear(WIDTH, 4 * WIDTH),
    nn.gelu({ approximate: 'tanh' }),
    nn.linear(4 * WIDTH, WIDTH),
    nn.dropout(0.1),
  );

  forward(x: Tensor): Tensor {
    const y: Tensor = x.add(this.attention.forward(this.norm1.forward(x)));
    return y.add(this.mlp.forward(this.norm2.forward(y)));
  }
}

class Gpt extends nn.Module {
  tokens = nn.embedding(VOCABULARY, WIDTH);
  positions = nn.embedding(LENGTH, WIDTH);
  blocks = [new Block(), new Block()];
  norm = nn.layerNorm(WIDTH);

  constructor() {
    super();
    for (const table of [this.tokens, this.positions]) nn.init.normal(table.weight, 0, 0.02);
  }

  forward(tokens: Tensor): Tensor {
    const places = this.positions.forward(arange(tokens.shape[1], { dtype: 'int32' }));
    let y: Tensor = this.tokens.forward(tokens).add(places);
    for (const block of this.blocks) y = block.forward(y);
    // The table of tokens is the head too: one weight, two uses.
    return this.norm.forward(y).matmul(this.tokens.weight.t());
  }
}

export const gpt = {
  name: 'gpt',
  describe:
    'GPT-2 of two blocks: causal attention, head tied to the embedding, no decay of norms; AdamW',
  make() {
    const model = new Gpt();
    const params = model.parameters();
    const opt = optim.adamW(
      [
        { params: params.filter((p) => p.rank > 1), weightDecay: 0.1 },
        { params: params.filter((p) => p.rank <= 1), weightDecay: 0 },
      ],
      { lr: 3e-3, betas: [0.9, 0.95] },
    );
    return {
      model,
      inputs: () => [randint(0, VOCABULARY, [4, LENGTH + 1])],
      step(tokens: Tensor) {
        const logits = model.forward(tokens.at(':', ':-1'));
        const loss = nn.crossEntropy(logits.flatten(0, 1), tokens.at(':', '1:').flatten());
        opt.zeroGrad();
        loss.backward();
        nn.clipGradNorm(params, 1);
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
