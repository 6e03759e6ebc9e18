/** The conformance cases of composites: losses, norms, tables, attention, cells, optimisers' updates. */
import type { Shape } from '../../src/base/index.ts';
import * as op from '../../src/ir/index.ts';
import type { Case, Layout } from './harness.ts';
import { FLOAT, label, of, positive } from './operands.ts';

const composites: Case[] = FLOAT.flatMap((dtype): Case[] => [
  ...[0, 1, -1].flatMap((dim): Case[] => [
    {
      name: `softmax ${dtype} ${dim}`,
      operands: [of([6, 13], dtype)],
      run: (x) => op.softmax(x, dim),
      terms: 13,
    },
    {
      name: `logSoftmax ${dtype} ${dim}`,
      operands: [of([6, 13], dtype)],
      run: (x) => op.logSoftmax(x, dim),
      terms: 13,
    },
  ]),
  {
    name: `softmax of 3 dims ${dtype}`,
    operands: [of([3, 4, 50], dtype, { layout: 'transposed' })],
    run: (x) => op.softmax(x, 1),
    terms: 4,
  },
  ...(['mean', 'sum', 'none'] as const).flatMap((reduction): Case[] => [
    {
      name: `crossEntropy ${dtype} ${reduction}`,
      operands: [of([9, 10], dtype), of([9], 'int32', { fill: label(10) })],
      run: (x, y) => op.crossEntropy(x, y, { reduction }),
      terms: 90,
    },
    {
      name: `crossEntropy smooth ${dtype} ${reduction}`,
      operands: [of([5, 4, 3], dtype), of([5, 3], 'int64', { fill: label(4) })],
      run: (x, y) => op.crossEntropy(x, y, { reduction, labelSmoothing: 0.1 }),
      terms: 90,
    },
    {
      name: `mse ${dtype} ${reduction}`,
      operands: [of([5, 4], dtype), of([5, 4], dtype)],
      run: (x, y) => op.mse(x, y, { reduction }),
      terms: 20,
    },
  ]),
  ...[0.5, 0.3].map(
    (p): Case => ({
      name: `dropout ${dtype} ${p}`,
      operands: [of([300], dtype)],
      run: (x) => op.dropout(x, p, [1, 2, 3, 4]),
    }),
  ),
  {
    // One label for several pixels: its fault names one place, whatever the lanes.
    name: `crossEntropy of a label for many ${dtype}`,
    operands: [of([9, 6, 19], dtype), of([9, 1], 'int32', { fill: label(6) })],
    run: (x, y) => op.crossEntropy(x, op.expand(y, [9, 19]), { reduction: 'none' }),
    terms: 6,
  },
  {
    name: `layer normalisation written out ${dtype}`,
    operands: [of([7, 24], dtype), of([24], dtype), of([24], dtype)],
    run: (x, w, b) => {
      const centred = op.sub(x, op.mean(x, 1, true));
      const scale = op.rsqrt(op.add(op.mean(op.square(centred), 1, true), 1e-5));
      return op.add(op.mul(op.mul(centred, scale), w), b);
    },
    terms: 24,
  },
]);

const norms: Case[] = FLOAT.flatMap((dtype): Case[] => {
  const list: [Shape, Layout, Layout][] = [
    [[4, 3], 'dense', 'dense'],
    [[3, 5, 2, 4], 'dense', 'dense'],
    [[2, 3, 7, 5], 'transposed', 'reversed'],
    [[6, 1, 1, 17], 'every second', 'dense'],
    [[2, 40, 3], 'reversed', 'every second'],
    [[5, 2, 3, 3], 'expanded', 'dense'],
  ];
  return list.flatMap(([shape, layout, other]): Case[] => {
    const x = of(shape, dtype, { layout });
    const name = `${dtype} [${shape}] ${layout}`;
    const channels = of([shape[1]], dtype, { layout: other });
    const spread = of([shape[1]], dtype, { fill: positive });
    const last = shape.slice(-1);
    const inner = shape.slice(1);
    const terms = shape.reduce((a, b) => a * b, 1);
    return [
      {
        name: `layerNorm ${name}`,
        operands: [x, of(last, dtype, { layout: other }), of(last, dtype)],
        run: (a, w, b) => op.layerNorm(a, last, w, b),
        terms,
      },
      {
        name: `layerNorm of several dimensions ${name}`,
        operands: [x, of(inner, dtype, { layout: other })],
        run: (a, w) => op.layerNorm(a, inner, w, null, { eps: 0.1 }),
        terms,
      },
      {
        name: `batchNormTraining ${name}`,
        operands: [x, channels, channels],
        run: (a, w, b) => op.batchNormTraining(a, w, b),
        terms,
      },
      {
        name: `batchNormTraining plain ${name}`,
        operands: [x],
        run: (a) => op.batchNormTraining(a, null, null, { eps: 0.1 }),
        terms,
      },
      {
        name: `batchNorm ${name}`,
        operands: [x, channels, spread, channels, channels],
        run: (a, m, v, w, b) => op.batchNorm(a, m, v, w, b),
        terms: 4,
      },
    ];
  });
});

const tables: Case[] = FLOAT.flatMap((dtype): Case[] =>
  (['int32', 'int64'] as const).flatMap((type): Case[] => [
    {
      name: `embedding ${dtype} ${type}`,
      operands: [of([7, 5], dtype), of([3, 4], type, { fill: label(7) })],
      run: (w, i) => op.embedding(w, i),
    },
    {
      name: `embedding of views ${dtype} ${type}`,
      operands: [
        of([7, 5], dtype, { layout: 'transposed' }),
        of([2, 3, 2], type, { fill: label(7), layout: 'reversed' }),
      ],
      run: (w, i) => op.embedding(w, i, { paddingIdx: 2 }),
    },
    {
      name: `embedding of one index ${dtype} ${type}`,
      operands: [of([7, 5], dtype), of([], type, { fill: () => 3 })],
      run: (w, i) => op.embedding(w, i),
    },
    {
      name: `embedding of none ${dtype} ${type}`,
      operands: [of([7, 5], dtype), of([0, 4], type)],
      run: (w, i) => op.embedding(w, i),
    },
  ]),
);

const NO_ROW_1 = (i: number) => (Math.floor(i / 5) % 4 === 1 ? 0 : (i * 3) % 4);
const NOT_IN_ROW_2 = (i: number) =>
  Math.floor(i / 5) % 4 === 2 ? Number.NEGATIVE_INFINITY : ((i * 7) % 9) / 4 - 1;

const sequences: Case[] = FLOAT.flatMap((dtype): Case[] => {
  const shapes: [Shape, Shape, Shape, Layout][] = [
    [[4, 3], [5, 3], [5, 2], 'dense'],
    [[2, 3, 17, 8], [2, 3, 13, 8], [2, 3, 13, 5], 'dense'],
    [[2, 6, 4], [2, 6, 4], [2, 6, 4], 'transposed'],
    [[3, 1, 5, 4], [1, 2, 7, 4], [1, 2, 7, 3], 'reversed'],
    [[3, 4], [5, 4], [2, 5, 3], 'every second'],
    [[1, 1], [1, 1], [1, 1], 'dense'],
    [[3, 4], [0, 4], [0, 2], 'dense'],
    [[0, 4], [3, 4], [3, 2], 'dense'],
    [[3, 0], [4, 0], [4, 2], 'dense'],
  ];
  const small = [of([2, 4, 3], dtype), of([2, 5, 3], dtype), of([2, 5, 2], dtype)];
  return [
    ...shapes.flatMap(([q, k, v, layout]): Case[] => {
      const operands = [of(q, dtype, { layout }), of(k, dtype, { layout }), of(v, dtype)];
      const name = `${dtype} [${q}] [${k}] [${v}] ${layout}`;
      return [
        {
          name: `scaledDotProductAttention ${name}`,
          operands,
          run: (a, b, c) => op.scaledDotProductAttention(a, b, c),
          terms: 64,
        },
        {
          name: `scaledDotProductAttention causal ${name}`,
          operands,
          run: (a, b, c) => op.scaledDotProductAttention(a, b, c, { isCausal: true, scale: 0.7 }),
          terms: 64,
        },
      ];
    }),
    {
      // Long enough to be computed in blocks, the last of them narrow.
      name: `scaledDotProductAttention causal in blocks, with dropout ${dtype}`,
      operands: [
        of([2, 260, 4], dtype, { layout: 'transposed' }),
        of([256, 4], dtype),
        of([256, 3], dtype),
      ],
      run: (a, b, c) => {
        const drop = { p: 0.3, state: [1, 2, 3, 4] as const };
        return op.scaledDotProductAttention(a, b, c, { isCausal: true }, drop);
      },
      terms: 256,
    },
    {
      name: `scaledDotProductAttention with a mask of bools ${dtype}`,
      operands: [...small, of([4, 5], 'bool', { fill: NO_ROW_1 })],
      run: (a, b, c, mask) => op.scaledDotProductAttention(a, b, c, { mask }),
      terms: 16,
    },
    ...FLOAT.map(
      (other): Case => ({
        name: `scaledDotProductAttention with a mask of ${other} ${dtype}`,
        operands: [...small, of([2, 4, 5], other, { fill: NOT_IN_ROW_2 })],
        run: (a, b, c, mask) => op.scaledDotProductAttention(a, b, c, { mask }),
        terms: 16,
      }),
    ),
    {
      name: `scaledDotProductAttention with dropout ${dtype}`,
      operands: small,
      run: (a, b, c) => op.scaledDotProductAttention(a, b, c, {}, { p: 0.4, state: [1, 2, 3, 4] }),
      terms: 16,
    },
    ...[
      [1, 1, 1],
      [3, 2, 5],
      [4, 7, 16],
      [2, 0, 3],
    ].flatMap(([steps, batch, hidden]) =>
      [false, true].map(
        (reverse): Case => ({
          name: `lstm ${dtype} [${steps}, ${batch}, ${hidden}]${reverse ? ' reverse' : ''}`,
          operands: [
            of([steps, batch, 4 * hidden], dtype, { layout: 'transposed' }),
            of([4 * hidden, hidden], dtype),
            of([batch, hidden], dtype, { layout: 'reversed' }),
            of([batch, hidden], dtype),
          ],
          run: (x, w, h, c) => op.lstm(x, w, h, c, { reverse }),
          terms: 4 * steps * hidden,
        }),
      ),
    ),
  ];
});

const updates: Case[] = FLOAT.flatMap((dtype): Case[] => {
  const p = of([5, 7], dtype);
  const one = of([], dtype, { fill: () => 0.5 });
  return [
    { name: `sgdUpdate ${dtype}`, operands: [p, p], run: (x, g) => op.sgdUpdate(x, g, 0.1, 0.01) },
    {
      name: `sgdMomentumUpdate ${dtype}`,
      operands: [p, p, p],
      run: (x, g, m) => op.sgdMomentumUpdate(x, g, m, 0.1, 0.9, 0, 0.01),
    },
    {
      name: `adamUpdate ${dtype}`,
      operands: [p, p, p, of([5, 7], dtype, { fill: positive }), one],
      run: (x, g, m, v, c) => op.adamUpdate(x, g, m, v, 0.1, 0.9, 0.999, 1e-8, 0.01, c, c),
    },
    ...[false, true].flatMap((centered): Case[] =>
      [false, true].map((momentum): Case => {
        const square = of([5, 7], dtype, { fill: positive });
        return {
          name: `rmspropUpdate ${dtype}${centered ? ' centred' : ''}${momentum ? ' with momentum' : ''}`,
          operands: [p, p, square, ...(centered ? [p] : []), ...(momentum ? [p] : [])],
          run: (x, g, v, ...rest) => {
            const average = centered ? rest[0] : undefined;
            const buffer = momentum ? rest.at(-1) : undefined;
            const state = { square: centered ? op.add(v, 4) : v, average, buffer };
            return op.rmspropUpdate(x, g, state, 0.1, 0.99, 1e-8, 0.01, 0.9);
          },
        };
      }),
    ),
    {
      name: `runningUpdate ${dtype}`,
      operands: [p, p, p, p, one],
      run: (m, v, x, y, share) => op.runningUpdate(m, v, x, y, share, 8 / 7),
    },
    {
      name: `nllLoss ${dtype}`,
      operands: [of([9, 10], dtype), of([9], 'int32', { fill: label(10) })],
      run: (x, y) => op.nllLoss(x, y),
      terms: 9,
    },
    {
      name: `update with a cell ${dtype}`,
      operands: [p, p, one],
      run: (x, g, lr) => op.sub(x, op.mul(lr, g)),
    },
  ];
});

export const compositeCases: readonly Case[] = [
  ...composites,
  ...norms,
  ...tables,
  ...sequences,
  ...updates,
];
