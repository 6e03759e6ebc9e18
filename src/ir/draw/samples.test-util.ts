/** Graphs of models, as pictures are asked to draw them. */
import type { DType, Shape, Type } from '../../base/index.ts';
import { type Graph, Recorder, record } from '../graph.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import * as ops from '../ops/index.ts';
import type { Value } from '../value.ts';
import { pullback, taped } from '../vjp.test-util.ts';

export const type = (shape: Shape, dtype: DType = 'float32'): Type => ({ shape, dtype });

export const mlp = (): Graph =>
  record(
    'mlp',
    (x, w1, b1, w2, b2, y) =>
      ops.crossEntropy(ops.linear(ops.relu(ops.linear(ops.div(x, 255), w1, b1)), w2, b2), y),
    [
      type([64, 784]),
      type([128, 784]),
      type([128]),
      type([10, 128]),
      type([10]),
      type([64], 'int32'),
    ],
    'cpu',
  );

/** A step of training by gradient descent: loss and new parameters. */
function step(
  f: (x: Value, y: Value, ...ps: Value[]) => Value,
  x: Type,
  y: Type,
  ps: readonly Type[],
): Graph {
  return taped(
    (a, b, ...params) => {
      const { out, grads } = pullback((...p) => f(a, b, ...p), params);
      return [out, ...params.map((p, i) => ops.sgdUpdate(p, grads[i], 0.1))];
    },
    [x, y, ...ps],
  );
}

export const cnnStep = (): Graph =>
  step(
    (x, y, w1, b1, w2, b2, w3, b3) => {
      const a = ops.maxPool2d(ops.relu(ops.conv2d(x, w1, b1)), 2);
      const b = ops.maxPool2d(ops.relu(ops.conv2d(a, w2, b2, { padding: 1 })), 2);
      return ops.crossEntropy(ops.linear(ops.flatten(b, 1), w3, b3), y);
    },
    type([8, 1, 28, 28]),
    type([8], 'int32'),
    [[32, 1, 3, 3], [32], [64, 32, 3, 3], [64], [10, 64 * 36], [10]].map((s) => type(s)),
  );

/** An LSTM written out gate by gate, its steps unrolled, and its training. */
export const lstmStep = (steps: number): Graph =>
  step(
    (x, y, wx, wh, b, head) => {
      let [h, c] = [ops.full([4, 16], 0), ops.full([4, 16], 0)];
      for (let t = 0; t < steps; t++) {
        const at = ops.flatten(ops.narrow(x, 1, t, 1), 1);
        const gates = ops.add(ops.add(ops.matmul(at, wx), ops.matmul(h, wh)), b);
        const [i, f, g, o] = ops.chunk(gates, 4, 1);
        c = ops.add(ops.mul(ops.sigmoid(f), c), ops.mul(ops.sigmoid(i), ops.tanh(g)));
        h = ops.mul(ops.sigmoid(o), ops.tanh(c));
      }
      return ops.crossEntropy(ops.matmul(h, head), y);
    },
    type([4, steps, 8]),
    type([4], 'int32'),
    [[8, 64], [16, 64], [64], [16, 10]].map((s) => type(s)),
  );

/** Blocks of attention and an MLP, with the module paths that a model would have. */
export function transformer(blocks: number): Graph {
  const shapes = [[32], [96, 32], [32, 32], [32], [128, 32], [128], [32, 128]];
  const recorder = record(
    'transformer',
    (x, ...w) => {
      let y = x;
      for (let i = 0; i < blocks; i++) {
        const [n1, qkv, proj, n2, up, upB, down] = w.slice(7 * i, 7 * i + 7);
        const heads = ops.linear(ops.layerNorm(y, 32, n1), qkv);
        const [q, k, v] = ops
          .chunk(heads, 3, -1)
          .map((a) => ops.permute(ops.reshape(a, [2, 16, 4, 8]), [0, 2, 1, 3]));
        const a = ops.scaledDotProductAttention(q, k, v, { isCausal: true });
        const merged = ops.reshape(ops.permute(a, [0, 2, 1, 3]), [2, 16, 32]);
        y = ops.add(y, ops.linear(merged, proj));
        const hidden = ops.gelu(ops.linear(ops.layerNorm(y, 32, n2), up, upB));
        y = ops.add(y, ops.linear(hidden, down));
      }
      return y;
    },
    [type([2, 16, 32]), ...Array.from({ length: blocks }, () => shapes.map((s) => type(s))).flat()],
    'cpu',
  );
  const each = recorder.nodes.length / blocks;
  const part = (i: number): string => {
    if (i === 0) return 'norm1';
    if (i === 1) return 'attn.qkv';
    if (i < each - 7) return 'attn';
    if (i === each - 7) return 'attn.proj';
    return ['', 'norm2', 'mlp.up', 'mlp.act', 'mlp.down', ''][i - each + 6];
  };
  return withOrigins(recorder, (i) => {
    const name = part(i % each);
    return `net.blocks.${Math.floor(i / each)}${name === '' ? '' : `.${name}`}`;
  });
}

/** The graph, its nodes told where they come from. */
export function withOrigins(graph: Graph, module: (i: number) => string | undefined): Graph {
  for (const [i, node] of graph.nodes.entries()) {
    Object.assign(node, { origin: { line: `model.ts:${10 + i}:7`, module: module(i) } });
  }
  return graph;
}

const REPEAT = defineOp<Attrs & { readonly times: number }>({
  name: 'draw.repeat',
  infer: ([x]) => x,
  lower: { kind: 'element', expr: (_, [x]) => x },
});

/** Two loops, one in the other, the inner body used twice. */
export function loops(): Graph {
  const vector = type([8]);
  const inner = record('inner', (x) => ops.tanh(ops.mul(x, 0.5)), [vector], 'cpu');
  const repeat = (name: string, body: Graph, times: readonly number[]): Graph => {
    const recorder = new Recorder('cpu');
    const x = recorder.input(vector);
    let v: Value = x;
    for (const t of times) [v] = recorder.apply(REPEAT, [v], attrs({ times: t }), [body]);
    const outputs = recorder.nodes[recorder.nodes.length - 1].outputs;
    return { name, inputs: [x], nodes: recorder.nodes, outputs };
  };
  return repeat('loops', repeat('outer', inner, [2, 3]), [10]);
}
