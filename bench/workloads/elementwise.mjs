import { randn } from 'gradus';

/** W2: tanh(x*w + b) * 0.5 + 0.5 over a million floats, op by op. */
export const elementwise = [
  {
    group: 'W2',
    name: 'W2',
    title: 'tanh(x·w + b)·0.5 + 0.5, 1 M floats',
    prepare() {
      const [x, w, b] = [randn([1_000_000]), randn([1_000_000]), randn([1_000_000])];
      return () => x.mul(w).add(b).tanh().mul(0.5).add(0.5);
    },
  },
];
