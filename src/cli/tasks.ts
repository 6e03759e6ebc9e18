/** What `gradus quickstart` can learn. */
import { DownloadError, datasets, type LabelledImages } from '../data/index.ts';
import { nn } from '../index.ts';

const { conv2d, dense, dropout, flatten, maxPool2d } = nn.spec;

export interface Task {
  /** What the pictures are, for people. */
  readonly title: string;
  readonly epochs: number;
  readonly batchSize: number;
  /** The highest learning rate; it falls along a cosine. */
  readonly lr: number;
  load(
    seed: number,
    say: (text: string) => void,
  ): Promise<{ train: LabelledImages; test: LabelledImages }>;
  network(): nn.Sequential<readonly nn.Module[]>;
}

/** Two convolutions, a pool and two dense layers: LeNet's family, as every tutorial has it. */
const classicCnn = (size: number): nn.Sequential<readonly nn.Module[]> =>
  nn.build(
    [1, size, size],
    [
      conv2d({ filters: 32, kernel: 3, activation: 'relu' }),
      conv2d({ filters: 64, kernel: 3, activation: 'relu' }),
      maxPool2d({ kernel: 2 }),
      flatten(),
      dense({ units: 128, activation: 'relu' }),
      dropout(0.25),
      dense({ units: 10 }),
    ],
  );

async function download(
  load: typeof datasets.mnist,
  say: (text: string) => void,
): ReturnType<typeof datasets.mnist> {
  let told = 0;
  try {
    return await load({
      onProgress: ({ file, received, total }) => {
        if (performance.now() - told < 1000 && received < total) return;
        told = performance.now();
        say(`downloading ${file}: ${Math.round((100 * received) / total)} %`);
      },
    });
  } catch (error) {
    if (error instanceof DownloadError) say('--data digits needs no network.');
    throw error;
  }
}

export const TASKS: Readonly<Record<string, Task>> = {
  digits: {
    title: 'Handwritten digits',
    epochs: 15,
    batchSize: 32,
    lr: 5e-3,
    load: async (seed) => datasets.digits().split(0.2, { seed }),
    network: () =>
      nn.build(
        [1, 8, 8],
        [
          conv2d({ filters: 16, kernel: 3, padding: 'same', activation: 'relu' }),
          conv2d({ filters: 32, kernel: 3, padding: 'same', activation: 'relu' }),
          maxPool2d({ kernel: 2 }),
          flatten(),
          dense({ units: 64, activation: 'relu' }),
          dropout(0.3),
          dense({ units: 10 }),
        ],
      ),
  },
  mnist: {
    title: 'MNIST, handwritten digits',
    epochs: 5,
    batchSize: 64,
    lr: 2e-3,
    load: (_, say) => download(datasets.mnist, say),
    network: () => classicCnn(28),
  },
  'fashion-mnist': {
    title: 'Fashion-MNIST, articles of clothing',
    epochs: 5,
    batchSize: 64,
    lr: 2e-3,
    load: (_, say) => download(datasets.fashionMnist, say),
    network: () => classicCnn(28),
  },
};
