/** `gradus quickstart`: a convolutional network learns handwritten digits in a plain loop. */
import { setImmediate as turn } from 'node:timers/promises';
import { batches, datasets, type LabelledImages } from '../data/index.ts';
import { devices, manualSeed, nn, noGrad, optim, type Tensor } from '../index.ts';
import { bar, type Output, progressLine } from '../train/index.ts';
import { drawPictures, type Picture } from './draw-digits.ts';

export interface QuickstartOptions {
  readonly epochs: number;
  readonly seed: number;
  /** Where it writes. Default the terminal. */
  readonly out?: Output;
}

const BATCH = 32;
const LR = 5e-3;
const SHOWN = 6;

class DigitNet extends nn.Module {
  features = nn.sequential(
    nn.conv2d(1, 16, 3, { padding: 1 }),
    nn.relu(),
    nn.conv2d(16, 32, 3, { padding: 1 }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
  );
  hidden = nn.linear(32 * 4 * 4, 64);
  dropout = nn.dropout(0.3);
  head = nn.linear(64, 10);

  forward(x: Tensor): Tensor {
    const h = this.hidden.forward(this.features.forward(x)).relu();
    return this.head.forward(this.dropout.forward(h));
  }
}

/** Trains, measures and draws. Returns the share of held-out images that it reads right. */
export async function quickstart(options: QuickstartOptions): Promise<number> {
  const { epochs, seed } = options;
  const out: Output = options.out ?? process.stdout;
  const say = (text = ''): void => void out.write(`${text}\n`);
  let stopped = false;
  const stop = (): void => {
    stopped = true;
  };
  process.once('SIGINT', stop); // a second Ctrl-C ends the process at once

  manualSeed(seed);
  const { train, test } = datasets.digits().split(0.2, { seed });
  const net = new DigitNet();
  const opt = optim.adam(net.parameters(), { lr: LR });
  const loader = batches(
    { x: train.images, y: train.labels },
    { batchSize: BATCH, shuffle: true, seed },
  );
  say(`Handwritten digits: ${train.length} to learn from, ${test.length} held out.`);
  say(`A network of ${net.numParameters()} parameters, on ${devices()[0].engine}.\n`);

  const start = performance.now();
  const line = progressLine(out);
  try {
    for (let epoch = 1; epoch <= epochs && !stopped; epoch++) {
      let [seen, sum] = [0, 0];
      const from = performance.now();
      const text = (): string => {
        const rate = Math.round(seen / ((performance.now() - from) / 1000));
        return (
          `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  ` +
          `${bar(seen / loader.count)}  loss ${(sum / seen).toFixed(4)}  ${rate} images/s`
        );
      };
      for (const { x, y } of loader) {
        // Ever smaller steps let the weights settle.
        const share = (epoch - 1 + seen / loader.count) / epochs;
        opt.lr = (LR / 2) * (1 + Math.cos(Math.PI * share));
        const loss = nn.crossEntropy(net.forward(x), y);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        sum += loss.item() * y.numel;
        seen += y.numel;
        line.update(text());
        await turn(); // lets Ctrl-C be heard
        if (stopped) break;
      }
      line.done(text());
    }
  } finally {
    process.removeListener('SIGINT', stop);
  }
  if (stopped) say('stopped early');

  net.eval();
  const predicted = noGrad(() => net.forward(test.images).argmax(1)).data() as Int32Array;
  const labels = test.labels.data() as Int32Array;
  const right = labels.filter((label, i) => label === predicted[i]).length;
  const accuracy = right / test.length;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`\nheld-out accuracy ${accuracy.toFixed(4)} (${right} of ${test.length}), ${seconds} s\n`);
  const colour = (out.isTTY ?? false) && process.env.NO_COLOR === undefined;
  say(drawPictures(pick(test, predicted), colour, out.columns));
  say('\nNext:');
  say('  gradus quickstart --epochs 30 --seed 7   train longer, or from other weights');
  say('  gradus devices                           what this machine offers');
  say('  gradus --help                            all commands');
  return accuracy;
}

/** Some held-out digits: what the network got wrong first, at most two of them. */
function pick(test: LabelledImages, predicted: Int32Array): Picture[] {
  const labels = test.labels.data() as Int32Array;
  const all = Array.from(labels, (label, i) => ({ i, label, guess: predicted[i] }));
  const wrong = all.filter((e) => e.label !== e.guess).slice(0, 2);
  const right = all.filter((e) => e.label === e.guess).slice(0, SHOWN - wrong.length);
  const pixels = test.images.data() as Float32Array;
  return [...right, ...wrong].map(({ i, label, guess }) => ({
    pixels: pixels.subarray(i * 64, (i + 1) * 64),
    width: 8,
    height: 8,
    caption: [`is   ${label}`, `read ${guess}${label === guess ? '' : ' ✗'}`],
  }));
}
