import { randn } from 'gradus';

/** W1: C = A·B, n by n. */
export const matmul = [256, 512, 1024].map((n) => ({
  group: 'W1',
  name: `W1-${n}`,
  flops: 2 * n ** 3,
  prepare() {
    const a = randn([n, n]);
    const b = randn([n, n]);
    return () => a.matmul(b);
  },
}));
