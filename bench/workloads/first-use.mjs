import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as gradus from 'gradus';

/** By name. */
const OPS = { ...gradus };
const UNARY =
  'neg abs exp log sqrt rsqrt sin cos tanh sigmoid relu square sign floor erf softplus silu gelu elu log1p expm1 tan';
const BINARY = 'add sub mul div maximum minimum pow remainder eq lt';
const REDUCTION = 'sum mean max min prod softmax logSoftmax variance logsumexp argmax';

/**
 * First uses: operations whose kernels the process has not made before, because the operation,
 * dtype, broadcast, strides or axis are new. Each makes a plan, lowers and compiles.
 */
export function firstUses() {
  const uses = [];
  const use = (name, run) => uses.push({ name, run });
  const random = gradus.rand([24, 24]).add(0.5);
  for (const dtype of ['float32', 'float64', 'int32']) {
    const x = dtype === 'int32' ? random.mul(9).to(dtype) : random.to(dtype);
    const [row, column, across] = [x.narrow(0, 0, 1), x.narrow(1, 0, 1), x.transpose()];
    for (const [how, other] of Object.entries({ x, row, column, across })) {
      for (const op of BINARY.split(' ')) use(`${op} ${dtype} ${how}`, () => OPS[op](x, other));
    }
    if (dtype === 'int32') continue;
    for (const op of UNARY.split(' ')) {
      use(`${op} ${dtype}`, () => OPS[op](x));
      use(`${op} ${dtype} strided`, () => OPS[op](across));
    }
    for (const op of REDUCTION.split(' ')) {
      for (const dim of [0, 1]) use(`${op} ${dtype} ${dim}`, () => OPS[op](x, dim));
    }
    const wide = gradus.rand([256, 256]).to(dtype);
    for (const [how, [a, b]] of Object.entries({
      nn: [x, x],
      tn: [across, x],
      nt: [x, across],
      large: [wide, wide],
      vector: [row, x],
    })) {
      use(`matmul ${dtype} ${how}`, () => a.matmul(b));
    }
  }
  const image = gradus.rand([2, 4, 12, 12]);
  for (const stride of [1, 2]) {
    for (const size of [1, 3, 5]) {
      const weight = gradus.rand([8, 4, size, size]);
      use(`conv2d ${size} by ${stride}`, () => gradus.conv2d(image, weight, null, { stride }));
    }
  }
  // Neighbours are unlike each other, so that none is warm from the one before.
  return uses.map((_, i) => uses[(i * 89) % uses.length]);
}

/** Milliseconds of each first use in a new process, which `measureFirstUses` starts. */
if (process.argv[2] === '--first-uses') {
  // The first ones also pay for what is loaded once.
  const SKIPPED = 20;
  const times = firstUses().map(({ run }) => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  console.log(JSON.stringify(times.slice(SKIPPED)));
}

/** A turn is one new kernel: the median is what a new kernel costs. */
export const firstUse = {
  group: 'first-use',
  name: 'first-use',
  measure() {
    const file = fileURLToPath(import.meta.url);
    const { stdout } = spawnSync(process.execPath, [file, '--first-uses'], { encoding: 'utf8' });
    return JSON.parse(stdout);
  },
};
