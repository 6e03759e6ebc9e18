/** What the gradient checks differentiate: every op of the table that has a gradient. */
import { numelOf, type Shape } from '../../src/base/index.ts';
import type { IndexItem, Tensor } from '../../src/index.ts';
import * as op from '../../src/ir/index.ts';
import type { Operand } from './harness.ts';
import { sequence } from './sequence.ts';

type V = op.Value;

export interface GradientCase {
  readonly name: string;
  /** float64 operands are differentiated, others stay. */
  readonly operands: readonly Operand[];
  run(...xs: V[]): V;
  /** Equal elements are a kink (ties of max, a deviation of 0): no expanded operands. */
  readonly distinct?: boolean;
}

/** The numbers from 0 up to n in an order of their own. */
function shuffled(n: number, seed: number): number[] {
  const next = sequence(seed * 977 + n);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Numbers from -1.2 to 1.2: apart from each other, from 0, and from those of other seeds. */
function any(shape: Shape, seed = 1): Operand {
  const n = numelOf(shape);
  const order = shuffled(n, seed);
  const fill = (i: number) => ((order[i] + 0.3 + 0.13 * seed) * 2.4) / n - 1.2;
  return { shape, dtype: 'float64', fill };
}

/** The same between 0.3 and 1.5. */
function positive(shape: Shape, seed = 1): Operand {
  const { fill } = any(shape, seed);
  return { shape, dtype: 'float64', fill: (i) => 0.9 + (fill as (i: number) => number)(i) / 2 };
}

const constant = (x: number): Operand => ({ shape: [], dtype: 'float64', fill: () => x });

const ints = (shape: Shape, values: readonly number[]): Operand => ({
  shape,
  dtype: 'int32',
  fill: (i) => values[i % values.length],
});

const bools = (shape: Shape): Operand => ({ shape, dtype: 'bool', fill: (i) => ((i * 5) % 3) & 1 });

const SHAPES: readonly Shape[] = [[], [1], [0], [5], [2, 3], [2, 1, 3]];
const PAIRS: readonly (readonly [Shape, Shape])[] = [
  [[4], [4]],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[], [2, 2]],
  [
    [0, 3],
    [1, 3],
  ],
];

const unary = (name: string, run: (x: V) => V, make = any, distinct = false): GradientCase[] =>
  SHAPES.map((shape) => ({ name: `${name} [${shape}]`, operands: [make(shape)], run, distinct }));

const binary = (name: string, run: (x: V, y: V) => V, left = any, right = any): GradientCase[] =>
  PAIRS.map(([a, b]) => ({
    name: `${name} [${a}] [${b}]`,
    operands: [left(a, 1), right(b, 2)],
    run,
    distinct: true,
  }));

const state = [1, 2, 3, 4] as const;

const elementwise: GradientCase[] = [
  ...unary('neg', op.neg),
  ...unary('abs', op.abs),
  ...unary('relu', op.relu),
  ...unary('square', op.square),
  ...unary('copy', op.copy),
  ...unary('floor', op.floor),
  ...unary('ceil', op.ceil),
  ...unary('trunc', op.trunc),
  ...unary('round', op.round),
  ...unary('sqrt', op.sqrt, positive),
  ...unary('rsqrt', op.rsqrt, positive),
  ...unary('reciprocal', op.reciprocal, positive),
  ...unary('exp', op.exp),
  ...unary('expm1', op.expm1),
  ...unary('log', op.log, positive),
  ...unary('log1p', op.log1p, positive),
  ...unary('sin', op.sin),
  ...unary('cos', op.cos),
  ...unary('tanh', op.tanh),
  ...unary('erf', op.erf),
  ...unary('sigmoid', op.sigmoid),
  ...unary('silu', op.silu),
  ...unary('softplus', op.softplus),
  ...unary('gelu', (x) => op.gelu(x)),
  ...unary('gelu tanh', (x) => op.gelu(x, { approximate: 'tanh' })),
  ...unary('leakyRelu', (x) => op.leakyRelu(x, 0.1)),
  ...unary('elu', (x) => op.elu(x, 0.7)),
  ...unary('clamp', (x) => op.clamp(x, -0.5, 0.4)),
  ...unary('clamp below', (x) => op.clamp(x, null, 0.4)),
  ...unary('dropout', (x) => op.dropout(x, 0.4, state)),
  ...unary('pow 3', (x) => op.pow(x, 3)),
  ...unary('pow -0.5', (x) => op.pow(x, -0.5), positive),
  ...unary('pow of 2', (x) => op.pow(2, x)),
  ...unary('div of 1', (x) => op.div(1, x), positive),
  ...unary('mul itself', (x) => op.mul(x, x)),
  ...binary('add', op.add),
  ...binary('sub', op.sub),
  ...binary('mul', op.mul),
  ...binary('div', op.div, any, positive),
  ...binary('remainder', op.remainder, any, positive),
  ...binary('pow', op.pow, positive),
  ...binary('maximum', op.maximum),
  ...binary('minimum', op.minimum),
  {
    name: 'clamp by tensors',
    operands: [any([3, 4]), any([4], 2), any([3, 1], 3)],
    run: (x, a, b) => op.clamp(x, a, b),
    distinct: true,
  },
  {
    name: 'where',
    operands: [bools([2, 1, 4]), any([3, 1]), any([2, 1, 4], 2)],
    run: (c, x, y) => op.where(c, x, y),
  },
  {
    name: 'where with a number',
    operands: [bools([2, 3]), any([3])],
    run: (c, x) => op.where(c, 2, x),
  },
  {
    name: 'cast there and back',
    operands: [ints([2, 3], [1, -2, 3]), any([2, 3])],
    run: (i, x) => op.mul(op.cast(i, 'float64'), op.cast(x, 'float64')),
  },
];

const REDUCED: readonly (readonly [Shape, number | readonly number[] | undefined])[] = [
  [[], undefined],
  [[5], undefined],
  [[1, 4], 0],
  [[2, 3], 1],
  [
    [2, 3, 2],
    [0, 2],
  ],
  [[3, 2, 2], 1],
];

type Reduce = (x: V, dim: number | readonly number[] | undefined, keepdim: boolean) => V;

const reduction = (name: string, run: Reduce, distinct = false, make = any): GradientCase[] =>
  REDUCED.flatMap(([shape, dim]) =>
    [false, true].map((keepdim) => ({
      name: `${name} [${shape}] over ${dim ?? 'all'}${keepdim ? ' kept' : ''}`,
      operands: [make(shape)],
      run: (x: V) => run(x, dim, keepdim),
      distinct,
    })),
  );

/** Reductions for which one element has no derivative. */
const several = (list: GradientCase[]): GradientCase[] =>
  list.filter((c) => !/ \[\] | \[1,4\] /.test(c.name));

const reductions: GradientCase[] = [
  ...reduction('sum', op.sum),
  ...reduction('mean', op.mean),
  ...reduction('max', op.max, true),
  ...reduction('min', op.min, true),
  ...reduction('prod', op.prod),
  ...reduction('logsumexp', op.logsumexp),
  ...several(reduction('variance', (x, dim, keepdim) => op.variance(x, dim, { keepdim }))),
  ...reduction('variance of all', (x, dim, keepdim) =>
    op.variance(x, dim, { keepdim, correction: 0 }),
  ),
  ...several(reduction('std', (x, dim, keepdim) => op.std(x, dim, { keepdim }), true)),
  { name: 'prod with a zero', operands: [zeroAt([2, 3], [1])], run: (x) => op.prod(x, 1) },
  { name: 'prod with zeros', operands: [zeroAt([2, 4], [0, 2, 5])], run: (x) => op.prod(x, 1) },
  { name: 'sum of nothing', operands: [any([0, 3])], run: (x) => op.sum(x, 0) },
  { name: 'mean of no rows', operands: [any([0, 3])], run: (x) => op.mean(x, 1) },
  { name: 'logsumexp of no rows', operands: [any([0, 3])], run: (x) => op.logsumexp(x, 1) },
  ...[0, 1, -1].flatMap((dim): GradientCase[] => [
    { name: `softmax ${dim}`, operands: [any([2, 3, 2])], run: (x) => op.softmax(x, dim) },
    { name: `logSoftmax ${dim}`, operands: [any([2, 3, 2])], run: (x) => op.logSoftmax(x, dim) },
  ]),
  { name: 'softmax of one', operands: [any([3, 1])], run: (x) => op.softmax(x, 1) },
  { name: 'softmax of no rows', operands: [any([0, 3])], run: (x) => op.softmax(x, 1) },
];

function zeroAt(shape: Shape, places: readonly number[]): Operand {
  const { fill } = any(shape);
  return {
    shape,
    dtype: 'float64',
    fill: (i) => (places.includes(i) ? 0 : (fill as (i: number) => number)(i)),
  };
}

const at = (x: V, ...items: readonly IndexItem[]): V => (x as Tensor).at(...items) as V;

const views: GradientCase[] = [
  { name: 'reshape', operands: [any([2, 3, 2])], run: (x) => op.reshape(x, [3, -1]) },
  { name: 'permute', operands: [any([2, 3, 2])], run: (x) => op.permute(x, [2, 0, 1]) },
  { name: 'transpose', operands: [any([2, 3])], run: (x) => op.tanh(op.transpose(x)) },
  { name: 'expand', operands: [any([3, 1])], run: (x) => op.expand(x, [2, 3, 4]) },
  { name: 'expand to nothing', operands: [any([3, 1])], run: (x) => op.expand(x, [3, 0]) },
  { name: 'squeeze', operands: [any([1, 3, 1])], run: (x) => op.squeeze(x) },
  { name: 'narrow', operands: [any([3, 5])], run: (x) => op.narrow(x, 1, 1, 3) },
  { name: 'flip', operands: [any([2, 3])], run: (x) => op.flip(x, [0, 1]) },
  { name: 'slice', operands: [any([4, 3])], run: (x) => op.slice(x, [3, 0], [-2, 1], [2, 2]) },
  {
    name: 'place',
    operands: [any([2, 2])],
    run: (x) => op.place(x, [1, 0], [2, 1], [5, 3], 9),
  },
  {
    name: 'pad',
    operands: [any([2, 3])],
    run: (x) =>
      op.pad(
        x,
        [
          [1, 0],
          [-1, 2],
        ],
        7,
      ),
  },
  {
    name: 'concat',
    operands: [any([2, 1]), any([2, 0], 2), any([2, 3], 3)],
    run: (...xs) => op.concat(xs, 1),
  },
  {
    name: 'concat of one twice',
    operands: [any([2, 2])],
    run: (x) => op.concat([x, op.mul(x, x), x], 0),
  },
  { name: 'stack', operands: [any([3, 2]), any([3, 2], 2)], run: (...xs) => op.stack(xs, 1) },
  {
    name: 'unbind',
    operands: [any([3, 4])],
    run: (x) => op.unbind(x, 1).reduce((a, b) => op.mul(a, b)),
  },
  {
    name: 'unbind, one of them',
    operands: [any([3, 4])],
    run: (x) => op.square(op.unbind(x)[1]),
  },
  {
    name: 'unbind of one',
    operands: [any([3, 1])],
    run: (x) => op.square(op.unbind(x, 1)[0]),
  },
  {
    name: 'split, one of them unused',
    operands: [any([3, 4])],
    run: (x) => {
      const [a, , b] = op.split(x, [1, 2, 1], 1);
      return op.mul(a, b);
    },
  },
  {
    name: 'split',
    operands: [any([5, 2])],
    run: (x) => op.split(x, [2, 3], 0).reduce((a, b) => op.add(op.sum(a), op.square(b))),
  },
  { name: 'at a row', operands: [any([3, 4])], run: (x) => at(x, -1) },
  { name: 'at a step', operands: [any([3, 5])], run: (x) => at(x, '::-1', '1::2') },
  { name: 'at rows twice', operands: [any([3, 2])], run: (x) => at(x, [0, 2, 0]) },
  {
    name: 'at pairs',
    operands: [any([3, 4])],
    run: (x) => at(x, [0, 2, 2], [1, -1, 1]),
  },
  {
    name: 'at a mask',
    operands: [any([2, 2])],
    run: (x) =>
      at(x, [
        [true, false],
        [true, true],
      ]),
  },
  { name: 'at a new axis', operands: [any([2, 3])], run: (x) => at(x, '...', null, '1:') },
];

const MATMULS: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [3, 2],
  ],
  [
    [1, 1],
    [1, 1],
  ],
  [[3], [3]],
  [[2, 3], [3]],
  [[3], [3, 2]],
  [
    [2, 2, 3],
    [3, 2],
  ],
  [
    [2, 2, 3],
    [2, 3, 1],
  ],
  [
    [2, 1, 2, 2],
    [3, 2, 2],
  ],
  [
    [0, 3],
    [3, 2],
  ],
  [
    [2, 0],
    [0, 3],
  ],
];

const CONVOLUTIONS: readonly (readonly [Shape, Shape, op.ConvOptions])[] = [
  [[1, 1, 3, 3], [1, 1, 2, 2], {}],
  [[2, 2, 3, 3], [3, 2, 3, 3], { padding: 1 }],
  [[1, 2, 5, 4], [2, 2, 3, 2], { stride: [2, 1], padding: [1, 0] }],
  [[1, 1, 5, 6], [2, 1, 2, 3], { dilation: [2, 1], padding: [0, 2], stride: [1, 2] }],
  [[1, 4, 3, 3], [4, 2, 2, 2], { groups: 2, padding: 1 }],
  [[1, 3, 4, 4], [3, 1, 3, 3], { groups: 3, stride: 2, padding: 1 }],
  [[2, 3, 2, 2], [2, 3, 1, 1], {}],
  [[0, 2, 3, 3], [2, 2, 2, 2], {}],
];

const convolutions: GradientCase[] = CONVOLUTIONS.flatMap(([xs, ws, options]) => {
  const label = `[${xs}] [${ws}] ${JSON.stringify(options)}`;
  const x = any(xs);
  const w = any(ws, 2);
  const pair = (o: number | readonly [number, number] = 1) => (typeof o === 'number' ? [o, o] : o);
  const [stride, dilation] = [pair(options.stride), pair(options.dilation)];
  const padding = pair(options.padding ?? 0);
  const out = [0, 1].map(
    (i) =>
      Math.floor((xs[2 + i] + 2 * padding[i] - dilation[i] * (ws[2 + i] - 1) - 1) / stride[i]) + 1,
  );
  const dy = any([xs[0], ws[0], ...out], 3);
  return [
    {
      name: `conv2d ${label}`,
      operands: [x, w, any([ws[0]], 3)],
      run: (a: V, b: V, c: V) => op.conv2d(a, b, c, options),
    },
    {
      name: `conv2dInput ${label}`,
      operands: [dy, w],
      run: (d: V, b: V) => op.conv2dInput(d, b, [xs[2], xs[3]], options),
    },
    {
      name: `conv2dWeight ${label}`,
      operands: [x, dy],
      run: (a: V, d: V) => op.conv2dWeight(a, d, [ws[2], ws[3]], options),
    },
  ];
});

const contractions: GradientCase[] = [
  ...MATMULS.map(
    ([a, b]): GradientCase => ({
      name: `matmul [${a}] [${b}]`,
      operands: [any(a), any(b, 2)],
      run: op.matmul,
    }),
  ),
  {
    name: 'linear',
    operands: [any([2, 3]), any([2, 3], 2), any([2], 3)],
    run: (x, w, b) => op.linear(x, w, b),
  },
  {
    name: 'linear of 3 dimensions',
    operands: [any([2, 2, 3]), any([4, 3], 2)],
    run: (x, w) => op.linear(x, w),
  },
  {
    name: 'linear of a vector',
    operands: [any([3]), any([2, 3], 2), any([2], 3)],
    run: (x, w, b) => op.linear(x, w, b),
  },
  ...convolutions,
  {
    name: 'maxPool2d',
    operands: [any([1, 2, 4, 4])],
    run: (x) => op.maxPool2d(x, 2),
    distinct: true,
  },
  {
    name: 'maxPool2d overlapping',
    operands: [any([2, 1, 4, 3])],
    run: (x) => op.maxPool2d(x, [3, 2], { stride: 1, padding: 1 }),
    distinct: true,
  },
  {
    name: 'maxPool2d dilated',
    operands: [any([1, 1, 5, 5])],
    run: (x) => op.maxPool2d(x, 2, { dilation: 2, stride: [1, 2], ceilMode: true }),
    distinct: true,
  },
  { name: 'avgPool2d', operands: [any([1, 2, 4, 3])], run: (x) => op.avgPool2d(x, 2) },
  {
    name: 'avgPool2d overlapping',
    operands: [any([1, 1, 4, 4])],
    run: (x) => op.avgPool2d(x, 3, { stride: 1, padding: 1 }),
  },
];

const indexing: GradientCase[] = [
  {
    name: 'gather',
    operands: [any([2, 3]), ints([2, 4], [0, 0, -1, 1, 2])],
    run: (x, i) => op.gather(x, 1, i),
  },
  {
    name: 'gather of fewer rows',
    operands: [any([3, 2]), ints([4, 1], [2, 0, 2, 1])],
    run: (x, i) => op.gather(x, 0, i),
  },
  {
    name: 'gather nothing',
    operands: [any([3, 2]), ints([0, 2], [])],
    run: (x, i) => op.gather(x, 0, i),
  },
  {
    name: 'scatterAdd',
    operands: [any([3, 2]), ints([4, 2], [0, 2, 0, -2]), any([4, 2], 2)],
    run: (x, i, s) => op.scatterAdd(x, 0, i, s),
  },
  {
    name: 'scatterAdd along rows',
    operands: [any([2, 3]), ints([2, 4], [1, 1, 0]), any([2, 4], 2)],
    run: (x, i, s) => op.scatterAdd(x, 1, i, s),
  },
  {
    name: 'indexSelect',
    operands: [any([3, 2, 2]), ints([4], [2, 0, 2, -1])],
    run: (x, i) => op.indexSelect(x, 0, i),
  },
  {
    name: 'takeAlongDim',
    operands: [any([2, 3]), ints([1, 2], [2, 0])],
    run: (x, i) => op.takeAlongDim(x, i, 1),
  },
];

const losses: GradientCase[] = (['mean', 'sum', 'none'] as const).flatMap((reduction) => {
  const list: GradientCase[] = [
    {
      name: `mse ${reduction}`,
      operands: [any([2, 3]), any([2, 3], 2)],
      run: (x, y) => op.mse(x, y, { reduction }),
    },
    {
      name: `crossEntropy ${reduction}`,
      operands: [any([3, 4]), ints([3], [1, 3, 0])],
      run: (x, y) => op.crossEntropy(x, y, { reduction }),
    },
    {
      name: `crossEntropy smoothed, ignoring ${reduction}`,
      operands: [any([3, 4, 2]), ints([3, 2], [1, 3, 0, 2, 2, 3])],
      run: (x, y) => op.crossEntropy(x, y, { reduction, labelSmoothing: 0.2, ignoreIndex: 3 }),
    },
    {
      name: `crossEntropy of one example ${reduction}`,
      operands: [any([4]), ints([], [2])],
      run: (x, y) => op.crossEntropy(x, y, { reduction }),
    },
    {
      name: `crossEntropy of probabilities ${reduction}`,
      operands: [any([2, 3]), positive([2, 3], 2)],
      run: (x, y) => op.crossEntropy(x, y, { reduction, labelSmoothing: 0.1 }),
    },
    {
      name: `nllLoss ${reduction}`,
      operands: [any([3, 4]), ints([3], [1, 3, 0])],
      run: (x, y) => op.nllLoss(x, y, { reduction, ignoreIndex: 3 }),
    },
  ];
  return list;
});

const NORMALIZED: readonly Shape[] = [
  [3, 2],
  [2, 3, 2],
  [2, 2, 2, 3],
];

const norms: GradientCase[] = NORMALIZED.flatMap((shape): GradientCase[] => {
  const x = any(shape);
  const channels = (seed: number) => any([shape[1]], seed);
  const last = shape.slice(-1);
  const inner = shape.slice(1);
  // A batch of equal rows has no variance; with this eps that is no kink.
  const eps = { eps: 0.1 };
  return [
    {
      name: `layerNorm [${shape}]`,
      operands: [x, any(last, 2), any(last, 3)],
      run: (a, w, b) => op.layerNorm(a, last, w, b, eps),
    },
    {
      name: `layerNorm plain [${shape}]`,
      operands: [x],
      run: (a) => op.layerNorm(a, last, null, null, eps),
    },
    {
      name: `layerNorm scaled only [${shape}]`,
      operands: [x, any(inner, 2)],
      run: (a, w) => op.layerNorm(a, inner, w, null, eps),
    },
    {
      name: `layerNorm shifted only [${shape}]`,
      operands: [x, any(inner, 2)],
      run: (a, b) => op.layerNorm(a, inner, null, b, eps),
    },
    {
      name: `batchNormTraining [${shape}]`,
      operands: [x, channels(2), channels(3)],
      run: (a, w, b) => op.batchNormTraining(a, w, b, eps)[0],
    },
    {
      name: `batchNormTraining plain [${shape}]`,
      operands: [x],
      run: (a) => op.batchNormTraining(a, null, null, eps)[0],
    },
    {
      name: `batchNormTraining and its statistics [${shape}]`,
      operands: [x, channels(2)],
      run: (a, w) =>
        op.concat(
          op.batchNormTraining(a, w, null, eps).map((y) => op.flatten(y)),
          0,
        ),
    },
    {
      name: `batchNorm [${shape}]`,
      operands: [x, channels(2), positive([shape[1]], 3), channels(4), channels(5)],
      run: (a, m, v, w, b) => op.batchNorm(a, m, v, w, b, eps),
    },
    {
      name: `batchNorm plain [${shape}]`,
      operands: [x, channels(2), positive([shape[1]], 3)],
      run: (a, m, v) => op.batchNorm(a, m, v, null, null, eps),
    },
  ];
});

const tables: GradientCase[] = [
  {
    name: 'embedding',
    operands: [any([4, 3]), ints([2, 3], [1, 3, 1, 0])],
    run: (w, i) => op.embedding(w, i),
  },
  {
    name: 'embedding of one index',
    operands: [any([4, 3]), ints([], [2])],
    run: (w, i) => op.embedding(w, i),
  },
  {
    name: 'embedding of none',
    operands: [any([4, 3]), ints([0, 2], [])],
    run: (w, i) => op.embedding(w, i),
  },
];

const ATTENTION: readonly (readonly [Shape, Shape, Shape])[] = [
  [
    [2, 3],
    [3, 3],
    [3, 2],
  ],
  [
    [2, 1, 2, 2],
    [2, 3, 2],
    [1, 3, 1],
  ],
  [
    [2, 2],
    [2, 2],
    [2, 2, 2],
  ],
  [
    [2, 2],
    [0, 2],
    [0, 3],
  ],
];

const sequences: GradientCase[] = [
  ...ATTENTION.flatMap(([q, k, v]): GradientCase[] => {
    const operands = [any(q), any(k, 2), any(v, 3)];
    const score = [q.at(-2) as number, k.at(-2) as number];
    return [
      {
        name: `scaledDotProductAttention [${q}] [${k}] [${v}]`,
        operands,
        run: (a, b, c) => op.scaledDotProductAttention(a, b, c),
      },
      {
        name: `scaledDotProductAttention causal [${q}] [${k}] [${v}]`,
        operands,
        run: (a, b, c) => op.scaledDotProductAttention(a, b, c, { isCausal: true, scale: 2 }),
      },
      {
        name: `scaledDotProductAttention of bools [${q}] [${k}] [${v}]`,
        // Row 0 may attend to nothing.
        operands: [...operands, { shape: score, dtype: 'bool', fill: (i) => +(i >= score[1]) }],
        run: (a, b, c, mask) => op.scaledDotProductAttention(a, b, c, { mask }),
      },
      {
        name: `scaledDotProductAttention of floats [${q}] [${k}] [${v}]`,
        operands: [...operands, any(score, 4)],
        run: (a, b, c, mask) => op.scaledDotProductAttention(a, b, c, { mask }),
      },
      {
        name: `scaledDotProductAttention with dropout [${q}] [${k}] [${v}]`,
        operands,
        run: (a, b, c) =>
          op.scaledDotProductAttention(a, b, c, {}, { p: 0.3, state: [7, 2, 3, 4] }),
      },
    ];
  }),
  {
    name: 'scaledDotProductAttention of itself',
    operands: [any([3, 2])],
    run: (x) => op.scaledDotProductAttention(x, x, x),
  },
  ...[
    [1, 1, 1],
    [3, 2, 2],
  ].flatMap(([steps, batch, hidden]) =>
    [false, true].map(
      (reverse): GradientCase => ({
        name: `lstm [${steps}, ${batch}, ${hidden}]${reverse ? ' reverse' : ''}`,
        operands: [
          any([steps, batch, 4 * hidden]),
          any([4 * hidden, hidden], 2),
          any([batch, hidden], 3),
          any([batch, hidden], 4),
        ],
        run: (x, w, h, c) => op.stack(op.lstm(x, w, h, c, { reverse })),
      }),
    ),
  ),
  {
    name: 'lstm, the last hidden state alone',
    operands: [any([2, 1, 4]), any([4, 1], 2), any([1, 1], 3), any([1, 1], 4)],
    run: (x, w, h, c) => op.narrow(op.lstm(x, w, h, c)[0], 0, 1, 1),
  },
];

/** Through a step of an optimiser, as in learning to learn. */
const updates: GradientCase[] = [
  {
    name: 'sgdUpdate',
    operands: [any([2, 2]), any([2, 2], 2), positive([], 3)],
    run: (p, g, lr) => op.sgdUpdate(p, g, lr, 0.1),
  },
  ...[false, true].map(
    (nesterov): GradientCase => ({
      name: `sgdMomentumUpdate${nesterov ? ' by Nesterov' : ''}`,
      operands: [any([2, 2]), any([2, 2], 2), any([2, 2], 3), positive([], 4)],
      run: (p, g, m, b) =>
        op.concat(op.sgdMomentumUpdate(p, g, m, 0.1, b, 0.2, 0.3, { nesterov }), 0),
    }),
  ),
  {
    name: 'runningUpdate',
    operands: [1, 2, 3, 4].map((seed) => any([3], seed)),
    run: (m, v, x, y) => op.concat(op.runningUpdate(m, v, x, y, 0.2, 1.5), 0),
  },
  ...[false, true].flatMap((centered) =>
    [false, true].map(
      (momentum): GradientCase => ({
        name: `rmspropUpdate${centered ? ' centred' : ''}${momentum ? ' with momentum' : ''}`,
        operands: [
          any([2, 2], 1),
          any([2, 2], 2),
          positive([2, 2], 3),
          any([2, 2], 4),
          any([2, 2], 5),
          // lr, alpha, eps, weight decay, momentum.
          ...[0.1, 0.9, 1e-3, 0.1, 0.8].map(constant),
        ],
        run: (p, g, v, a, b, ...hypers) => {
          const state = {
            square: op.add(v, 1),
            average: centered ? a : undefined,
            buffer: momentum ? b : undefined,
          };
          const [lr, alpha, eps, wd, mu] = hypers;
          return op.concat(op.rmspropUpdate(p, g, state, lr, alpha, eps, wd, mu), 0);
        },
      }),
    ),
  ),
  ...[false, true].map(
    (decoupled): GradientCase => ({
      name: `adamUpdate${decoupled ? ' decoupled' : ''}`,
      operands: [
        ...[1, 2, 3].map((seed) => any([2, 2], seed)),
        positive([2, 2], 4),
        // lr, beta1, beta2, eps, weight decay, and the two corrections of the bias.
        ...[0.1, 0.9, 0.99, 1e-3, 0.1, 0.5, 0.4].map(constant),
      ],
      run: (p, g, m, v, lr, b1, b2, eps, wd, c1, c2) =>
        op.concat(op.adamUpdate(p, g, m, v, lr, b1, b2, eps, wd, c1, c2, { decoupled }), 0),
    }),
  ),
  {
    name: 'adamUpdate with numbers',
    operands: [...[1, 2, 3].map((seed) => any([2, 2], seed)), positive([2, 2], 4)],
    run: (p, g, m, v) =>
      op.concat(op.adamUpdate(p, g, m, v, 0.1, 0.9, 0.99, 1e-3, 0.1, 0.5, 0.4), 0),
  },
];

export const gradientCases: readonly GradientCase[] = [
  ...elementwise,
  ...reductions,
  ...views,
  ...contractions,
  ...indexing,
  ...losses,
  ...norms,
  ...tables,
  ...sequences,
  ...updates,
];
