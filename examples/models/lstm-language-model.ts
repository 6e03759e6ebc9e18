import { nn, optim, randint, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

const VOCABULARY = 64;

class LanguageModel extends nn.Module {
  table = nn.embedding(VOCABULARY, 64);
  lstm = nn.lstm(64, 64, { numLayers: 2, batchFirst: true, dropout: 0.1 });
  head = nn.linear(64, VOCABULARY);

  forward(tokens: Tensor): Tensor {
    const [outputs] = this.lstm.forward(this.table.forward(tokens));
    return this.head.forward(outputs);
  }
}

export const lstmLanguageModel = {
  name: 'lstm-language-model',
  describe: 'two LSTM layers that tell the next of 64 tokens; gradients clipped by norm; Adam',
  make() {
    const model = new LanguageModel();
    const params = model.parameters();
    const opt = optim.adam(params, { lr: 5e-3 });
    return {
      model,
      inputs: () => [randint(0, VOCABULARY, [8, 25])],
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
