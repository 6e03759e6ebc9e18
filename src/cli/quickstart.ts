/** `gradus quickstart`: trains a convolutional network, saves it, reads it back, and shows its work. */
import { existsSync, rmSync, statSync } from 'node:fs';
import type { LabelledImages } from '../data/index.ts';
import { loadModel, saveModel } from '../format/index.ts';
import { devices, manualSeed, nn, optim } from '../index.ts';
import { accuracy, lrSchedule, type Output, Trainer } from '../train/index.ts';
import { commandLine } from './command-line.ts';
import { drawPictures, type Picture } from './draw-digits.ts';
import { TASKS } from './tasks.ts';

export interface QuickstartOptions {
  /** What is learned: a name in {@link TASKS}. */
  readonly data: string;
  /** Default that of the task. */
  readonly epochs?: number;
  readonly seed: number;
  /** Where the model is saved. Default `gradus-<data>.safetensors`. */
  readonly save?: string;
  /** Whether to go on with a run that was interrupted. */
  readonly resume?: boolean;
  /** A file for the curves, as SVG. */
  readonly curves?: string;
  /** Where it writes. Default the terminal. */
  readonly out?: Output;
}

const SHOWN = 6;

/** Trains, measures, saves and draws. Returns the share of held-out images that it reads right. */
export async function quickstart(options: QuickstartOptions): Promise<number> {
  const { data, seed, save = `gradus-${data}.safetensors`, resume = false, curves } = options;
  const task = TASKS[data];
  const { batchSize, epochs: usual } = task;
  const epochs = options.epochs ?? usual;
  const out: Output = options.out ?? process.stdout;
  const say = (text = ''): void => void out.write(`${text}\n`);

  say(`${task.title}:`);
  const { train, test } = await task.load(seed, say);
  manualSeed(seed);
  const net = task.network();
  say(`${train.length} to learn from, ${test.length} held out.`);
  say(`On ${devices()[0].engine}:\n`);
  say(`${nn.summary(net, train.images.shape.slice(1))}\n`);

  const optimizer = optim.adam(net.parameters(), { lr: task.lr });
  const steps = epochs * Math.ceil(train.length / batchSize);
  const schedule = optim.cosineLr(optimizer, { steps, warmup: Math.round(steps / 20) });
  const trainer = new Trainer(net, { loss: nn.crossEntropy, optimizer, metrics: [accuracy()] });
  const checkpoint = `${save.replace(/\.safetensors$/, '')}.checkpoint.safetensors`;
  const start = performance.now();
  await trainer.fit(train, {
    epochs,
    batchSize,
    seed,
    callbacks: [lrSchedule(schedule)],
    checkpoint: { path: checkpoint, everySeconds: 60 },
    resume,
    curves,
    out,
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);

  const { accuracy: share } = await trainer.evaluate(test);
  const right = Math.round(share * test.length);
  say(`\nheld-out accuracy ${share.toFixed(4)} (${right} of ${test.length}), ${seconds} s`);

  saveModel(net, save, { metadata: { accuracy: share.toFixed(4) } });
  if (existsSync(checkpoint)) rmSync(checkpoint); // the model is safe now
  const again = loadModel(save);
  const reader = new Trainer(again, {
    ...trainer.options,
    optimizer: optim.sgd(again.parameters(), { lr: 0 }),
  });
  const { accuracy: reread } = await reader.evaluate(test);
  say(
    `saved ${save} (${Math.ceil(statSync(save).size / 1024)} KB), read back: ${reread.toFixed(4)}`,
  );
  if (reread !== share) throw new Error(`the model that was read back has accuracy ${reread}`);

  const predicted = (await reader.predict(test)).argmax(1).data() as Int32Array;
  const colour = (out.isTTY ?? false) && process.env.NO_COLOR === undefined;
  say(`\n${drawPictures(pick(test, predicted), colour, out.columns || 100)}`);
  say('\nNext:');
  const typed = commandLine('quickstart');
  say(`  ${typed} --data mnist           a larger network on 60,000 images`);
  say(`  ${typed} --epochs 30 --seed 7   train longer, or from other weights`);
  say(`  ${typed} --help                 all commands`);
  return share;
}

/** Some held-out images: what the network got wrong first, at most two of them. */
function pick(test: LabelledImages, predicted: Int32Array): Picture[] {
  const labels = test.labels.data() as Int32Array;
  const all = Array.from(labels, (label, i) => ({ i, label, guess: predicted[i] }));
  const wrong = all.filter((e) => e.label !== e.guess).slice(0, 2);
  const right = all.filter((e) => e.label === e.guess).slice(0, SHOWN - wrong.length);
  const [height, width] = test.images.shape.slice(2);
  const size = height * width;
  const pixels = test.images.data() as Float32Array;
  return [...right, ...wrong].map(({ i, label, guess }) => ({
    pixels: pixels.subarray(i * size, (i + 1) * size),
    width,
    height,
    caption: [
      `is   ${test.classes[label]}`,
      `read ${test.classes[guess]}${label === guess ? '' : ' ✗'}`,
    ],
  }));
}
