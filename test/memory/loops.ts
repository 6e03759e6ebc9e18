/**
 * A program, not a test: argv[2] calls of a compiled training step with a scan, a loop of unknown length
 * and a choice in it, over values both small and too large for slabs. Prints resident memory (MB) after
 * each tenth of the calls, as JSON.
 */
import {
  compile,
  cond,
  manualSeed,
  optim,
  Parameter,
  randn,
  scan,
  type Tensor,
  tensor,
  whileLoop,
} from '../../src/index.ts';

const count = Number(process.argv[2]);
manualSeed(1);
const w = Parameter(randn([96, 96]).mul(0.05));
const opt = optim.adam([w], { lr: 1e-3 });
const step = compile((x: Tensor, xs: Tensor, turns: Tensor) => {
  const [h] = scan((c, v) => [c.add(v).matmul(w).tanh(), c.sum()], x, xs);
  const [, y] = whileLoop(
    ([n]) => n.lt(turns),
    ([n, z]) => [n.add(1), z.matmul(w).add(x).tanh()],
    [tensor(0), h],
  );
  const loss = cond(
    turns.gt(4),
    () => y.square().mean(),
    () => y.abs().mean(),
  );
  opt.zeroGrad();
  loss.backward();
  opt.step();
  return loss;
});
const x = randn([192, 96]);
const xs = randn([6, 96]);
const samples: number[] = [];
let last = Number.NaN;
for (let i = 0; i < count; i++) {
  last = step(x, xs, tensor(i % 9)).item();
  if ((i + 1) % (count / 10) === 0) samples.push(process.memoryUsage().rss / 2 ** 20);
}
console.log(JSON.stringify({ samples, last }));
