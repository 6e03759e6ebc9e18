/**
 * A program, not a test: attention over a long sequence, forwards and backwards. Prints the largest
 * resident memory in MB, before and after, and what the scores alone would take.
 */
import { manualSeed, randn, scaledDotProductAttention, type Tensor } from '../../src/index.ts';

const MB = 2 ** 20;
const [heads, length, features] = [8, 4096, 16];
const peakMb = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

manualSeed(1);
const q = randn([heads, length, features], { requiresGrad: true });
const before = peakMb();
let finite = true;
for (const isCausal of [true, false]) {
  const y = scaledDotProductAttention(q, q, q, { isCausal }) as Tensor;
  y.square().sum().backward();
  finite &&= Number.isFinite(y.sum().item()) && Number.isFinite(q.grad?.sum().item());
}
const scoresMb = (heads * length ** 2 * 4) / MB;
console.log(JSON.stringify({ before, after: peakMb(), scoresMb, finite }));
