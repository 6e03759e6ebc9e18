// Devlin et al., BERT, 2018: an encoder that sees both sides, trained on tokens hidden from it.
import { arange, nn, optim, randint, scaledDotProductAttention, type Tensor, where } from 'gradus';
import type { Recipe } from './recipe.ts';

const VOCABULARY = 64;
const PADDING = 0;
const MASK = 1;
const IGNORED = -100;
const LENGTH = 24;
const WIDTH = 64;
const HEADS = 4;

class Block extends nn.Module {
  query = nn.linear(WIDTH, WIDTH);
  key = nn.linear(WIDTH, WIDTH);
  value = nn.linear(WIDTH, WIDTH);
  out = nn.linear(WIDTH, WIDTH);
  norm1 = nn.layerNorm(WIDTH);
  mlp = nn.sequential(nn.linear(WIDTH, 4 * WIDTH), nn.gelu(), nn.linear(4 * WIDTH, WIDTH));
  norm2 = nn.layerNorm(WIDTH);
  dropout = nn.dropout(0.1);

  /** `mask` is true at the places that may be looked at. */
  forward(x: Tensor, mask: Tensor): Tensor {
    const heads = (t: Tensor): Tensor =>
      t.reshape([...x.shape.slice(0, 2), HEADS, -1]).transpose(1, 2);
    const [q, k, v] = [this.query, this.key, this.value].map((f) => heads(f.forward(x)));
    const mixed: Tensor = scaledDotProductAttention(q, k, v, { mask });
    const attended = this.out.forward(mixed.transpose(1, 2).flatten(2));
    const y = this.norm1.forward(x.add(this.dropout.forward(attended)));
    return this.norm2.forward(y.add(this.dropout.forward(this.mlp.forward(y))));
  }
}

class Bert extends nn.Module {
  tokens = nn.embedding(VOCABULARY, WIDTH, { paddingIdx: PADDING });
  positions = nn.embedding(LENGTH, WIDTH);
  norm = nn.layerNorm(WIDTH);
  blocks = [new Block(), new Block()];
  head = nn.linear(WIDTH, VOCABULARY);

  forward(tokens: Tensor): Tensor {
    const places = this.positions.forward(arange(tokens.shape[1], { dtype: 'int32' }));
    let y: Tensor = this.norm.forward(this.tokens.forward(tokens).add(places));
    const mask: Tensor = tokens.ne(PADDING).unsqueeze(1).unsqueeze(1);
    for (const block of this.blocks) y = block.forward(y, mask);
    return this.head.forward(y);
  }
}

export const bert = {
  name: 'bert',
  describe: 'BERT-style encoder of two blocks: padding masked, hidden tokens told; AdamW',
  make() {
    const model = new Bert();
    const opt = optim.adamW(model.parameters(), { lr: 3e-3 });
    return {
      model,
      inputs: () => {
        const lengths: Tensor = randint(LENGTH / 2, LENGTH + 1, [8, 1]);
        const within = arange(LENGTH, { dtype: 'int32' }).lt(lengths);
        const tokens: Tensor = where(within, randint(2, VOCABULARY, [8, LENGTH]), PADDING);
        const hidden = randint(0, 5, [8, LENGTH]).eq(0).logicalAnd(within);
        return [where(hidden, MASK, tokens), where(hidden, tokens, IGNORED)];
      },
      step(tokens: Tensor, labels: Tensor) {
        const logits = model.forward(tokens);
        const loss = nn.crossEntropy(logits.flatten(0, 1), labels.flatten(), {
          ignoreIndex: IGNORED,
        });
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
