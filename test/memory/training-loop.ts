/**
 * A program, not a test: trains a small CNN (or, with argv[4] `mlp`, 784-256-128-10) for argv[3]
 * steps in a `sync` or `async` loop without a single dispose, and prints resident memory (MB) every
 * 100 steps, and its peak, as JSON.
 */
import { manualSeed, nn, optim, randint, randn, type Tensor } from '../../src/index.ts';

const [, , mode, count, kind] = process.argv;
manualSeed(1);
const cnn = () =>
  nn.sequential(
    nn.conv2d(1, 16, 3, { padding: 1 }),
    nn.relu(),
    nn.conv2d(16, 32, 3, { padding: 1 }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(512, 64),
    nn.relu(),
    nn.linear(64, 10),
  );
const mlp = () =>
  nn.sequential(nn.linear(784, 256), nn.relu(), nn.linear(256, 128), nn.relu(), nn.linear(128, 10));
const model: nn.Module = kind === 'mlp' ? mlp() : cnn();
const opt = optim.adam(model.parameters(), { lr: 1e-3 });
const x: Tensor = kind === 'mlp' ? randn([64, 784]) : randn([64, 1, 8, 8]);
const y = randint(0, 10, [64]);
const samples: number[] = [];
let last = Number.NaN;

function step(i: number): void {
  const loss = nn.crossEntropy(model.forward(x) as Tensor, y);
  opt.zeroGrad();
  loss.backward();
  opt.step();
  last = loss.item();
  if (i % 100 === 99) samples.push(process.memoryUsage().rss / 2 ** 20);
}

for (let i = 0; i < Number(count); i++) {
  step(i);
  if (mode === 'async') await new Promise((resolve) => setImmediate(resolve));
}
const peak = process.resourceUsage().maxRSS / 2 ** 10;
console.log(JSON.stringify({ samples, last, peak }));
