/** Images with labels: what the image data sets give. */
import { checkOptions, formatShape, given, ShapeError, ValueError } from '../base/index.ts';
import { checkTensor, Generator, type Tensor } from '../tensor/index.ts';
import type { Dataset } from './dataset.ts';
import { checkFraction, pickRows, type SplitOptions } from './tensor-dataset.ts';

export interface LabelledImagesOptions {
  /** How many classes there are, or their names. Default as many as the largest label needs. */
  readonly classes?: number | readonly string[];
}

/** A batch of images: what a loader gives. */
export interface ImageBatch<H extends number = number, W extends number = number> {
  readonly x: Tensor<readonly [number, 1, H, W]>;
  readonly y: Tensor<readonly [number]>;
}

/** One image: what `get` gives. */
export interface ImageExample<H extends number = number, W extends number = number> {
  readonly x: Tensor<readonly [1, H, W]>;
  readonly y: Tensor<readonly []>;
}

/**
 * Images and what they show: a data set for a DataLoader.
 *
 * Shapes: images `[N, channels, height, width]`, labels int32 or int64 `[N]`. Throws ShapeError when they do
 * not fit each other, ValueError for a label that is no class.
 *
 * @example
 * for (const { x, y } of new DataLoader(datasets.digits(), { batchSize: 64 })) step(x, y);
 */
export class LabelledImages<H extends number = number, W extends number = number>
  implements Dataset<ImageExample<H, W>, ImageBatch<H, W>>
{
  /** float32 `[N, 1, height, width]`, 0 (paper) to 1 (ink). */
  readonly images: Tensor<readonly [number, 1, H, W]>;
  /** int32 `[N]`. */
  readonly labels: Tensor<readonly [number]>;
  /** The names of the classes: label 3 is `classes[3]`. */
  readonly classes: readonly string[];

  constructor(images: Tensor, labels: Tensor, options: LabelledImagesOptions = {}) {
    const op = 'LabelledImages';
    checkOptions(op, options, ['classes']);
    checkTensor(op, images);
    checkTensor(op, labels);
    if (images.rank !== 4 || labels.rank !== 1 || images.shape[0] !== labels.shape[0]) {
      throw new ShapeError({
        op,
        problem:
          `takes images [N, channels, height, width] and as many labels [N], ` +
          `not ${formatShape(images.shape)} and ${formatShape(labels.shape)}`,
        operands: [images, labels],
      });
    }
    this.images = images as Tensor<readonly [number, 1, H, W]>;
    this.labels = labels as Tensor<readonly [number]>;
    this.classes = checkLabels(op, labels, options.classes);
  }

  get length(): number {
    return this.labels.shape[0];
  }

  /** One image `[1, height, width]` and its label `[]`. */
  get(index: number): ImageExample<H, W> {
    return { x: this.images.at(index), y: this.labels.at(index) } as unknown as ImageExample<H, W>;
  }

  /** Several images and their labels, in that order. */
  pick(rows: Int32Array): ImageBatch<H, W> {
    return pickRows({ x: this.images, y: this.labels }, rows);
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
  ): { readonly train: LabelledImages<H, W>; readonly test: LabelledImages<H, W> } {
    checkFraction(fraction);
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

  private rows(rows: readonly number[]): LabelledImages<H, W> {
    const { x, y } = this.pick(Int32Array.from(rows));
    return new LabelledImages(x, y, { classes: this.classes });
  }
}

/** The classes' names, if every label is one of them. */
function checkLabels(
  op: string,
  labels: Tensor,
  classes: number | readonly string[] | undefined,
): readonly string[] {
  if (labels.dtype !== 'int32' && labels.dtype !== 'int64') {
    throw new ValueError({
      op,
      problem: `labels are whole numbers (int32 or int64), not ${labels.dtype}`,
      remedy: "make them with tensor(labels, { dtype: 'int32' })",
    });
  }
  const isCount = typeof classes === 'number' && Number.isSafeInteger(classes) && classes >= 1;
  const areNames =
    Array.isArray(classes) && classes.length > 0 && classes.every((c) => typeof c === 'string');
  if (classes !== undefined && !isCount && !areNames) {
    throw new ValueError({
      op,
      problem: `classes is how many there are, or their names, not ${given(classes)}`,
    });
  }
  const limit =
    classes === undefined ? 2 ** 31 : typeof classes === 'number' ? classes : classes.length;
  const values = labels.data();
  let largest = -1;
  for (let i = 0; i < values.length; i++) {
    const label = Number(values[i]);
    if (label < 0 || label >= limit) {
      throw new ValueError({
        op,
        problem: `label ${label} of example ${i} is out of range: ${
          classes === undefined ? 'labels begin at 0' : `the ${limit} classes are 0 to ${limit - 1}`
        }`,
      });
    }
    largest = Math.max(largest, label);
  }
  if (typeof classes === 'object') return classes;
  return Array.from({ length: classes ?? largest + 1 }, (_, i) => String(i));
}
