/** The digits of scikit-learn: 1797 small images that come with the package. */
import { existsSync, gunzipSync, readFileSync } from '#data-node';
import { FormatError } from '../base/index.ts';
import { tensor } from '../tensor/index.ts';
import { LabelledImages } from './labelled-images.ts';

const COUNT = 1797;
const PIXELS = 64;
const CLASSES = 10;

/**
 * Handwritten digits: 1797 images of 8 by 8 pixels with labels 0 to 9, in the order of the source.
 * They come with the package; reading takes some milliseconds.
 *
 * Shapes: images float32 `[1797, 1, 8, 8]` from 0 to 1 (the source's 0..16 over 16), labels int32
 * `[1797]`.
 *
 * Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, 1998 (the test set),
 * as scikit-learn ships it; data/README.md.
 *
 * @example
 * const { train, test } = datasets.digits().split(0.2, { seed: 1 });
 * for (const { x, y } of batches({ x: train.images, y: train.labels })) step(x, y);
 */
export function digits(): LabelledImages<8, 8> {
  const lines = gunzipSync(readFileSync(shipped('digits.csv.gz')))
    .toString('latin1')
    .trim()
    .split('\n');
  const images = new Float32Array(COUNT * PIXELS);
  const labels = new Int32Array(COUNT);
  if (lines.length !== COUNT) throw damaged(`it has ${lines.length} lines`);
  lines.forEach((line, row) => {
    const numbers = line.split(',').map(Number);
    const label = numbers[PIXELS];
    if (numbers.length !== PIXELS + 1 || !(label >= 0 && label < CLASSES)) {
      throw damaged(`line ${row + 1} is no image`);
    }
    for (let i = 0; i < PIXELS; i++) images[row * PIXELS + i] = numbers[i] / 16;
    labels[row] = label;
  });
  return new LabelledImages(
    tensor(images).reshape([COUNT, 1, 8, 8]),
    tensor(labels, { dtype: 'int32' }),
    { classes: CLASSES },
  );
}

/** A file of the package's `data` folder, from this module's place in `src`, `dist` or `dist/node`. */
function shipped(name: string): URL {
  const places = ['../../data/', '../../../data/'].map((up) => new URL(up + name, import.meta.url));
  return places.find((place) => existsSync(place)) ?? places[0];
}

const damaged = (problem: string): FormatError =>
  new FormatError({
    op: 'datasets.digits',
    problem: `data/digits.csv.gz is damaged: ${problem}`,
    remedy: 'install the package again',
  });
