// Howard et al., MobileNets, 2017: depthwise separable convolutions, here narrow and for 32x32 images.
import { nn, optim, randint, randn, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

class Separable extends nn.Module {
  depthwise: nn.Conv2d;
  norm1: nn.BatchNorm2d;
  pointwise: nn.Conv2d;
  norm2: nn.BatchNorm2d;

  constructor(from: number, to: number, stride: number) {
    super();
    this.depthwise = nn.conv2d(from, from, 3, { stride, padding: 1, groups: from, bias: false });
    this.norm1 = nn.batchNorm2d(from);
    this.pointwise = nn.conv2d(from, to, 1, { bias: false });
    this.norm2 = nn.batchNorm2d(to);
  }

  forward(x: Tensor): Tensor {
    const spread = this.norm1.forward(this.depthwise.forward(x)).clamp(0, 6);
    return this.norm2.forward(this.pointwise.forward(spread)).clamp(0, 6);
  }
}

class MobileNet extends nn.Module {
  stem = nn.conv2d(3, 16, 3, { stride: 2, padding: 1, bias: false });
  norm = nn.batchNorm2d(16);
  blocks = [
    new Separable(16, 32, 1),
    new Separable(32, 32, 2),
    new Separable(32, 64, 1),
    new Separable(64, 64, 2),
    new Separable(64, 64, 1),
  ];
  head = nn.linear(64, 10);

  forward(x: Tensor): Tensor {
    let y: Tensor = this.norm.forward(this.stem.forward(x)).clamp(0, 6);
    for (const block of this.blocks) y = block.forward(y);
    return this.head.forward(y.mean([2, 3]));
  }
}

export const mobilenet = {
  name: 'mobilenet',
  describe: 'MobileNet on 32x32 images: depthwise and pointwise convolutions, ReLU6; RMSprop',
  make() {
    const model = new MobileNet();
    const opt = optim.rmsprop(model.parameters(), { lr: 1e-3, momentum: 0.9 });
    return {
      model,
      inputs: () => [randn([8, 3, 32, 32]), randint(0, 10, [8])],
      step(x: Tensor, y: Tensor) {
        const loss = nn.crossEntropy(model.forward(x), y, { labelSmoothing: 0.1 });
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
