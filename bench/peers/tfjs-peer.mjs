/** tfjs on its WebAssembly backend, one thread: what it can compute without its native library. */
import { dirname } from 'node:path';
import { requireFor, versionOf } from './installed.mjs';
import { serve } from './serve.mjs';

const require = requireFor('@tensorflow/tfjs-core');
const tf = require('@tensorflow/tfjs-core');
const wasm = requireFor('@tensorflow/tfjs-backend-wasm');
const { setWasmPaths } = wasm('@tensorflow/tfjs-backend-wasm');
setWasmPaths(`${dirname(wasm.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend('wasm');
await tf.ready();

const consume = (f) => () => {
  const result = tf.tidy(f);
  const data = result.dataSync();
  result.dispose();
  return data;
};

const matmul = (n) => () => {
  const [a, b] = [tf.randomNormal([n, n]), tf.randomNormal([n, n])];
  return consume(() => tf.matMul(a, b));
};

function elementwise() {
  const [x, w, b] = Array.from({ length: 3 }, () => tf.randomNormal([1_000_000]));
  return consume(() => tf.add(tf.mul(tf.tanh(tf.add(tf.mul(x, w), b)), 0.5), 0.5));
}

/** Its gradients are not registered in what Node loads: there is no row with one. */
function adds() {
  const [a, b] = [tf.randomNormal([4]), tf.randomNormal([4])];
  return consume(() => {
    let c = a;
    for (let i = 0; i < 2000; i++) c = tf.add(c, b);
    return c;
  });
}

/** In tfjs's own layout, images with channels last. */
const cnn = (batch) => () => {
  const normal = (...shape) => tf.randomNormal(shape, 0, 0.05);
  const [w1, b1, w2, b2] = [normal(3, 3, 1, 32), normal(32), normal(3, 3, 32, 64), normal(64)];
  const [w3, b3, w4, b4] = [normal(9216, 128), normal(128), normal(128, 10), normal(10)];
  const input = normal(batch, 28, 28, 1);
  const conv = (x, w, b) => tf.relu(tf.add(tf.conv2d(x, w, 1, 'valid'), b));
  return consume(() => {
    const pooled = tf.maxPool(conv(conv(input, w1, b1), w2, b2), 2, 2, 'valid');
    const hidden = tf.relu(tf.add(tf.matMul(tf.reshape(pooled, [batch, 9216]), w3), b3));
    return tf.add(tf.matMul(hidden, w4), b4);
  });
};

await serve(`tfjs-wasm ${versionOf(require, '@tensorflow/tfjs-core')}, one thread`, {
  ...Object.fromEntries([256, 512, 1024].map((n) => [`W1-${n}`, matmul(n)])),
  W2: elementwise,
  'W3-2000ops': adds,
  'W6-b1': cnn(1),
  'W6-b64': cnn(64),
});
