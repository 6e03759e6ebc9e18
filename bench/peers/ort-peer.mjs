/** onnxruntime-node's side of the bench: the workloads that are a graph without training. */
import { spawnSync } from 'node:child_process';
import { requireFor, versionOf } from './installed.mjs';
import {
  addModel,
  cnnModel,
  elementwiseModel,
  matmulModel,
  transformerModel,
} from './onnx/models.mjs';
import { serve } from './serve.mjs';

const require = requireFor('onnxruntime-node');
const ort = require('onnxruntime-node');
const options = {
  intraOpNumThreads: Number(process.env.THREADS ?? 1),
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
};

const random = (shape) => {
  const count = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, () => Math.random() - 0.5);
  return new ort.Tensor('float32', data, shape);
};

/** A session and its inputs, filled with random numbers. */
async function open({ bytes, inputs }) {
  const session = await ort.InferenceSession.create(bytes, options);
  const feeds = Object.entries(inputs).map(([name, shape]) => [name, random(shape)]);
  return { session, feeds: Object.fromEntries(feeds) };
}

const runOf = (model) => async () => {
  const { session, feeds } = await open(model());
  return () => session.run(feeds);
};

/** Each addition is a run of its own, as there is no other way to compute eagerly. */
async function adds() {
  const { session, feeds } = await open(addModel(4));
  const [output] = session.outputNames;
  return async () => {
    let a = feeds.a;
    for (let i = 0; i < 2000; i++) a = (await session.run({ a, b: feeds.b }))[output];
    return a;
  };
}

/** Process start to the first product, with the model made on the way as it must be. */
function start() {
  const models = new URL('./onnx/models.mjs', import.meta.url);
  const program = `
import { createRequire } from 'node:module';
import { matmulModel } from '${models}';
const ort = createRequire(import.meta.url)(${JSON.stringify(require.resolve('onnxruntime-node'))});
const session = await ort.InferenceSession.create(matmulModel(2, 2).bytes);
const of = (...x) => new ort.Tensor('float32', Float32Array.from(x), [2, 2]);
const [r] = Object.values(await session.run({ a: of(1, 2, 3, 4), b: of(1, 0, 0, 1) }));
process.exit(r.data[2] === 3 ? 0 : 1);
`;
  return () => {
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', program]);
    if (status !== 0) throw new Error('the start-up program failed');
  };
}

const blocks = { batch: 1, length: 128, width: 256, heads: 8, inner: 1024, blocks: 4 };
await serve(`onnxruntime-node ${versionOf(require, 'onnxruntime-node')}`, {
  ...Object.fromEntries(
    [256, 512, 1024, 2048].map((n) => [`W1-${n}`, runOf(() => matmulModel(n, n))]),
  ),
  'W1-m1': runOf(() => matmulModel(1, 1024)),
  'W1-m8': runOf(() => matmulModel(8, 1024)),
  W2: runOf(() => elementwiseModel(1_000_000)),
  'W3-2000ops': adds,
  'W6-b1': runOf(() => cnnModel(1)),
  'W6-b64': runOf(() => cnnModel(64)),
  W8: runOf(() => transformerModel(blocks)),
  W9: start,
});
