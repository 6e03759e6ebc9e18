/** The conformance cases: every op of the table, on the shapes and layouts that break kernels. */
import type { DType, Shape } from '../../src/base/index.ts';
import * as op from '../../src/ir/index.ts';
import { compositeCases } from './composite-cases.ts';
import type { Case, Layout } from './harness.ts';
import { FLOAT, of, positive } from './operands.ts';

type V = op.Value;
type Dim = number | readonly number[] | undefined;

const SHAPES: readonly Shape[] = [
  [],
  [1],
  [4],
  [0],
  [17],
  [3, 5],
  [2, 0, 3],
  [7, 1, 9],
  [2, 3, 4, 5],
];
const LAYOUTS: readonly Layout[] = ['dense', 'transposed', 'reversed', 'every second', 'expanded'];
const SPECIAL = [0, -0, 1, -1, 0.5, -2.5, 1e-40, 3e38, Infinity, -Infinity, Number.NaN];

const special = (i: number) => SPECIAL[i % SPECIAL.length];
const otherSpecial = (i: number) => SPECIAL[Math.floor(i / SPECIAL.length) % SPECIAL.length];

function unary(
  name: string,
  run: (x: V) => V,
  dtypes: readonly DType[],
  fill?: (i: number) => number,
  specials = true,
): Case[] {
  const cases: Case[] = [];
  for (const dtype of dtypes) {
    for (const shape of SHAPES) {
      cases.push({
        name: `${name} ${dtype} [${shape}]`,
        operands: [of(shape, dtype, { fill })],
        run,
      });
    }
    for (const layout of LAYOUTS.slice(1)) {
      const x = of([3, 6, 5], dtype, { fill, layout });
      cases.push({ name: `${name} ${dtype} ${layout}`, operands: [x], run });
    }
    if (specials && dtype.startsWith('float')) {
      const x = of([22], dtype, { fill: special });
      cases.push({ name: `${name} ${dtype} special`, operands: [x], run });
    }
  }
  return cases;
}

const PAIRS: readonly (readonly [Shape, Shape])[] = [
  [[5], [5]],
  [[3, 4], [4]],
  [
    [3, 1],
    [1, 7],
  ],
  [[], [2, 3]],
  [
    [2, 1, 3],
    [5, 1],
  ],
  [
    [0, 3],
    [1, 3],
  ],
  [
    [1, 1],
    [6, 11],
  ],
];

function binary(
  name: string,
  run: (x: V, y: V) => V,
  dtypes: readonly DType[],
  fill?: (i: number) => number,
): Case[] {
  const cases: Case[] = [];
  for (const dtype of dtypes) {
    for (const [a, b] of PAIRS) {
      const operands = [of(a, dtype, { fill }), of(b, dtype)];
      cases.push({ name: `${name} ${dtype} [${a}] [${b}]`, operands, run });
    }
    for (const layout of LAYOUTS.slice(1)) {
      const operands = [of([4, 9], dtype, { fill, layout }), of([4, 9], dtype)];
      cases.push({ name: `${name} ${dtype} ${layout}`, operands, run });
    }
    if (dtype.startsWith('float')) {
      const n = SPECIAL.length ** 2;
      const operands = [of([n], dtype, { fill: special }), of([n], dtype, { fill: otherSpecial })];
      cases.push({ name: `${name} ${dtype} special`, operands, run });
    }
  }
  const mixed = [of([3, 5], 'int32'), of([5], 'float32')];
  cases.push({ name: `${name} int32 with float32`, operands: mixed, run });
  cases.push({
    name: `${name} number on the left`,
    operands: [of([9])],
    run: (x) => (run as (a: op.Operand, b: V) => V)(1.5, x),
  });
  return cases;
}

const NUMBER: readonly DType[] = ['float32', 'float64', 'int32', 'int64'];
const ALL: readonly DType[] = [...NUMBER, 'bool'];

const elementwise: Case[] = [
  ...unary('neg', op.neg, NUMBER),
  ...unary('abs', op.abs, NUMBER),
  ...unary('sign', op.sign, NUMBER),
  ...unary('relu', op.relu, NUMBER),
  ...unary('square', op.square, NUMBER),
  ...unary('copy', op.copy, ALL),
  ...unary('logicalNot', op.logicalNot, ALL),
  ...unary('isnan', op.isnan, FLOAT),
  ...unary('sqrt', op.sqrt, FLOAT, positive),
  ...unary('rsqrt', op.rsqrt, FLOAT, positive),
  ...unary('reciprocal', op.reciprocal, FLOAT, positive),
  ...unary('exp', op.exp, [...FLOAT, 'int32'], undefined),
  ...unary('expm1', op.expm1, FLOAT),
  ...unary('log', op.log, FLOAT, positive),
  ...unary('log1p', op.log1p, FLOAT, positive),
  ...unary('sin', op.sin, FLOAT, undefined, false),
  ...unary('cos', op.cos, FLOAT, undefined, false),
  ...unary('tanh', op.tanh, FLOAT),
  ...unary('erf', op.erf, FLOAT),
  ...unary('sigmoid', op.sigmoid, FLOAT),
  ...unary('silu', op.silu, FLOAT, undefined, false),
  ...unary('softplus', op.softplus, FLOAT, undefined, false),
  ...unary('gelu', (x) => op.gelu(x), FLOAT, undefined, false),
  ...unary('gelu tanh', (x) => op.gelu(x, { approximate: 'tanh' }), FLOAT, undefined, false),
  ...unary('leakyRelu', (x) => op.leakyRelu(x, 0.1), FLOAT),
  ...unary('elu', (x) => op.elu(x), FLOAT),
  ...unary('floor', op.floor, FLOAT),
  ...unary('ceil', op.ceil, FLOAT),
  ...unary('trunc', op.trunc, FLOAT),
  ...unary('round', op.round, FLOAT),
  ...unary('clamp', (x) => op.clamp(x, -0.5, 0.75), FLOAT),
  ...unary('bitwiseNot', op.bitwiseNot, ['int32', 'int64', 'bool']),
  ...unary('shiftRight', (x) => op.shiftRight(x, 3), ['int32', 'int64']),
  ...unary('multiply by a number', (x) => op.mul(x, 3), NUMBER),
  ...unary('add a fraction', (x) => op.add(x, 0.5), NUMBER),
  ...ALL.flatMap((to) => unary(`cast to ${to}`, (x) => op.cast(x, to), ALL)),
  ...binary('add', op.add, NUMBER),
  ...binary('sub', op.sub, NUMBER),
  ...binary('mul', op.mul, NUMBER),
  ...binary('div', op.div, NUMBER),
  ...binary('maximum', op.maximum, NUMBER),
  ...binary('minimum', op.minimum, NUMBER),
  ...binary('floorDivide', op.floorDivide, NUMBER),
  ...binary('remainder', op.remainder, ['int32', 'int64']),
  ...(
    [
      ['float32', 3e38, 0.5],
      ['float64', 3e38, 1e-300],
      ['float64', -1e300, 1e-20],
    ] as const
  ).map(
    ([dtype, x, y]): Case => ({
      name: `remainder whose quotient overflows ${dtype} ${x}`,
      operands: [of([5], dtype, { fill: () => x }), of([5], dtype, { fill: () => y })],
      run: op.remainder,
    }),
  ),
  ...binary('pow', op.pow, ['float64'], positive),
  ...binary('eq', op.eq, NUMBER),
  ...binary('ne', op.ne, NUMBER),
  ...binary('lt', op.lt, NUMBER),
  ...binary('le', op.le, NUMBER),
  ...binary('gt', op.gt, NUMBER),
  ...binary('ge', op.ge, NUMBER),
  ...binary('logicalAnd', op.logicalAnd, NUMBER),
  ...binary('logicalOr', op.logicalOr, NUMBER),
  ...binary('logicalXor', op.logicalXor, NUMBER),
  ...(['int32', 'int64', 'bool'] as const).flatMap((dtype): Case[] => {
    const operands = [of([3, 7], dtype), of([7], dtype)];
    return [
      { name: `bitwiseAnd ${dtype}`, operands, run: op.bitwiseAnd },
      { name: `bitwiseOr ${dtype}`, operands, run: op.bitwiseOr },
      { name: `bitwiseXor ${dtype}`, operands, run: op.bitwiseXor },
    ];
  }),
  ...NUMBER.map(
    (dtype): Case => ({
      name: `where ${dtype}`,
      operands: [of([4, 1], 'bool'), of([4, 6], dtype), of([6], dtype)],
      run: (c, x, y) => op.where(c, x, y),
    }),
  ),
  {
    name: 'a chain that fuses nothing',
    operands: [of([5, 8]), of([8]), of([5, 1])],
    run: (x, y, z) => op.tanh(op.add(op.mul(x, y), z)),
  },
];

const DIMS: readonly (readonly [Shape, number | readonly number[] | undefined])[] = [
  [[7], undefined],
  [[], undefined],
  [[3, 5], 0],
  [[3, 5], 1],
  [[3, 5], undefined],
  [
    [4, 3, 17],
    [0, 2],
  ],
  [[4, 3, 17], 1],
  [
    [2, 3, 4, 5],
    [0, 2, 3],
  ],
  [[1, 1000], 1],
  [[5000], undefined],
  [[130, 70], 0],
];

function reduction(
  name: string,
  run: (x: V, dim?: Dim, keepdim?: boolean) => V,
  dtypes: readonly DType[],
  fill?: (i: number) => number,
): Case[] {
  const cases: Case[] = [];
  for (const dtype of dtypes) {
    for (const [shape, dim] of DIMS) {
      for (const keepdim of [false, true]) {
        cases.push({
          name: `${name} ${dtype} [${shape}] over ${dim ?? 'all'}${keepdim ? ' kept' : ''}`,
          operands: [of(shape, dtype, { fill })],
          run: (x) => run(x, dim, keepdim),
          terms: shape.reduce((a, b) => a * b, 1),
        });
      }
    }
    for (const layout of LAYOUTS.slice(1)) {
      const operands = [of([6, 5, 11], dtype, { layout, fill })];
      const terms = 330;
      cases.push({
        name: `${name} ${dtype} ${layout}`,
        operands,
        run: (x) => run(x, [0, 2]),
        terms,
      });
      cases.push({ name: `${name} ${dtype} ${layout} 1`, operands, run: (x) => run(x, 1), terms });
    }
  }
  return cases;
}

const nearOne = (i: number) => 1 + (((i * 13) % 17) - 8) / 512;
const nanAt5 = (i: number) => (i === 5 ? Number.NaN : (i * 7) % 11);
const ties = (i: number) => (i * 7) % 4;

function argReduction(name: string, run: (x: V, dim?: number, keepdim?: boolean) => V): Case[] {
  const shapes: [Shape, number | undefined][] = [
    [[9], undefined],
    [[3, 5], 0],
    [[3, 5], 1],
    [[4, 3, 70], 2],
    [[4, 70, 3], 1],
    [[40, 3], undefined],
  ];
  return shapes.flatMap(([shape, dim]) =>
    (['float32', 'float64', 'int32', 'int64'] as const).flatMap((dtype) =>
      [ties, ...(dtype.startsWith('float') ? [nanAt5] : [])].map(
        (fill): Case => ({
          name: `${name} ${dtype} [${shape}] over ${dim ?? 'all'} ${fill.name}`,
          operands: [of(shape, dtype, { fill })],
          run: (x) => run(x, dim),
        }),
      ),
    ),
  );
}

const reductions: Case[] = [
  ...reduction('sum', op.sum, [...NUMBER, 'bool']),
  ...reduction('mean', op.mean, FLOAT),
  ...reduction('max', op.max, NUMBER),
  ...reduction('min', op.min, NUMBER),
  ...reduction('prod', op.prod, ['float64', 'int32'], nearOne),
  ...reduction('any', op.any, ['bool', 'float32']),
  ...reduction('all', op.all, ['bool', 'int32']),
  ...reduction('logsumexp', op.logsumexp, FLOAT),
  ...reduction(
    'variance',
    (x, dim, keepdim) => op.variance(x, dim, { keepdim, correction: 0 }),
    FLOAT,
  ),
  ...reduction('std', (x, dim, keepdim) => op.std(x, dim, { keepdim, correction: 0 }), FLOAT),
  ...argReduction('argmax', op.argmax),
  ...argReduction('argmin', op.argmin),
  { name: 'sum of nothing', operands: [of([0, 4])], run: (x) => op.sum(x, 0) },
  { name: 'sum of nothing, all', operands: [of([0, 4])], run: (x) => op.sum(x) },
  { name: 'max with NaN', operands: [of([9], 'float32', { fill: nanAt5 })], run: (x) => op.max(x) },
];

const views: Case[] = ALL.flatMap((dtype): Case[] => [
  { name: `reshape ${dtype}`, operands: [of([4, 6], dtype)], run: (x) => op.reshape(x, [3, -1]) },
  {
    name: `reshape that copies ${dtype}`,
    operands: [of([4, 6], dtype, { layout: 'transposed' })],
    run: (x) => op.reshape(x, [24]),
  },
  {
    name: `permute ${dtype}`,
    operands: [of([2, 3, 4], dtype)],
    run: (x) => op.copy(op.permute(x, [2, 0, 1])),
  },
  {
    name: `expand ${dtype}`,
    operands: [of([3, 1], dtype)],
    run: (x) => op.copy(op.expand(x, [2, 3, 4])),
  },
  {
    name: `flip ${dtype}`,
    operands: [of([3, 5], dtype)],
    run: (x) => op.copy(op.flip(x, [0, 1])),
  },
  {
    name: `narrow ${dtype}`,
    operands: [of([3, 9], dtype)],
    run: (x) => op.copy(op.narrow(x, 1, 2, 5)),
  },
  {
    name: `narrow of a reversed view ${dtype}`,
    operands: [of([3, 9], dtype, { layout: 'reversed' })],
    run: (x) => op.copy(op.narrow(x, 1, 2, 5)),
  },
  {
    name: `concat ${dtype}`,
    operands: [of([3, 2], dtype), of([3, 0], dtype), of([3, 5], dtype, { layout: 'transposed' })],
    run: (...xs) => op.concat(xs, 1),
  },
  {
    name: `stack ${dtype}`,
    operands: [of([4, 3], dtype), of([4, 3], dtype)],
    run: (...xs) => op.stack(xs, 1),
  },
  {
    name: `pad ${dtype}`,
    operands: [of([2, 3], dtype)],
    run: (x) =>
      op.pad(
        x,
        [
          [1, 0],
          [2, 3],
        ],
        dtype === 'bool' ? 1 : 7,
      ),
  },
  {
    name: `unbind ${dtype}`,
    operands: [of([3, 4], dtype)],
    run: (x) => op.unbind(x, 1).map(op.copy),
  },
  {
    name: `unbind of a view ${dtype}`,
    operands: [of([2, 3, 4], dtype, { layout: 'transposed' })],
    run: (x) => op.unbind(x),
  },
  {
    name: `split ${dtype}`,
    operands: [of([7, 3], dtype, { layout: 'reversed' })],
    run: (x) => op.split(x, [2, 0, 4, 1]),
  },
]);

const MATMULS: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [3, 4],
  ],
  [
    [1, 1],
    [1, 1],
  ],
  [[5], [5]],
  [[3, 5], [5]],
  [[5], [5, 2]],
  [
    [3, 0],
    [0, 4],
  ],
  [
    [0, 3],
    [3, 4],
  ],
  [
    [7, 13],
    [13, 11],
  ],
  [
    [1, 64],
    [64, 130],
  ],
  [
    [2, 64],
    [64, 37],
  ],
  [
    [64, 300],
    [300, 10],
  ],
  [
    [65, 257],
    [257, 67],
  ],
  [
    [4, 3, 5],
    [5, 6],
  ],
  [
    [2, 1, 3, 4],
    [5, 4, 2],
  ],
  [
    [130, 9],
    [9, 130],
  ],
  [
    [48, 600],
    [600, 8],
  ],
];

const contractions: Case[] = [
  ...MATMULS.flatMap(([a, b]) =>
    NUMBER.flatMap((dtype): Case[] => {
      const terms = Math.max(1, a[a.length - 1]);
      const cases: Case[] = [
        {
          name: `matmul ${dtype} [${a}] [${b}]`,
          operands: [of(a, dtype), of(b, dtype)],
          run: op.matmul,
          terms,
        },
      ];
      if (a.length < 2 || b.length < 2) return cases;
      for (const [la, lb] of [
        ['transposed', 'dense'],
        ['dense', 'transposed'],
        ['transposed', 'transposed'],
        ['reversed', 'every second'],
      ] as const) {
        cases.push({
          name: `matmul ${dtype} [${a}] ${la} [${b}] ${lb}`,
          operands: [of(a, dtype, { layout: la }), of(b, dtype, { layout: lb })],
          run: op.matmul,
          terms,
        });
      }
      return cases;
    }),
  ),
  ...FLOAT.flatMap((dtype): Case[] => [
    {
      name: `linear ${dtype}`,
      operands: [of([5, 7], dtype), of([9, 7], dtype), of([9], dtype)],
      run: (x, w, b) => op.linear(x, w, b),
      terms: 7,
    },
    {
      name: `linear ${dtype} of rank 3`,
      operands: [of([2, 3, 30], dtype), of([17, 30], dtype)],
      run: (x, w) => op.linear(x, w),
      terms: 30,
    },
  ]),
  ...convolutions(),
];

function convolutions(): Case[] {
  const list: [Shape, Shape, op.ConvOptions][] = [
    [[1, 1, 5, 5], [1, 1, 3, 3], {}],
    [[2, 3, 8, 7], [4, 3, 3, 3], { padding: 1 }],
    [[2, 4, 9, 9], [6, 4, 3, 3], { stride: 2, padding: 1 }],
    [[1, 2, 10, 9], [5, 2, 3, 2], { stride: [3, 2], padding: [2, 1] }],
    [[1, 3, 11, 11], [2, 3, 3, 3], { dilation: 2 }],
    [[2, 4, 7, 7], [8, 2, 3, 3], { groups: 2, padding: 1 }],
    [[1, 6, 6, 6], [6, 1, 3, 3], { groups: 6, padding: 1 }],
    [[2, 16, 6, 5], [9, 16, 1, 1], {}],
    [[2, 5, 8, 8], [7, 5, 1, 1], { stride: 2 }],
    [[1, 8, 12, 12], [16, 8, 5, 3], { padding: [2, 0], stride: 1 }],
    [[2, 3, 9, 9], [4, 3, 4, 4], { stride: 3, padding: 2, dilation: 1 }],
    [[0, 3, 5, 5], [2, 3, 3, 3], {}],
  ];
  return list.flatMap(([xs, ws, options]) =>
    FLOAT.flatMap((dtype): Case[] => {
      const label = `${dtype} [${xs}] [${ws}] ${JSON.stringify(options)}`;
      const terms = ws[1] * ws[2] * ws[3];
      const size = [xs[2], xs[3]] as const;
      const kernel = [ws[2], ws[3]] as const;
      const x = of(xs, dtype);
      const w = of(ws, dtype);
      // The output's shape, by the rule of the op itself on abstract values.
      const dyOf = (a: V, b: V) => op.mul(op.conv2d(a, b, null, options), 0.5);
      return [
        {
          name: `conv2d ${label}`,
          operands: [x, w],
          run: (a, b) => op.conv2d(a, b, null, options),
          terms,
        },
        {
          name: `conv2d bias ${label}`,
          operands: [x, w, of([ws[0]], dtype)],
          run: (a, b, c) => op.conv2d(a, b, c, options),
          terms,
        },
        {
          name: `conv2dInput ${label}`,
          operands: [x, w],
          run: (a, b) => op.conv2dInput(dyOf(a, b), b, size, options),
          terms: terms * ws[0],
        },
        {
          name: `conv2dWeight ${label}`,
          operands: [x, w],
          run: (a, b) => op.conv2dWeight(a, dyOf(a, b), kernel, options),
          terms: terms * 64,
        },
        ...(['conv2d', 'conv2dWeight'] as const).map(
          (face): Case => ({
            // Padding is zeros, and zero times infinity is NaN.
            name: `${face} of an infinite weight ${label}`,
            operands: [x, of(ws, dtype, { fill: (i) => (i === 0 ? Infinity : (i % 9) / 4 - 1) })],
            run: (a, b) =>
              face === 'conv2d'
                ? op.conv2d(a, b, null, options)
                : op.conv2dWeight(a, dyOf(a, b), kernel, options),
            terms: terms * 64,
          }),
        ),
        {
          name: `conv2d of views ${label}`,
          operands: [
            { ...x, layout: 'transposed' },
            { ...w, layout: 'reversed' },
          ],
          run: (a, b) => op.conv2d(a, b, null, options),
          terms,
        },
      ];
    }),
  );
}

const pools: Case[] = [
  [[2, 3, 6, 6], 2, {}],
  [[1, 2, 7, 9], 3, { stride: 2, padding: 1 }],
  [[1, 1, 8, 8], [2, 3], { stride: [1, 2] }],
  [[2, 2, 9, 9], 2, { dilation: 2 }],
  [[1, 2, 7, 43], 2, { ceilMode: true }],
  [[1, 1, 1, 1], 1, {}],
].flatMap(([shape, kernel, options]) =>
  FLOAT.flatMap((dtype): Case[] => {
    const fills = [undefined, ties, nanAt5];
    return fills.map((fill) => ({
      name: `maxPool2d ${dtype} [${shape}] ${kernel} ${JSON.stringify(options)} ${fill?.name ?? ''}`,
      operands: [of(shape as Shape, dtype, { fill })],
      run: (x) => op.maxPool2dWithIndices(x, kernel as number, options as op.PoolOptions),
    }));
  }),
);

/** Back through max-pooling: wide and narrow rows, windows apart and over each other. */
interface Pooling extends op.PoolOptions {
  readonly shape: Shape;
  readonly out: Shape;
  readonly kernel: op.Pair;
}
const poolings: Pooling[] = [
  { shape: [2, 3, 6, 40], out: [3, 20], kernel: [2, 2], stride: [2, 2] },
  { shape: [2, 2, 7, 9], out: [4, 5], kernel: [2, 2], stride: [2, 2], ceilMode: true },
  { shape: [1, 2, 6, 40], out: [6, 40], kernel: [3, 3], stride: [1, 1], padding: [1, 1] },
  { shape: [1, 2, 9, 37], out: [5, 19], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  { shape: [1, 2, 9, 20], out: [7, 7], kernel: [2, 3], stride: [1, 2], dilation: [2, 3] },
  { shape: [1, 1, 10, 20], out: [10, 20], kernel: [7, 7], stride: [1, 1], padding: [3, 3] },
];
const poolGradients = poolings.flatMap(({ shape, out, kernel, ...options }) =>
  FLOAT.flatMap((dtype): Case[] =>
    LAYOUTS.map((layout) => {
      const [batch, channels, height, width] = shape;
      const window: op.PoolOptions = {
        padding: [0, 0],
        dilation: [1, 1],
        ceilMode: false,
        ...options,
      };
      return {
        name: `maxPool2dGrad ${dtype} [${shape}] ${kernel} ${JSON.stringify(options)} ${layout}`,
        operands: [
          of(shape, dtype, { fill: ties }),
          of([batch, channels, ...out], dtype, { layout }),
        ],
        run(x, dy) {
          const [, positions] = op.maxPool2dWithIndices(x, kernel, window);
          const a = op.attrs({ kernel, ...window, height, width });
          return op.apply(op.ops.get('maxPool2dGrad') as op.OpDef, [positions, dy], a);
        },
      };
    }),
  ),
);

const index = (n: number) => (i: number) => ((i * 7) % (2 * n)) - n;

const indexing: Case[] = NUMBER.flatMap((dtype): Case[] => [
  {
    name: `gather ${dtype}`,
    operands: [of([4, 5], dtype), of([4, 3], 'int32', { fill: index(5) })],
    run: (x, i) => op.gather(x, 1, i),
  },
  {
    name: `gather by one computed index ${dtype}`,
    operands: [of([5, 9], dtype), of([1, 1], 'int32', { fill: () => 2 })],
    run: (x, i) => op.gather(x, 0, op.expand(op.add(i, 1), [1, 9])),
  },
  {
    name: `gather by computed indices ${dtype}`,
    operands: [of([5, 9], dtype), of([3, 1], 'int32', { fill: (i) => i })],
    run: (x, i) => op.gather(x, 0, op.expand(op.add(i, 1), [3, 9])),
  },
  {
    name: `gather int64 index ${dtype}`,
    operands: [of([4, 5], dtype), of([7, 5], 'int64', { fill: index(4) })],
    run: (x, i) => op.gather(x, 0, i),
  },
  {
    name: `indexSelect ${dtype}`,
    operands: [
      of([4, 5, 2], dtype, { layout: 'transposed' }),
      of([6], 'int32', { fill: index(5) }),
    ],
    run: (x, i) => op.indexSelect(x, 1, i),
  },
  {
    name: `scatterAdd ${dtype}`,
    operands: [of([4, 5], dtype), of([4, 9], 'int32', { fill: index(5) }), of([4, 9], dtype)],
    run: (x, i, s) => op.scatterAdd(x, 1, i, s),
    terms: 9,
  },
  {
    name: `scatterAdd outer ${dtype}`,
    operands: [
      of([4, 5], dtype),
      of([8, 5], 'int32', { fill: index(4) }),
      of([8, 5], dtype, { layout: 'transposed' }),
    ],
    run: (x, i, s) => op.scatterAdd(x, 0, i, s),
    terms: 9,
  },
]);

const random: Case[] = [
  { name: 'randomBits', operands: [], run: () => op.randomBits([100], [1, 2, 3, 4], 2) },
  { name: 'uniform', operands: [], run: () => op.uniform([3, 33], [7, 0, 5, 0]) },
  { name: 'normal', operands: [], run: () => op.normal([3, 33], [7, 0, 6, 0]), terms: 4 },
  { name: 'randint', operands: [], run: () => op.randint([99], -3, 1000, [7, 0, 8, 0]) },
  { name: 'bernoulli', operands: [], run: () => op.bernoulli([99], 0.25, [7, 0, 9, 0]) },
  { name: 'full', operands: [], run: () => op.full([3, 5], 2.5) },
  { name: 'arange', operands: [], run: () => op.arange(2, 30, 3) },
  { name: 'linspace', operands: [], run: () => op.linspace(-1, 1, 17) },
  { name: 'iota', operands: [], run: () => op.iota(37) },
  { name: 'eye', operands: [], run: () => op.eye(5, 7) },
];

export const cases: readonly Case[] = [
  ...elementwise,
  ...reductions,
  ...views,
  ...contractions,
  ...pools,
  ...poolGradients,
  ...indexing,
  ...random,
  ...compositeCases,
];
