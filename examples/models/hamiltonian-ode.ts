// Chen et al., Neural Ordinary Differential Equations, 2018, with the field of Greydanus et al.,
// Hamiltonian Neural Networks, 2019: a network tells the energy, its gradient where things move.
import { concat, grad, nn, optim, randn, stack, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

const STEPS = 4;
const DT = 0.25;

class HamiltonianOde extends nn.Module {
  energy = nn.sequential(
    nn.linear(2, 64),
    nn.tanh(),
    nn.linear(64, 64),
    nn.tanh(),
    nn.linear(64, 1, { bias: false }),
  );

  /** Places move by the slope of energy in momentum, momenta against its slope in place. */
  field(state: Tensor): Tensor {
    const slope: Tensor = grad((s) => this.energy.forward(s).sum())(state);
    const [place, momentum] = slope.chunk(2, 1);
    return concat([momentum, place.neg()], 1);
  }

  /** States `[N, 2]` to those after each step, `[steps, N, 2]`, by Runge and Kutta's rule. */
  forward(start: Tensor): Tensor {
    let x: Tensor = start;
    const path: Tensor[] = [];
    for (let i = 0; i < STEPS; i++) {
      const k1 = this.field(x);
      const k2 = this.field(x.add(k1.mul(DT / 2)));
      const k3 = this.field(x.add(k2.mul(DT / 2)));
      const k4 = this.field(x.add(k3.mul(DT)));
      x = x.add(
        k1
          .add(k2.mul(2))
          .add(k3.mul(2))
          .add(k4)
          .mul(DT / 6),
      );
      path.push(x);
    }
    return stack(path);
  }
}

/** Where a unit mass on a unit spring is after each step. */
function swing(start: Tensor): Tensor {
  const [q, p] = start.chunk(2, 1);
  const path = Array.from({ length: STEPS }, (_, i) => {
    const [c, s] = [Math.cos((i + 1) * DT), Math.sin((i + 1) * DT)];
    return concat([q.mul(c).add(p.mul(s)), p.mul(c).sub(q.mul(s))], 1);
  });
  return stack(path);
}

export const hamiltonianOde = {
  name: 'hamiltonian-ode',
  describe:
    'neural ODE whose field is the gradient of an energy (`grad` in the step), by RK4; Adam',
  make() {
    const model = new HamiltonianOde();
    const opt = optim.adam(model.parameters(), { lr: 5e-3 });
    return {
      model,
      inputs: () => {
        const start = randn([32, 2]);
        return [start, swing(start)];
      },
      step(start: Tensor, path: Tensor) {
        const loss = nn.mseLoss(model.forward(start), path);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
