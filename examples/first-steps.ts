// A network learns handwritten digits, line by line: set a breakpoint anywhere.
import { manualSeed, nn, noGrad, optim, type Tensor } from 'gradus';
import { batches, datasets } from 'gradus/data';

class Net extends nn.Module {
  conv = nn.conv2d(1, 16, 3, { padding: 1 });
  head = nn.linear(16 * 4 * 4, 10);

  forward(x: Tensor) {
    return this.head.forward(this.conv.forward(x).relu().maxPool2d(2).flatten(1));
  }
}

manualSeed(1);
const { train, test } = datasets.digits().split(0.2, { seed: 1 });
const net = new Net();
const opt = optim.adam(net.parameters(), { lr: 5e-3 });
const loader = batches({ x: train.images, y: train.labels }, { batchSize: 32, shuffle: true });

console.log(String(net));
for (let epoch = 1; epoch <= 5; epoch++) {
  let sum = 0;
  for (const { x, y } of loader) {
    const loss = nn.crossEntropy(net.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    sum += loss.item();
  }
  console.log(`epoch ${epoch}: loss ${(sum / loader.length).toFixed(4)}`);
}

net.eval();
const right = noGrad(() => net.forward(test.images).argmax(1).eq(test.labels).sum().item());
console.log(`held-out accuracy: ${(right / test.length).toFixed(4)}`);
