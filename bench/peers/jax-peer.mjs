/** jax-js on WebAssembly, one thread. Its arrays are counted by hand: `.ref` keeps one for later. */
import { pathToFileURL } from 'node:url';
import { requireFor, versionOf } from './installed.mjs';
import { serve } from './serve.mjs';

const require = requireFor('@jax-js/jax');
// Its module for `import`; what `require` finds is another copy.
const path = require.resolve('@jax-js/jax').replace(/\.cjs$/, '.js');
const jax = await import(pathToFileURL(path));
const { numpy: np, lax, nn, jit, grad, random } = jax;
await jax.init('wasm');
jax.defaultDevice('wasm');

let seed = 0;
const normal = (...shape) => random.normal(random.key(seed++), shape);
const consume = (f) => async () => (await f().data()).length;

const matmul = (n) => () => {
  const [a, b] = [normal(n, n), normal(n, n)];
  return consume(() => np.matmul(a.ref, b.ref));
};

function elementwise() {
  const [x, w, b] = Array.from({ length: 3 }, () => normal(1_000_000));
  const f = jit((x, w, b) => np.tanh(x.mul(w).add(b)).mul(0.5).add(0.5));
  return consume(() => f(x.ref, w.ref, b.ref));
}

function adds(wanted) {
  const [a, b] = [normal(4), normal(4)];
  const chain = (x) => {
    let c = x;
    for (let i = 0; i < 2000; i++) c = c.add(b.ref);
    return c;
  };
  return consume(wanted ? () => grad((x) => chain(x).sum())(a.ref) : () => chain(a.ref));
}

const cnn = (batch) => () => {
  const weights = [
    normal(32, 1, 3, 3),
    normal(32, 1, 1),
    normal(64, 32, 3, 3),
    normal(64, 1, 1),
    normal(9216, 128),
    normal(128),
    normal(128, 10),
    normal(10),
  ];
  const input = normal(batch, 1, 28, 28);
  const conv = (x, w, b) => nn.relu(lax.conv(x, w, [1, 1], 'VALID').add(b));
  const f = jit((x, w1, b1, w2, b2, w3, b3, w4, b4) => {
    const maps = conv(conv(x, w1, b1), w2, b2);
    const pooled = lax.reduceWindow(maps, np.max, [2, 2], [2, 2]);
    const hidden = nn.relu(np.matmul(pooled.reshape([batch, 9216]), w3).add(b3));
    return np.matmul(hidden, w4).add(b4);
  });
  return consume(() => f(input.ref, ...weights.map((w) => w.ref)));
};

await serve(`jax-js ${versionOf(require, '@jax-js/jax')}, one thread`, {
  ...Object.fromEntries([256, 512, 1024].map((n) => [`W1-${n}`, matmul(n)])),
  W2: elementwise,
  'W3-2000ops': () => adds(false),
  'W3-2000ops-grad': () => adds(true),
  'W6-b1': cnn(1),
  'W6-b64': cnn(64),
});
