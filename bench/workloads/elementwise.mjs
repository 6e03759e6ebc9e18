import { randn } from 'gradus';
import { maybeCompiled } from './compiled.mjs';

/** W2: tanh(x*w + b) * 0.5 + 0.5 over a million floats, op by op. */
export const elementwise = [
  {
    group: 'W2',
    name: 'W2',
    title: 'tanh(x·w + b)·0.5 + 0.5, 1 M floats',
    prepare() {
      const [x, w, b] = [randn([1_000_000]), randn([1_000_000]), randn([1_000_000])];
      const f = maybeCompiled((x, w, b) => x.mul(w).add(b).tanh().mul(0.5).add(0.5));
      return () => f(x, w, b);
    },
  },
];
