import { rand, randint } from 'gradus';
import { DataLoader, TensorDataset } from 'gradus/data';

const COUNT = 8192;
const BATCH = 64;

/** One batch of 28x28 images of a shuffled loader: picked at once, or changed one by one. */
function nextBatch(options) {
  const data = new TensorDataset({ x: rand([COUNT, 1, 28, 28]), y: randint(0, 10, [COUNT]) });
  const loader = new DataLoader(data, { batchSize: BATCH, shuffle: true, ...options });
  let pass = loader[Symbol.iterator]();
  return () => {
    let next = pass.next();
    if (next.done) {
      pass = loader[Symbol.iterator]();
      next = pass.next();
    }
    return next.value.x.shape[0];
  };
}

export const loaders = [
  { group: 'loader', name: 'loader', title: 'a batch of 64', prepare: () => nextBatch({}) },
  {
    group: 'loader',
    name: 'loader-transform',
    title: 'a batch of 64, changed one by one',
    prepare: () => nextBatch({ transform: ({ x, y }) => ({ x: x.mul(2), y }) }),
  },
];
