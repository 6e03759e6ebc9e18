/** Calls of ops that layers, losses and optimisers are made of, and of ops without operands. */
import type { DType } from '../../src/base/index.ts';
import type { Builder, Maker } from './builder.ts';
import { Ref, type Step } from './steps.ts';

const float = (b: Builder): DType =>
  b.mode === 'grad' ? 'float64' : b.pick(['float32', 'float32', 'float64'] as const);
const operand = (b: Builder, shape: readonly number[], dtype: DType): Ref =>
  new Ref(b.operand(shape, dtype));
/** Elements from 0 on. */
const positive = (b: Builder, shape: readonly number[], dtype: DType): Ref =>
  new Ref(b.must({ fn: 'abs', args: [operand(b, shape, dtype)], kind: 'exact' }));
const label = (b: Builder, shape: readonly number[], size: number): Ref =>
  new Ref(b.operand(shape, b.pick(['int32', 'int64'] as const), 'label', size));
const maybe = (b: Builder, make: () => Ref): Ref | null => (b.chance(0.6) ? make() : null);
const layer = (fn: string, args: readonly unknown[], item?: number): Step => ({
  fn: `ir.${fn}`,
  args,
  kind: 'layer',
  ...(item === undefined ? {} : { item }),
});
const leading = (b: Builder, most: number): number[] =>
  Array.from({ length: b.int(0, most) }, () => b.int(1, 4));

const linear: Maker = (b) => {
  const [dtype, from, to] = [float(b), b.size(), b.size()];
  const x = operand(b, [...leading(b, 2), from], dtype);
  const weight = operand(b, [to, from], dtype);
  return layer('linear', [x, weight, maybe(b, () => operand(b, [to], dtype))]);
};

const layerNorm: Maker = (b) => {
  const dtype = float(b);
  const inner = b.chance(0.6) ? [b.int(1, 40)] : [b.int(1, 7), b.int(1, 9)];
  const x = operand(b, [...leading(b, 2), ...inner], dtype);
  const [w, bias] = [0, 1].map(() => maybe(b, () => operand(b, inner, dtype)));
  return layer('layerNorm', [x, inner, w, bias, { eps: b.pick([1e-5, 0.1]) }]);
};

const channels = (b: Builder): { shape: number[]; c: number[] } => {
  const c = b.int(1, 9);
  const space = b.chance(0.5) ? [b.int(1, 7), b.int(1, 7)] : [];
  return { shape: [b.int(1, 5), c, ...space], c: [c] };
};

const batchNorm: Maker = (b) => {
  const [dtype, { shape, c }] = [float(b), channels(b)];
  const [x, mean] = [operand(b, shape, dtype), operand(b, c, dtype)];
  const [w, bias] = [0, 1].map(() => maybe(b, () => operand(b, c, dtype)));
  return layer('batchNorm', [x, mean, positive(b, c, dtype), w, bias, { eps: 0.1 }]);
};

const batchNormTraining: Maker = (b) => {
  const [dtype, { shape, c }] = [float(b), channels(b)];
  const [w, bias] = [0, 1].map(() => maybe(b, () => operand(b, c, dtype)));
  return layer(
    'batchNormTraining',
    [operand(b, shape, dtype), w, bias, { eps: 0.1 }],
    b.pick([0, 0, 1, 2]),
  );
};

const runningUpdate: Maker = (b) => {
  const [dtype, n] = [float(b), [b.size()]];
  const [m, v, x, y] = [0, 1, 2, 3].map(() => operand(b, n, dtype));
  return layer('runningUpdate', [m, v, x, y, 0.125, 8 / 7], b.int(0, 1));
};

const embedding: Maker = (b) => {
  const [rows, dtype] = [b.int(1, 12), float(b)];
  const table = operand(b, [rows, b.size()], dtype);
  const options = b.chance(0.3) ? { paddingIdx: b.int(0, rows - 1) } : {};
  return { ...layer('embedding', [table, label(b, b.shape(2, 60), rows), options]), kind: 'move' };
};

const crossEntropy: Maker = (b) => {
  const [classes, dtype, batch] = [b.int(1, 20), float(b), [b.int(1, 9)]];
  const space = b.chance(0.3) ? [b.int(1, 5)] : [];
  const x = operand(b, [...batch, classes, ...space], dtype);
  const reduction = b.pick(['mean', 'sum', 'none'] as const);
  const options = { reduction, ...(b.chance(0.4) ? { labelSmoothing: 0.125 } : {}) };
  return layer('crossEntropy', [x, label(b, [...batch, ...space], classes), options]);
};

const nllLoss: Maker = (b) => {
  const [classes, dtype, n] = [b.int(1, 20), float(b), b.int(1, 9)];
  const reduction = b.pick(['mean', 'sum', 'none'] as const);
  return layer('nllLoss', [operand(b, [n, classes], dtype), label(b, [n], classes), { reduction }]);
};

const mse: Maker = (b) => {
  const [shape, dtype] = [b.shape(3), float(b)];
  const reduction = b.pick(['mean', 'sum', 'none'] as const);
  return layer('mse', [operand(b, shape, dtype), operand(b, shape, dtype), { reduction }]);
};

const lstm: Maker = (b) => {
  const [dtype, hidden, batch] = [float(b), b.int(1, 19), b.int(1, 5)];
  const x = operand(b, [b.int(1, 4), batch, 4 * hidden], dtype);
  const [h, c] = [0, 1].map(() => operand(b, [batch, hidden], dtype));
  const options = { reverse: b.int(0, 1) === 1 };
  const weight = operand(b, [4 * hidden, hidden], dtype);
  return layer('lstm', [x, weight, h, c, options], b.int(0, 1));
};

const attention: Maker = (b) => {
  const [dtype, outer] = [float(b), leading(b, 2)];
  const [l, s, e, f] = [b.int(1, 9), b.int(1, 18), b.int(1, 9), b.int(1, 9)];
  const operands = [
    [l, e],
    [s, e],
    [s, f],
  ].map((own) => operand(b, [...outer, ...own], dtype));
  const options = b.chance(0.3)
    ? { isCausal: true }
    : b.chance(0.4)
      ? { mask: new Ref(b.operand([l, s], b.pick(['bool', dtype] as const))) }
      : { scale: 0.5 };
  const drop = b.chance(0.3) ? { p: 0.25, state: state(b) } : null;
  return layer('scaledDotProductAttention', [...operands, options, drop]);
};

const sgd: Maker = (b) => {
  const [shape, dtype] = [b.shape(3), float(b)];
  const [p, g, m] = [0, 1, 2].map(() => operand(b, shape, dtype));
  if (b.chance(0.5)) return layer('sgdUpdate', [p, g, 0.125, 0.5]);
  const options = { nesterov: b.chance(0.5) };
  return layer('sgdMomentumUpdate', [p, g, m, 0.125, 0.5, 0, 0.25, options], b.int(0, 1));
};

const adam: Maker = (b) => {
  const [shape, dtype] = [b.shape(3), float(b)];
  const [p, g, m] = [0, 1, 2].map(() => operand(b, shape, dtype));
  const v = positive(b, shape, dtype);
  const rates = [0.125, 0.75, 0.875, 1e-3, 0.25, 0.5, 0.5];
  return layer('adamUpdate', [p, g, m, v, ...rates, { decoupled: b.chance(0.5) }], b.int(0, 2));
};

const rmsprop: Maker = (b) => {
  const [shape, dtype] = [b.shape(3), float(b)];
  const [p, g] = [0, 1].map(() => operand(b, shape, dtype));
  const centered = b.chance(0.5);
  const own = positive(b, shape, dtype);
  const square = centered ? new Ref(b.must({ fn: 'add', args: [own, 9], kind: 'exact' })) : own;
  const state = {
    square,
    ...(centered ? { average: operand(b, shape, dtype) } : {}),
    ...(b.chance(0.5) ? { buffer: operand(b, shape, dtype) } : {}),
  };
  return layer('rmspropUpdate', [p, g, state, 0.125, 0.75, 1e-3, 0.25, 0.5], b.int(0, 1));
};

/** Seed and counter of random numbers. */
function state(b: Builder): number[] {
  return [0, 1, 2, 3].map(() => b.int(0, 2 ** 31 - 1));
}

const dropout: Maker = (b) => {
  const x = operand(b, b.shape(3), float(b));
  return { fn: 'ir.dropout', args: [x, b.pick([0, 0.25, 0.3, 1]), state(b)], kind: 'composite' };
};

/** What layers, losses and optimisers call. */
export const LAYERS: readonly Maker[] = [
  linear,
  layerNorm,
  batchNorm,
  batchNormTraining,
  runningUpdate,
  embedding,
  crossEntropy,
  nllLoss,
  mse,
  lstm,
  attention,
  sgd,
  adam,
  rmsprop,
  dropout,
];

const random =
  (fn: string, ...more: readonly number[]): Maker =>
  (b) => ({
    fn: `ir.${fn}`,
    args: [b.shape(3), ...more, state(b), ...(fn === 'randomBits' ? [b.int(0, 3)] : [])],
    kind: fn === 'normal' ? 'composite' : 'exact',
  });

const dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'int64', 'bool'];
const range: Maker = (b) => {
  const dtype = b.pick(['float32', 'float64', 'int32', 'int64'] as const);
  return {
    fn: 'ir.arange',
    args: [b.int(-5, 5), b.int(-5, 60), b.pick([1, 2, 3]), dtype],
    kind: 'exact',
  };
};
const linspace: Maker = (b) => {
  const args = [b.int(-8, 8), b.int(-8, 8), b.size(), b.pick(['float32', 'float64'])];
  return { fn: 'ir.linspace', args, kind: 'composite' };
};
const eye: Maker = (b) => ({
  fn: 'ir.eye',
  args: [b.size(), b.size(), b.pick(dtypes)],
  kind: 'exact',
});
const full: Maker = (b) => ({
  fn: 'ir.full',
  args: [b.shape(3), b.int(0, 1), b.pick(dtypes)],
  kind: 'exact',
});

/** What needs no operand. */
export const SOURCES: readonly Maker[] = [
  random('uniform'),
  random('normal'),
  random('randint', -7, 40),
  random('bernoulli', 0.3),
  random('randomBits'),
  range,
  linspace,
  eye,
  full,
];
