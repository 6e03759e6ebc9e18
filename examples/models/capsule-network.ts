// Sabour et al., Dynamic Routing Between Capsules, 2017, on 16x16 images.
import {
  nn,
  oneHot,
  optim,
  Parameter,
  rand,
  randint,
  randn,
  sub,
  type Tensor,
  zeros,
} from 'gradus';
import type { Recipe } from './recipe.ts';

const CLASSES = 10;
const ROUNDS = 3;

/** Shortens vectors (the last dimension) to lengths below 1. */
function squash(x: Tensor): Tensor {
  const squared = x.square().sum(-1, { keepdim: true });
  return x.mul(squared.div(squared.add(1).mul(squared.add(1e-8).sqrt())));
}

class CapsuleNetwork extends nn.Module {
  conv = nn.conv2d(1, 32, 5);
  primary = nn.conv2d(32, 4 * 8, 5, { stride: 2 });
  /** From each of 64 capsules of 8 numbers to each class's of 16. */
  weight: Tensor = Parameter(randn([1, 64, CLASSES, 16, 8]).mul(0.1));
  decoder = nn.sequential(nn.linear(CLASSES * 16, 64), nn.relu(), nn.linear(64, 256), nn.sigmoid());

  /** A capsule for each class, `[batch, classes, 16]`. */
  forward(x: Tensor): Tensor {
    const n = x.shape[0];
    const maps: Tensor = this.primary.forward(this.conv.forward(x).relu());
    const capsules = squash(maps.reshape([n, 4, 8, 16]).transpose(2, 3).reshape([n, 64, 8]));
    const column: Tensor = capsules.reshape([n, 64, 1, 8, 1]);
    const votes: Tensor = this.weight.matmul(column).squeeze(-1);
    // Agreement decides where votes go; only the last round carries gradients.
    const fixed = votes.detach();
    let logits: Tensor = zeros([n, 64, CLASSES, 1]);
    let out: Tensor = zeros([n, 1, CLASSES, 16]);
    for (let round = 1; round <= ROUNDS; round++) {
      const share = logits.softmax(2);
      out = squash(share.mul(round < ROUNDS ? fixed : votes).sum(1, { keepdim: true }));
      if (round < ROUNDS) logits = logits.add(fixed.mul(out).sum(-1, { keepdim: true }));
    }
    return out.squeeze(1);
  }
}

export const capsuleNetwork = {
  name: 'capsule-network',
  describe: 'capsules with three rounds of dynamic routing, margin loss and reconstruction; Adam',
  make() {
    const model = new CapsuleNetwork();
    const opt = optim.adam(model.parameters(), { lr: 2e-3 });
    return {
      model,
      inputs: () => [rand([8, 1, 16, 16]), randint(0, CLASSES, [8])],
      step(x: Tensor, y: Tensor) {
        const capsules = model.forward(x);
        const wanted: Tensor = oneHot(y, CLASSES).float();
        const length = capsules.square().sum(2).add(1e-8).sqrt();
        const missing = sub(0.9, length).relu().square().mul(wanted);
        const wrong = length.sub(0.1).relu().square().mul(sub(1, wanted));
        const margin = missing.add(wrong.mul(0.5)).sum(1).mean();
        const own: Tensor = capsules.mul(wanted.unsqueeze(2)).flatten(1);
        const picture = nn.mseLoss(model.decoder.forward(own), x.flatten(1));
        const loss = margin.add(picture.mul(0.0005 * 256));
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
