// Mnih et al., Human-level control through deep reinforcement learning, 2015; the target network
// follows softly, as in Lillicrap et al., 2015, and double learning is van Hasselt et al.'s, 2015.
import { bernoulli, nn, noGrad, optim, randint, randn, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

const STATE = 8;
const ACTIONS = 4;
const DISCOUNT = 0.99;
const SPEED = 0.01;

/** A dueling head (Wang et al., 2015): the worth of a state, and what each action adds. */
class QNetwork extends nn.Module {
  body = nn.sequential(nn.linear(STATE, 64), nn.relu(), nn.linear(64, 64), nn.relu());
  worth = nn.linear(64, 1);
  advantage = nn.linear(64, ACTIONS);

  forward(state: Tensor): Tensor {
    const features: Tensor = this.body.forward(state);
    const advantage: Tensor = this.advantage.forward(features);
    const centred = advantage.sub(advantage.mean(1, { keepdim: true }));
    return centred.add(this.worth.forward(features));
  }
}

class Dqn extends nn.Module {
  online = new QNetwork();
  /** Frozen: it follows the other. */
  target = new QNetwork().requiresGrad(false);

  constructor() {
    super();
    this.target.loadStateDict(this.online.stateDict());
  }

  forward(state: Tensor): Tensor {
    return this.online.forward(state);
  }

  /** Moves the target network a little toward the online one. */
  follow(): void {
    const online = this.online.parameters();
    noGrad(() => {
      for (const [i, cell] of this.target.parameters().entries()) {
        cell.assign(cell.mul(1 - SPEED).add(online[i].mul(SPEED)));
      }
    });
  }
}

export const dqn = {
  name: 'dqn',
  describe: 'deep Q-learning: dueling heads, double learning, a target network that follows; Adam',
  make() {
    const model = new Dqn();
    const opt = optim.adam(model.online.parameters(), { lr: 1e-3 });
    return {
      model,
      // State, action, reward, next state, and whether the episode went on.
      inputs: () => [
        randn([64, STATE]),
        randint(0, ACTIONS, [64]),
        randn([64]),
        randn([64, STATE]),
        bernoulli(0.9, [64]).float(),
      ],
      step(state: Tensor, action: Tensor, reward: Tensor, next: Tensor, goesOn: Tensor) {
        const chosen: Tensor = model.online.forward(state).gather(1, action.unsqueeze(1));
        const aim: Tensor = noGrad(() => {
          const best: Tensor = model.online.forward(next).argmax(1, { keepdim: true });
          const worth: Tensor = model.target.forward(next).gather(1, best).squeeze(1);
          return reward.add(worth.mul(goesOn).mul(DISCOUNT));
        });
        // Huber's loss: squares near 0, distances further out.
        const distance = chosen.squeeze(1).sub(aim).abs();
        const near = distance.clamp(null, 1);
        const loss = near.mul(distance.sub(near.mul(0.5))).mean();
        opt.zeroGrad();
        loss.backward();
        nn.clipGradNorm(model.online.parameters(), 10);
        opt.step();
        model.follow();
        return loss;
      },
    };
  },
} satisfies Recipe;
