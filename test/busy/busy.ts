/**
 * A program, not a test: one thread and two beside a process that never rests. Two must not be more
 * than LIMIT times slower, since whoever loses its processor in the middle of a tile keeps the others
 * waiting. Runs itself for each workload and number of threads, in turn; the status is 1 if one is
 * too slow. Arguments: rounds (6), `pinned` to keep the busy process on the first processor.
 */
import { spawn, spawnSync } from 'node:child_process';
import { manualSeed, nn, optim, randint, randn, type Tensor } from 'gradus';

const LIMIT = 1.1;
const BATCH = 64;

function training(model: nn.Module, x: Tensor): () => void {
  const opt = optim.adam(model.parameters(), { lr: 1e-3 });
  const y = randint(0, 10, [BATCH]);
  return () => {
    const loss = nn.crossEntropy(model.forward(x) as Tensor, y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    loss.item();
  };
}

function product(n: number): () => void {
  const [a, b] = [randn([n, n]), randn([n, n])];
  return () => void a.matmul(b);
}

const WORKLOADS: Record<string, () => () => void> = {
  'matmul 512': () => product(512),
  'matmul 1024': () => product(1024),
  mlp: () => {
    const layers = [nn.linear(784, 256), nn.relu(), nn.linear(256, 128), nn.relu()];
    return training(nn.sequential(...layers, nn.linear(128, 10)), randn([BATCH, 784]));
  },
  cnn: () => {
    const convolutions = [nn.conv2d(1, 32, 3), nn.relu(), nn.conv2d(32, 64, 3), nn.relu()];
    const head = [nn.maxPool2d(2), nn.flatten(), nn.linear(9216, 128), nn.relu()];
    const model = nn.sequential(...convolutions, ...head, nn.linear(128, 10));
    return training(model, randn([BATCH, 1, 28, 28]));
  },
};

/** Milliseconds a turn takes, on average: what was lost to the other process counts. */
function measure(name: string): number {
  manualSeed(1);
  const turn = WORKLOADS[name]();
  const during = (ms: number): number => {
    const start = performance.now();
    let [turns, spent] = [0, 0];
    for (; spent < ms; spent = performance.now() - start) {
      turn();
      turns++;
    }
    return spent / turns;
  };
  during(300);
  return during(700);
}

function compare(rounds: number, pinned: boolean): void {
  const pin = pinned ? ['taskset', '-c', '0'] : [];
  const [busy, ...rest] = [...pin, process.execPath, '-e', 'for (;;);'];
  const other = spawn(busy, rest, { stdio: 'ignore' });
  try {
    for (const name of Object.keys(WORKLOADS)) {
      const spent = [0, 0];
      for (let i = 0; i < 2 * rounds; i++) {
        const env = { ...process.env, GRADUS_THREADS: String(1 + (i % 2)) };
        const args = [process.argv[1], 'measure', name];
        const { stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
        spent[i % 2] += Number(stdout) / rounds;
      }
      const ratio = spent[1] / spent[0];
      const [one, two] = spent.map((ms) => ms.toFixed(2));
      console.log(`${name}: ${one} ms on one thread, ${two} on two (${ratio.toFixed(2)})`);
      if (!(ratio <= LIMIT)) process.exitCode = 1;
    }
  } finally {
    other.kill();
  }
}

const [, , first = '6', second] = process.argv;
if (first === 'measure') console.log(measure(second));
else compare(Number(first), second === 'pinned');
