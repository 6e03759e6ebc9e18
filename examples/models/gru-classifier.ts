// Cho et al., 2014; the cell as cuDNN and PyTorch have it: the reset gate after the product.
import { nn, optim, Parameter, randint, randn, type Tensor, zeros } from 'gradus';
import type { Recipe } from './recipe.ts';

class Gru extends nn.Module {
  hidden: number;
  weightIh: Tensor;
  weightHh: Tensor;
  biasIh: Tensor;
  biasHh: Tensor;

  constructor(inputs: number, hidden: number) {
    super();
    this.hidden = hidden;
    const bound = 1 / Math.sqrt(hidden);
    const make = (shape: readonly number[]) =>
      nn.init.uniform(Parameter(zeros(shape)), -bound, bound);
    this.weightIh = make([3 * hidden, inputs]);
    this.weightHh = make([3 * hidden, hidden]);
    this.biasIh = make([3 * hidden]);
    this.biasHh = make([3 * hidden]);
  }

  /** `[batch, steps, inputs]` to the hidden state after the last step. */
  forward(x: Tensor): Tensor {
    const shares: Tensor = x.matmul(this.weightIh.t()).add(this.biasIh);
    let h: Tensor = zeros([x.shape[0], this.hidden]);
    for (const share of shares.unbind(1)) {
      const [inR, inZ, inN] = share.chunk(3, 1);
      const [hidR, hidZ, hidN] = h.matmul(this.weightHh.t()).add(this.biasHh).chunk(3, 1);
      const reset = inR.add(hidR).sigmoid();
      const update = inZ.add(hidZ).sigmoid();
      const fresh = inN.add(reset.mul(hidN)).tanh();
      h = fresh.add(update.mul(h.sub(fresh)));
    }
    return h;
  }
}

export const gruClassifier = {
  name: 'gru-classifier',
  describe: 'a GRU written out step by step that sorts sequences into classes; Adam',
  make() {
    const gru = new Gru(8, 48);
    const model = nn.sequential(gru, nn.linear(48, 4));
    const opt = optim.adam(model.parameters(), { lr: 5e-3 });
    return {
      model,
      inputs: () => [randn([16, 20, 8]), randint(0, 4, [16])],
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
