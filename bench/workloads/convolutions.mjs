/** The parts of W5 that take its time, each by itself: batch 64. */
import { conv2d, maxPool2d, noGrad, onesLike, randn, vjp } from 'gradus';

const BATCH = 64;

function convolution(name, inputs, outputs, size) {
  const flops = 2 * BATCH * outputs * inputs * 9 * (size - 2) ** 2;
  const make = (suffix, part, prepare) => ({
    group: 'W5-parts',
    name: `W5-${name}${suffix}`,
    title: `3×3 convolution, ${inputs} to ${outputs} channels${part}`,
    flops,
    budget: 400,
    prepare() {
      const x = randn([BATCH, inputs, size, size]);
      const w = randn([outputs, inputs, 3, 3]);
      return prepare(x, w, conv2d(x, w));
    },
  });
  /** The pullback alone; what it needs of the way forward is there already. */
  const pull = (f, at, y) => {
    const [, pullback] = vjp(f, at);
    const dy = onesLike(y);
    return () => pullback(dy)[0];
  };
  return [
    make('', '', (x, w) => () => noGrad(() => conv2d(x, w))),
    make('-dw', ', weight', (x, w, y) => pull((v) => conv2d(x, v), w, y)),
    make('-dx', ', input', (x, w, y) => pull((v) => conv2d(v, w), x, y)),
  ];
}

const pool = (suffix, prepare) => ({
  group: 'W5-parts',
  name: `W5-pool${suffix}`,
  title: `2×2 max-pooling${suffix === '' ? '' : ', back'}`,
  budget: 400,
  prepare: () => prepare(randn([BATCH, 64, 24, 24])),
});

export const convolutions = [
  ...convolution('conv1', 1, 32, 28),
  ...convolution('conv2', 32, 64, 26),
  pool('', (x) => () => noGrad(() => maxPool2d(x, 2))),
  pool('-dx', (x) => {
    const [y, pullback] = vjp((v) => maxPool2d(v, 2), x);
    const dy = onesLike(y);
    return () => pullback(dy)[0];
  }),
];
