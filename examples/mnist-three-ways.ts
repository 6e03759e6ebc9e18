// The classic CNN on MNIST, written three ways that compute the same: a plain loop, a Trainer, and a
// network from nn.build. Equal seeds give equal losses, to the last bit.
//   npm run example -- mnist-three-ways             one epoch each, some minutes
//   npm run example -- mnist-three-ways --smoke     a few steps each, some seconds
import { manualSeed, nn, optim, type Tensor } from 'gradus';
import { batches, datasets } from 'gradus/data';
import { Trainer } from 'gradus/train';

const smoke = process.argv.includes('--smoke');
const EPOCHS = 1;
const BATCH = 64;
const SEED = 0;

const { train } = await datasets.mnist();
const count = smoke ? 512 : train.length;
const data = { x: train.images.narrow(0, 0, count), y: train.labels.narrow(0, 0, count) };
const loaderOf = () => batches(data, { batchSize: BATCH, shuffle: true, seed: SEED });

class Net extends nn.Module {
  conv1 = nn.conv2d(1, 32, 3);
  conv2 = nn.conv2d(32, 64, 3);
  dense = nn.linear(64 * 12 * 12, 128);
  head = nn.linear(128, 10);

  forward(x: Tensor): Tensor {
    const features = this.conv2.forward(this.conv1.forward(x).relu()).relu().maxPool2d(2);
    return this.head.forward(this.dense.forward(features.flatten(1)).relu());
  }
}

/** One: a plain loop, where a breakpoint can stand on any line. */
function plainLoop(): number[] {
  manualSeed(SEED);
  const net = new Net();
  const opt = optim.adam(net.parameters(), { lr: 1e-3 });
  const losses: number[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (const { x, y } of loaderOf()) {
      const loss = nn.crossEntropy(net.forward(x), y);
      opt.zeroGrad();
      loss.backward();
      opt.step();
      losses.push(loss.item());
    }
  }
  return losses;
}

/** The loss of each step of a Trainer's run. */
async function trained(name: string, net: nn.Module): Promise<number[]> {
  const losses: number[] = [];
  const trainer = new Trainer(net, {
    loss: (scores: Tensor, labels: Tensor) => {
      const loss = nn.crossEntropy(scores, labels);
      losses.push(loss.item());
      return loss;
    },
    optimizer: optim.adam(net.parameters(), { lr: 1e-3 }),
  });
  console.log(`${name}:`);
  await trainer.fit(loaderOf(), { epochs: EPOCHS });
  return losses;
}

/** Two: the same class, and a Trainer in place of the loop. */
async function withTrainer(): Promise<number[]> {
  manualSeed(SEED);
  return trained('Trainer', new Net());
}

/** Three: no class either; input sizes are worked out. */
async function withBuild(): Promise<number[]> {
  const { conv2d, dense, flatten, maxPool2d } = nn.spec;
  manualSeed(SEED);
  const net = nn.build(
    [1, 28, 28],
    [
      conv2d({ filters: 32, kernel: 3, activation: 'relu' }),
      conv2d({ filters: 64, kernel: 3, activation: 'relu' }),
      maxPool2d({ kernel: 2 }),
      flatten(),
      dense({ units: 128, activation: 'relu' }),
      dense({ units: 10 }),
    ],
  );
  return trained('nn.build', net);
}

const curves = [
  ['plain loop', plainLoop()],
  ['Trainer', await withTrainer()],
  ['nn.build', await withBuild()],
] as const;
for (const [name, losses] of curves) {
  const some = losses.filter((_, i) => i % Math.ceil(losses.length / 8) === 0);
  console.log(`${name.padEnd(10)}  ${some.map((loss) => loss.toFixed(6)).join('  ')}`);
}
const [[, first]] = curves;
const same =
  first.length === loaderOf().length * EPOCHS &&
  curves.every(([, losses]) => String(losses) === String(first));
console.log(same ? 'the three loss curves are the same' : 'the loss curves differ');
if (!same) process.exitCode = 1;
