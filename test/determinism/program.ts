/**
 * A program, not a test: draws random numbers and trains a small network for 20 steps, all from one
 * seed, and prints a hash of the bits of each result as JSON.
 */
import { createHash } from 'node:crypto';
import {
  bernoulli,
  devices,
  dropout,
  manualSeed,
  nn,
  ones,
  optim,
  rand,
  randint,
  randn,
  randperm,
  type Tensor,
} from '../../src/index.ts';

const hashOf = (...xs: readonly Tensor[]): string => {
  const hash = createHash('sha256');
  for (const x of xs) {
    const { buffer, byteOffset, byteLength } = x.data();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex').slice(0, 16);
};

manualSeed(Number(process.argv[2]));
const results: Record<string, string> = {
  rand: hashOf(rand([1003])),
  randint: hashOf(randint(-5, 1000, [1003])),
  randperm: hashOf(randperm(101)),
  bernoulli: hashOf(bernoulli(0.3, [1003])),
  dropout: hashOf(dropout(ones([1003]), 0.5)),
  randn: hashOf(randn([1003])),
  randnDouble: hashOf(randn([33], { dtype: 'float64' })),
};

const model = nn.sequential(
  nn.conv2d(1, 6, 3, { padding: 1 }),
  nn.relu(),
  nn.maxPool2d(2),
  nn.flatten(),
  nn.linear(96, 24),
  nn.gelu(),
  nn.dropout(0.2),
  nn.linear(24, 10),
);
const opt = optim.adam(model.parameters(), { lr: 1e-2 });
const losses: Tensor[] = [];
for (let i = 0; i < 20; i++) {
  const x = randn([13, 1, 8, 8]);
  const y = randint(0, 10, [13]);
  const loss = nn.crossEntropy(model.forward(x), y, { labelSmoothing: 0.1 });
  opt.zeroGrad();
  loss.backward();
  opt.step();
  losses.push(loss.detach() as Tensor);
}
results.losses = hashOf(...losses);
results.parameters = hashOf(...model.parameters());
const finite = losses.every((l) => Number.isFinite(l.item()));
console.log(JSON.stringify({ engine: devices()[0].engine, finite, results }));
