/**
 * A program, not a test: asks for far more memory than there is, in every way that users have, and
 * prints what each attempt threw, and whether anything was lost.
 */
import { arange, full, ones, Parameter, rand, randn, tile, zeros } from '../../src/index.ts';

const T = 2 ** 40;
const ATTEMPTS: Record<string, () => unknown> = {
  zeros: () => zeros([2 ** 20, 2 ** 20]),
  full: () => full([T], 1),
  arange: () => arange(0, T),
  rand: () => rand([T]),
  add: () => ones([1]).expand([T]).add(1),
  matmul: () => ones([2 ** 20, 1]).matmul(ones([1, 2 ** 20])),
  tile: () => tile(ones([2 ** 10, 2 ** 10]), [2 ** 10, 2 ** 10]),
  data: () => ones([1]).expand([T]).data(),
  gradient: () => {
    const p = Parameter(ones([4]));
    p.expand([T / 4, 4])
      .mul(2)
      .sum()
      .backward();
  },
};

const kept = [1, 100, 5000, 200_000].map((n) => randn([n]));
const sums = kept.map((t) => t.sum().item());
const memory = process.memoryUsage().rss;
const thrown: Record<string, string> = {};
for (let round = 0; round < 3; round++) {
  for (const [name, attempt] of Object.entries(ATTEMPTS)) {
    try {
      attempt();
      thrown[name] = 'nothing';
    } catch (e) {
      thrown[name] = `${(e as Error).name}: ${(e as Error).message.split('\n')[0]}`;
    }
  }
}
const same = kept.every((t, i) => t.sum().item() === sums[i]);
const works =
  ones([65, 70])
    .matmul(ones([70, 33]))
    .sum()
    .item() ===
  65 * 70 * 33;
const grown = (process.memoryUsage().rss - memory) / 2 ** 20;
console.log(JSON.stringify({ thrown, same, works, grown }));
