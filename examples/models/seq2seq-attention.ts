// Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and Translate, 2014.
import { concat, nn, optim, randint, stack, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

const VOCABULARY = 32;
const START = 0;
const HIDDEN = 48;

/** How well each place of the source fits a state of the decoder, and the mix of them by that. */
class AdditiveAttention extends nn.Module {
  ofState = nn.linear(HIDDEN, HIDDEN, { bias: false });
  ofPlace = nn.linear(2 * HIDDEN, HIDDEN);
  score = nn.linear(HIDDEN, 1, { bias: false });

  forward(state: Tensor, places: Tensor, keys: Tensor): Tensor {
    const fit = this.score.forward(keys.add(this.ofState.forward(state).unsqueeze(1)).tanh());
    return fit.softmax(1).mul(places).sum(1);
  }
}

class Seq2Seq extends nn.Module {
  source = nn.embedding(VOCABULARY, 32);
  target = nn.embedding(VOCABULARY, 32);
  encoder = nn.lstm(32, HIDDEN, { batchFirst: true, bidirectional: true });
  attention = new AdditiveAttention();
  gates = nn.linear(32 + 2 * HIDDEN + HIDDEN, 4 * HIDDEN);
  bridge = nn.linear(2 * HIDDEN, HIDDEN);
  head = nn.linear(HIDDEN + 2 * HIDDEN, VOCABULARY);

  /** Scores of each target token, from the source and the target tokens before it. */
  forward(source: Tensor, before: Tensor): Tensor {
    const [places, [last]] = this.encoder.forward(this.source.forward(source));
    const keys = this.attention.ofPlace.forward(places);
    let h: Tensor = this.bridge.forward(concat(last.unbind(), 1)).tanh();
    let c: Tensor = h.mul(0);
    const scores: Tensor[] = [];
    for (const token of this.target.forward(before).unbind(1)) {
      const context = this.attention.forward(h, places, keys);
      const [i, f, g, o] = this.gates.forward(concat([token, context, h], 1)).chunk(4, 1);
      c = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
      h = o.sigmoid().mul(c.tanh());
      scores.push(this.head.forward(concat([h, context], 1)));
    }
    return stack(scores, 1);
  }
}

export const seq2seqAttention = {
  name: 'seq2seq-attention',
  describe:
    'bidirectional LSTM encoder, additive attention, recurrent decoder; reverses tokens; Adam',
  make() {
    const model = new Seq2Seq();
    const opt = optim.adam(model.parameters(), { lr: 5e-3 });
    return {
      model,
      inputs: () => {
        const source: Tensor = randint(1, VOCABULARY, [8, 10]);
        return [source, source.flip(1).contiguous()];
      },
      step(source: Tensor, target: Tensor) {
        // The decoder sees a start, then what it should have said (teacher forcing).
        const before = target.pad(
          [
            [0, 0],
            [1, 0],
          ],
          START,
        );
        const scores = model.forward(source, before.narrow(1, 0, target.shape[1]));
        const loss = nn.crossEntropy(scores.flatten(0, 1), target.flatten());
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
