/**
 * A program, not a test: products, convolutions and their gradients, reductions and steps of
 * training, large enough that several threads share each. Prints a hash of the bits of every result.
 */
import { createHash } from 'node:crypto';
import {
  compile,
  conv2d,
  devices,
  manualSeed,
  matmul,
  nn,
  optim,
  randint,
  randn,
  scaledDotProductAttention,
  softmax,
  sum,
  type Tensor,
  variance,
  vjp,
} from '../../src/index.ts';

const hashOf = (...xs: readonly unknown[]): string => {
  const hash = createHash('sha256');
  for (const x of xs as readonly Tensor[]) {
    const { buffer, byteOffset, byteLength } = x.data();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex').slice(0, 16);
};

manualSeed(11);
const results: Record<string, string> = {};

type F = (...xs: never[]) => unknown;
/** Twice: threads that were still starting, or compiling, take part in the second. */
function record(name: string, f: F, ...shapes: (readonly number[])[]): void {
  const xs = shapes.map((s) => randn(s)) as never[];
  const [y, pull] = vjp(f as (...ys: Tensor[]) => Tensor, ...xs);
  const u = randn((y as Tensor).shape) as unknown as Tensor;
  const hashes = [0, 1].map(() => hashOf(f(...xs), ...(pull(u) as unknown[])));
  results[name] = hashes[0] === hashes[1] ? hashes[0] : `${hashes.join(' then ')}`;
}

const product: F = (a, b) => matmul(a, b);
for (const [m, k, n] of [
  [64, 64, 64],
  [200, 200, 200],
  [257, 129, 511],
  [512, 512, 512],
  [1, 1024, 1024],
  [8, 1024, 1024],
  [2, 3000, 700],
  [3000, 300, 5],
]) {
  record(`matmul ${m} ${k} ${n}`, product, [m, k], [k, n]);
}
record('matmul of batches', product, [12, 70, 90], [12, 90, 50]);
record('matmul, one right', product, [12, 70, 90], [90, 50]);
record(
  'conv2d',
  ((x, w, b) => conv2d(x, w, b, { padding: 1 })) as F,
  [8, 16, 28, 28],
  [32, 16, 3, 3],
  [32],
);
record(
  'conv2d of groups',
  ((x, w) => conv2d(x, w, null, { groups: 4, stride: 2 })) as F,
  [5, 16, 31, 29],
  [24, 4, 5, 5],
);
record('conv2d 1x1', ((x, w) => conv2d(x, w)) as F, [8, 64, 20, 20], [48, 64, 1, 1]);
record('softmax', ((x) => softmax(x, 1)) as F, [512, 1003]);
record('softmax over rows', ((x) => softmax(x, 0)) as F, [1003, 512]);
const norm = nn.layerNorm(768);
record('layerNorm', ((x) => norm.forward(x)) as F, [300, 768]);
record('sum of all', ((x) => sum(x)) as F, [700, 999]);
record('variance of all', ((x) => variance(x)) as F, [1000, 999]);
record('softmax of all', ((x) => softmax((x as Tensor).reshape([-1]), 0)) as F, [500, 999]);
record('sum over rows', ((x) => sum(x, 0)) as F, [999, 700]);

// In blocks: of 128 keys where causal, of 256 where all scores would take more than 64 MiB.
const attention =
  (isCausal: boolean): F =>
  (q, k, v) =>
    scaledDotProductAttention(q, k, v, { isCausal });
const short = [3, 500, 24];
record('attention', attention(false), short, short, short);
record('causal attention', attention(true), short, short, short);
const long = [5, 2048, 8];
record('long attention', attention(false), long, long, long);

const model = nn.sequential(
  nn.conv2d(3, 16, 3, { padding: 1 }),
  nn.relu(),
  nn.maxPool2d(2),
  nn.conv2d(16, 32, 3, { padding: 1 }),
  nn.gelu(),
  nn.maxPool2d(2),
  nn.flatten(),
  nn.linear(32 * 49, 64),
  nn.dropout(0.2),
  nn.linear(64, 10),
);
const opt = optim.adam(model.parameters(), { lr: 1e-3 });
const losses: unknown[] = [];
for (let i = 0; i < 5; i++) {
  const loss = nn.crossEntropy(model.forward(randn([32, 3, 28, 28])), randint(0, 10, [32]));
  opt.zeroGrad();
  loss.backward();
  opt.step();
  losses.push(loss.detach());
}
results['losses of a network'] = hashOf(...losses);
results['its parameters'] = hashOf(...model.parameters());
// The same steps as one program, whose last runs find all threads awake and with the kernels.
const step = compile((x: Tensor, y: Tensor) => {
  const loss = nn.crossEntropy(model.forward(x) as Tensor, y);
  opt.zeroGrad();
  loss.backward();
  opt.step();
  return loss;
});
const compiled: unknown[] = [];
for (let i = 0; i < 8; i++) {
  compiled.push(step(randn([32, 3, 28, 28]) as Tensor, randint(0, 10, [32]) as Tensor));
}
results['losses of a compiled step'] = hashOf(...compiled);
results['parameters after it'] = hashOf(...model.parameters());
const [{ engine, threads }] = devices();
console.log(JSON.stringify({ engine, threads, results }));
