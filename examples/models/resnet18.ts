// He et al., Deep Residual Learning for Image Recognition, 2015: ResNet-18, 8 channels in place of 64.
import { nn, optim, randint, randn, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

class BasicBlock extends nn.Module {
  conv1: nn.Conv2d;
  norm1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  norm2: nn.BatchNorm2d;
  /** Fits the input to the output where stride or channels change. */
  shortcut: nn.Module | null;

  constructor(from: number, to: number, stride: number) {
    super();
    this.conv1 = nn.conv2d(from, to, 3, { stride, padding: 1, bias: false });
    this.norm1 = nn.batchNorm2d(to);
    this.conv2 = nn.conv2d(to, to, 3, { padding: 1, bias: false });
    this.norm2 = nn.batchNorm2d(to);
    this.shortcut =
      stride === 1 && from === to
        ? null
        : nn.sequential(nn.conv2d(from, to, 1, { stride, bias: false }), nn.batchNorm2d(to));
  }

  forward(x: Tensor): Tensor {
    const hidden = this.norm1.forward(this.conv1.forward(x)).relu();
    const residual = this.norm2.forward(this.conv2.forward(hidden));
    const kept = this.shortcut === null ? x : (this.shortcut.forward(x) as Tensor);
    return residual.add(kept).relu();
  }
}

class ResNet18 extends nn.Module {
  stem: nn.Conv2d;
  norm: nn.BatchNorm2d;
  stages: nn.Module[];
  head: nn.Linear;

  constructor(width: number, classes: number) {
    super();
    // The stem for 32x32 images: no stride, no pooling.
    this.stem = nn.conv2d(3, width, 3, { padding: 1, bias: false });
    this.norm = nn.batchNorm2d(width);
    this.stages = [1, 2, 4, 8].flatMap((factor, i) => {
      const [from, to] = [i === 0 ? width : (width * factor) / 2, width * factor];
      return [new BasicBlock(from, to, i === 0 ? 1 : 2), new BasicBlock(to, to, 1)];
    });
    this.head = nn.linear(8 * width, classes);
  }

  forward(x: Tensor): Tensor {
    let y: Tensor = this.norm.forward(this.stem.forward(x)).relu();
    for (const stage of this.stages) y = stage.forward(y) as Tensor;
    return this.head.forward(y.mean([2, 3]));
  }
}

export const resnet18 = {
  name: 'resnet18',
  describe: 'ResNet-18 of width 8 on 32x32 images, batch normalisation; SGD with Nesterov momentum',
  make() {
    const model = new ResNet18(8, 10);
    const opt = optim.sgd(model.parameters(), {
      lr: 0.05,
      momentum: 0.9,
      weightDecay: 5e-4,
      nesterov: true,
    });
    return {
      model,
      inputs: () => [randn([8, 3, 32, 32]), randint(0, 10, [8])],
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
