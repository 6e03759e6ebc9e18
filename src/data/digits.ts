/** The digits of scikit-learn: 1797 small images that come with the package. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { checkOptions, FormatError, given, ValueError } from '../base/index.ts';
import { Generator, type Tensor, tensor } from '../tensor/index.ts';
import { pickRows } from './batches.ts';

const COUNT = 1797;
const PIXELS = 64;
const CLASSES = 10;

export interface SplitOptions {
  /** Decides who goes where. Default 0. */
  readonly seed?: number | bigint;
}

/** Images and what they show. */
export class LabelledImages {
  /** float32 `[N, 1, 8, 8]`, 0 (paper) to 1 (ink). */
  readonly images: Tensor<readonly [number, 1, 8, 8]>;
  /** int32 `[N]`. */
  readonly labels: Tensor<readonly [number]>;

  constructor(images: Tensor, labels: Tensor) {
    this.images = images as Tensor<readonly [number, 1, 8, 8]>;
    this.labels = labels as Tensor<readonly [number]>;
  }

  get length(): number {
    return this.labels.shape[0];
  }

  /**
   * Two parts with the same share of every class; `fraction` of the examples are held out in
   * `test`. Each part is in random order. Equal seeds give equal parts.
   *
   * Throws ValueError unless 0 < fraction < 1, or when a part would be empty.
   *
   * @example
   * const { train, test } = datasets.digits().split(0.2, { seed: 1 });
   */
  split(
    fraction: number,
    options: SplitOptions = {},
  ): { readonly train: LabelledImages; readonly test: LabelledImages } {
    if (typeof fraction !== 'number' || !(fraction > 0 && fraction < 1)) {
      throw new ValueError({
        op: 'split',
        problem: `the fraction held out must lie between 0 and 1, not ${given(fraction)}`,
        remedy: 'pass 0.2 to hold out a fifth',
      });
    }
    checkOptions('split', options, ['seed']);
    const order = new Generator(options.seed ?? 0).permutation(this.length);
    const classes = this.labels.data();
    const seen = new Map<number, number>();
    const train: number[] = [];
    const test: number[] = [];
    for (const i of order) {
      const label = Number(classes[i]);
      const n = seen.get(label) ?? 0;
      seen.set(label, n + 1);
      // Of each class, every example at which the share to hold out passes a whole number.
      const held = Math.floor((n + 1) * fraction + 1e-9) > Math.floor(n * fraction + 1e-9);
      (held ? test : train).push(i);
    }
    if (train.length === 0 || test.length === 0) {
      throw new ValueError({
        op: 'split',
        problem: `a share of ${fraction} of ${this.length} examples leaves a part empty`,
      });
    }
    return { train: this.rows(train), test: this.rows(test) };
  }

  private rows(rows: readonly number[]): LabelledImages {
    const picked = pickRows({ x: this.images, y: this.labels }, Int32Array.from(rows));
    return new LabelledImages(picked.x, picked.y);
  }
}

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
export function digits(): LabelledImages {
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
