import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compile, nn, optim, randint, randn } from 'gradus';
import { makeCnn } from './train.mjs';

const STEPS = 50;

/** In a new process: the first call of the compiled W5 step, a later one, and memory after 50. */
if (process.argv[2] === '--first-step') {
  const mb = () => process.memoryUsage().rss / 2 ** 20;
  const before = mb();
  const model = makeCnn();
  const opt = optim.adam(model.parameters(), { lr: 1e-3 });
  const step = compile((x, y) => {
    const loss = nn.crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    return loss;
  });
  const [x, y] = [randn([64, 1, 28, 28]), randint(0, 10, [64])];
  const time = () => {
    const start = performance.now();
    step(x, y).item();
    return performance.now() - start;
  };
  const first = time();
  const later = Array.from({ length: STEPS - 1 }, time);
  console.log(JSON.stringify({ ms: first - Math.min(...later), grownMb: mb() - before }));
}

/** What recording and compiling the W5 step takes: the first call less a later one. */
export const recording = {
  group: 'recording',
  name: 'recording',
  title: 'recording and compiling the training step of a CNN',
  measure() {
    const file = fileURLToPath(import.meta.url);
    const { stdout } = spawnSync(process.execPath, [file, '--first-step'], { encoding: 'utf8' });
    return [JSON.parse(stdout).ms];
  },
};
