import { randn } from 'gradus';
import { maybeCompiled } from './compiled.mjs';

/** W1: C = A·B. The same B again and again, so that it stays where the caches hold it. */
const product = (name, m, n) => ({
  group: 'W1',
  name,
  title: `matmul ${m}×${n}×${n}`,
  flops: 2 * m * n * n,
  prepare() {
    const a = randn([m, n]);
    const b = randn([n, n]);
    const f = maybeCompiled((a, b) => a.matmul(b));
    return () => f(a, b);
  },
});

export const matmul = [
  ...[256, 512, 1024, 2048].map((n) => product(`W1-${n}`, n, n)),
  product('W1-m1', 1, 1024),
  product('W1-m8', 8, 1024),
];
