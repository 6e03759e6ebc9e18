// Dinh et al., Density estimation using Real NVP, 2016: a normalising flow of affine couplings.
import { nn, optim, rand, randn, stack, sub, type Tensor, tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

const LAYERS = 6;

class Coupling extends nn.Module {
  scale = nn.sequential(
    nn.linear(2, 32),
    nn.leakyRelu(),
    nn.linear(32, 32),
    nn.leakyRelu(),
    nn.linear(32, 2),
    nn.tanh(),
  );
  shift = nn.sequential(nn.linear(2, 32), nn.leakyRelu(), nn.linear(32, 2));
  /** 1 for the coordinate that stays and decides how the other is moved. */
  mask: Tensor;

  constructor(stays: number) {
    super();
    this.mask = nn.buffer(tensor(stays === 0 ? [1, 0] : [0, 1]) as Tensor);
  }

  /** The moved points, and the logarithm of how much volume grows at each. */
  forward(x: Tensor): [moved: Tensor, logDet: Tensor] {
    const kept = x.mul(this.mask);
    const moves = sub(1, this.mask);
    const s: Tensor = this.scale.forward(kept).mul(moves);
    const t: Tensor = this.shift.forward(kept).mul(moves);
    return [kept.add(x.mul(s.exp()).add(t).mul(moves)), s.sum(1)];
  }
}

class RealNvp extends nn.Module {
  layers = Array.from({ length: LAYERS }, (_, i) => new Coupling(i % 2));

  /** The logarithm of the density at each point. */
  forward(x: Tensor): Tensor {
    let z: Tensor = x;
    let logDet: Tensor = x.sum(1).mul(0);
    for (const layer of this.layers) {
      const [moved, grown] = layer.forward(z);
      z = moved;
      logDet = logDet.add(grown);
    }
    const normal = z
      .square()
      .sum(1)
      .mul(-0.5)
      .sub(Math.log(2 * Math.PI));
    return normal.add(logDet);
  }
}

/** Points around a half circle. */
function arc(n: number): Tensor {
  const angle = rand([n]).mul(Math.PI);
  const circle: Tensor = stack([angle.cos(), angle.sin()], 1);
  return circle.mul(2).add(randn([n, 2]).mul(0.1));
}

export const realnvp = {
  name: 'realnvp',
  describe:
    'normalising flow of six affine couplings, trained by likelihood of points in a plane; Adam',
  make() {
    const model = new RealNvp();
    const opt = optim.adam(model.parameters(), { lr: 2e-3 });
    return {
      model,
      inputs: () => [arc(128)],
      step(x: Tensor) {
        const loss = model.forward(x).mean().neg();
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
