/** The reference and the gradients against what PyTorch computed. */
import { describe, expect, test } from 'vitest';
import { type FixtureTensor, type LossAttrs, loadFixture } from '../../../test/fixtures/load.ts';
import type { NdArray } from '../nd-array.ts';
import { attrs } from '../op.ts';
import { reference } from '../reference.ts';
import type { Value } from '../value.ts';
import { evaluate, nd, vjp } from '../vjp.test-util.ts';
import * as ops from './index.ts';

const ndOf = (t: FixtureTensor): NdArray => nd(t.shape, t.data, t.dtype);

/** Float32 rounding of the recorded values is all that may differ. */
function close(got: NdArray, want: FixtureTensor): void {
  expect(got.shape).toEqual(want.shape);
  const scale = Math.max(1, ...want.data.filter(Number.isFinite).map(Math.abs));
  for (const [i, w] of want.data.entries()) {
    const g = Number(got.data[i]);
    if (Object.is(g, w) || Math.abs(g - w) <= 2e-7 * Math.abs(w) + 1e-8 * scale) continue;
    if (Math.fround(g) === w) continue;
    throw new Error(`${want.name}[${i}] is ${g}, not ${w}`);
  }
}

interface Recorded {
  name: string;
  inputs: FixtureTensor[];
  outputs: FixtureTensor[];
  gradOutput: FixtureTensor | null;
  inputGrads: (FixtureTensor | null)[];
}

function check(c: Recorded, f: (...xs: Value[]) => Value | readonly Value[], count = 1): void {
  const inputs = c.inputs.map(ndOf);
  const outputs = evaluate(f, inputs);
  for (let i = 0; i < count; i++) close(outputs[i], c.outputs[i]);
  if (c.gradOutput === null) return;
  const first = (...xs: Value[]) => {
    const out = f(...xs);
    return Array.isArray(out) ? out[0] : (out as Value);
  };
  const { grads } = vjp(first, inputs, ndOf(c.gradOutput));
  for (const [i, want] of c.inputGrads.entries()) if (want !== null) close(grads[i], want);
}

describe('conv2d', () => {
  test.each(loadFixture('conv2d').cases)('$name', (c) => {
    check(c, (x, w, b) => ops.conv2d(x, w, b ?? null, c.attrs));
  });
});

describe('maxPool2d', () => {
  test.each(loadFixture('maxpool2d').cases)('$name', (c) => {
    // PyTorch chooses the last NaN of a window, Gradus the first.
    const nan = c.inputs[0].data.some(Number.isNaN);
    const shared = nan ? { ...c, gradOutput: null } : c;
    const { kernelSize, ...options } = c.attrs;
    check(shared, (x) => ops.maxPool2dWithIndices(x, kernelSize, options), nan ? 1 : 2);
  });
});

describe('matmul', () => {
  test.each(loadFixture('matmul').cases)('$name', (c) => check(c, ops.matmul));
});

const ACTIVATIONS: Record<string, (x: Value, a: Record<string, number>) => Value> = {
  relu: ops.relu,
  leaky_relu: (x, a) => ops.leakyRelu(x, a.negativeSlope),
  elu: (x, a) => ops.elu(x, a.alpha),
  gelu: (x, a) => ops.gelu(x, { approximate: a.approximate as unknown as 'none' }),
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  silu: ops.silu,
  softplus: ops.softplus,
};

describe('activations', () => {
  const known = loadFixture('activations').cases.filter(
    (c) => c.op in ACTIVATIONS && c.attrs.beta !== 2,
  );
  test.each(known)('$name', (c) => {
    check(c, (x) => ACTIVATIONS[c.op](x, c.attrs as Record<string, number>));
  });
});

type Dim = number | number[] | null;
type Reduce = (x: Value, dim: number | undefined, keepdim: boolean, correction: number) => Value;
const REDUCTIONS: Record<string, Reduce> = {
  sum: ops.sum,
  mean: ops.mean,
  prod: ops.prod,
  amax: ops.max,
  amin: ops.min,
  logsumexp: ops.logsumexp,
  var: (x, dim, keepdim, correction) => ops.variance(x, dim, { keepdim, correction }),
  std: (x, dim, keepdim, correction) => ops.std(x, dim, { keepdim, correction }),
  argmax: ops.argmax,
  argmin: ops.argmin,
  any: ops.any,
  all: ops.all,
};

describe('reductions', () => {
  // PyTorch sums int32 into int64; Gradus stays in the operand's dtype and wraps.
  const known = loadFixture('reductions').cases.filter(
    (c) => c.op in REDUCTIONS && !c.name.includes('beyond_int32'),
  );
  test.each(known)('$name', (c) => {
    const { dim, keepdim = false, correction = 1 } = c.attrs;
    const d = ((dim as Dim) ?? undefined) as number | undefined;
    check(c, (x) => REDUCTIONS[c.op](x, d, keepdim, correction));
  });
});

const LOSSES: Record<string, (x: Value, y: Value, a: LossAttrs) => Value> = {
  cross_entropy: (x, y, a) => ops.crossEntropy(x, y, a),
  mse_loss: (x, y, a) => ops.mse(x, y, a),
  softmax: (x, _, a) => ops.softmax(x, a.dim as number),
  log_softmax: (x, _, a) => ops.logSoftmax(x, a.dim as number),
};

describe('losses', () => {
  test.each(loadFixture('cross_entropy').cases)('$name', (c) => {
    check(c, (x, y) => LOSSES[c.op](x, y, c.attrs));
  });
});

const pairs = (flat: readonly number[], rank: number): [number, number][] =>
  Array.from({ length: rank }, (_, d) => {
    const at = 2 * (rank - 1 - d);
    return [flat[at] ?? 0, flat[at + 1] ?? 0];
  });

describe('indexing', () => {
  const simple = loadFixture('indexing').cases.filter(
    (c) => c.op !== 'slice' && (c.op !== 'pad' || c.attrs.mode === 'constant'),
  );
  test.each(simple)('$name', (c) => {
    const { dim, dims = [], pad = [], value } = c.attrs;
    const d = dim as number;
    const functions: Record<string, (...xs: Value[]) => Value> = {
      gather: (x, i) => ops.gather(x, d, i),
      take_along_dim: (x, i) => ops.takeAlongDim(x, i, dim ?? undefined),
      scatter_add: (x, i, src) => ops.scatterAdd(x, d, i, src),
      index_select: (x, i) => ops.indexSelect(x, d, i),
      where: ops.where,
      concat: (...xs) => ops.concat(xs, d),
      stack: (...xs) => ops.stack(xs, d),
      pad: (x) => ops.pad(x, pairs(pad, x.shape.length), value ?? 0),
      flip: (x) => ops.flip(x, dims),
    };
    check(c, functions[c.op]);
  });
});

describe('transcendental functions', () => {
  test.each(loadFixture('transcendental').cases)('$name', (c) => {
    const f = (ops as unknown as Record<string, (...xs: Value[]) => Value>)[c.op];
    const [got] = evaluate(f, c.inputs.map(ndOf));
    for (const [i, want] of c.outputs[0].data.entries()) {
      const g = Number(got.data[i]);
      if (Object.is(g, want) || Math.abs(g - want) <= 4e-15 * Math.abs(want)) continue;
      throw new Error(`${c.op}(${c.inputs.map((x) => x.data[i])}) is ${g}, not ${want}`);
    }
  });
});

describe('normalisation and tables', () => {
  test.each(loadFixture('norms').cases)('$name', (c) => {
    const { normalizedShape = [], eps, training = false, paddingIdx } = c.attrs;
    const functions: Record<string, (...xs: Value[]) => Value> = {
      layer_norm: (x, w, b) => ops.layerNorm(x, normalizedShape, w ?? null, b ?? null, { eps }),
      batch_norm: (x, w, b, mean, variance) =>
        training
          ? ops.batchNormTraining(x, w, b, { eps })[0]
          : ops.batchNorm(x, mean, variance, w, b, { eps }),
      embedding: (w, i) => ops.embedding(w, i, { paddingIdx }),
    };
    check(c, functions[c.op]);
  });
});

describe('attention', () => {
  const attention = loadFixture('sequences').cases.filter((c) => c.op === 'attention');
  test.each(attention)('$name', (c) => {
    const { isCausal, scale } = c.attrs;
    check(c, (q, k, v, mask) =>
      ops.scaledDotProductAttention(q, k, v, { mask: mask ?? null, isCausal, scale }),
    );
  });
});

describe('optimisers', () => {
  const float64 = loadFixture('optim').cases.filter((c) => c.inputs[0].dtype === 'float64');
  test.each(float64)('$name', (c) => {
    const {
      lr,
      weightDecay,
      betas: [b1, b2] = [0, 0],
      eps = 0,
      momentum = 0,
      dampening = 0,
      alpha = 0,
      centered = false,
    } = c.attrs;
    const [param, grads] = c.inputs;
    const n = param.data.length;
    let p = ndOf(param);
    let a = nd(param.shape, new Array(n).fill(0));
    let b = a;
    let state = [a, ...(centered ? [a] : []), ...(momentum === 0 ? [] : [a])];
    const steps: number[] = [];
    for (let t = 1; t <= grads.shape[0]; t++) {
      const g = nd(param.shape, grads.data.slice((t - 1) * n, t * n));
      if (c.op === 'sgd' && momentum === 0) {
        [p] = reference(ops.SGD_UPDATE, [p, g, lr, weightDecay]);
      } else if (c.op === 'sgd') {
        const damp = t === 1 ? 0 : dampening;
        const at = attrs({ nesterov: c.attrs.nesterov === true });
        [p, a] = reference(ops.SGD_MOMENTUM_UPDATE, [p, g, a, lr, momentum, damp, weightDecay], at);
      } else if (c.op === 'rmsprop') {
        const at = attrs({ centered, momentum: momentum !== 0 });
        const hyper = [lr, alpha, eps, weightDecay, ...(momentum === 0 ? [] : [momentum])];
        [p, ...state] = reference(ops.RMSPROP_UPDATE, [p, g, ...state, ...hyper], at);
      } else {
        const hyper = [lr, b1, b2, eps, weightDecay, 1 - b1 ** t, 1 - b2 ** t];
        const at = attrs({ decoupled: c.op === 'adamw' });
        [p, a, b] = reference(ops.ADAM_UPDATE, [p, g, a, b, ...hyper], at);
      }
      steps.push(...Array.from(p.data, Number));
    }
    for (const [i, want] of c.outputs[0].data.entries()) {
      expect(Math.abs(steps[i] - want)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(want)));
    }
  });
});
