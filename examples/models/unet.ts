// Ronneberger et al., U-Net, 2015: a way down, a way up, and what is left on the way down joined again.
import { concat, nn, optim, rand, randint, sub, type Tensor } from 'gradus';
import type { Recipe } from './recipe.ts';

/** Each pixel four times: twice as high, twice as wide. */
function upsample(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape;
  const pixels: Tensor = x.reshape([n, c, h, 1, w, 1]);
  return pixels.expand([n, c, h, 2, w, 2]).reshape([n, c, 2 * h, 2 * w]);
}

class DoubleConv extends nn.Module {
  conv1: nn.Conv2d;
  conv2: nn.Conv2d;

  constructor(from: number, to: number) {
    super();
    this.conv1 = nn.conv2d(from, to, 3, { padding: 1 });
    this.conv2 = nn.conv2d(to, to, 3, { padding: 1 });
  }

  forward(x: Tensor): Tensor {
    return this.conv2.forward(this.conv1.forward(x).relu()).relu();
  }
}

class UNet extends nn.Module {
  down = [new DoubleConv(1, 8), new DoubleConv(8, 16), new DoubleConv(16, 32)];
  narrow = [nn.conv2d(32, 16, 1), nn.conv2d(16, 8, 1)];
  up = [new DoubleConv(32, 16), new DoubleConv(16, 8)];
  head = nn.conv2d(8, 1, 1);

  forward(x: Tensor): Tensor {
    const left: Tensor[] = [];
    let y: Tensor = x;
    for (const [i, block] of this.down.entries()) {
      y = block.forward(i === 0 ? y : y.maxPool2d(2));
      left.push(y);
    }
    for (const [i, block] of this.up.entries()) {
      const wide = this.narrow[i].forward(upsample(y));
      y = block.forward(concat([left[1 - i], wide], 1));
    }
    return this.head.forward(y);
  }
}

export const unet = {
  name: 'unet',
  describe: 'U-Net of three levels that marks pixels of 32x32 images: concat and upsampling; Adam',
  make() {
    const model = new UNet();
    const opt = optim.adam(model.parameters(), { lr: 3e-3 });
    return {
      model,
      // The pixels of one quadrant are to be found.
      inputs: () => {
        const mask: Tensor = randint(0, 2, [4, 1, 2, 2]).float();
        const wide = upsample(upsample(upsample(upsample(mask))));
        return [rand([4, 1, 32, 32]).add(wide), wide];
      },
      step(x: Tensor, mask: Tensor) {
        const logits = model.forward(x);
        const p = logits.sigmoid();
        // Cross entropy of each pixel, and how far the two areas overlap (Dice).
        const overlap = p.mul(mask).sum().mul(2).add(1).div(p.add(mask).sum().add(1));
        const loss = nn.bceWithLogits(logits, mask).add(sub(1, overlap));
        opt.zeroGrad();
        loss.backward();
        opt.step();
        return loss;
      },
    };
  },
} satisfies Recipe;
