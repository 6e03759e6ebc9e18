/** MNIST and Fashion-MNIST: 70 000 images of 28 by 28 pixels in ten classes. */
import { FormatError } from '../base/index.ts';
import { fromHost, type Tensor } from '../tensor/index.ts';
import type { RemoteFile } from './download.ts';
import { readIdxFile } from './idx.ts';
import { LabelledImages } from './labelled-images.ts';
import { type DatasetOptions, obtain } from './locate.ts';

/** What {@link mnist} and {@link fashionMnist} give. */
export interface ImageParts {
  /** 60 000 images. */
  readonly train: LabelledImages<28, 28>;
  /** 10 000 images. */
  readonly test: LabelledImages<28, 28>;
}

type Parts = Readonly<Record<'train' | 'test', { readonly count: number; readonly files: Pair }>>;
type Pair = readonly [images: RemoteFile, labels: RemoteFile];

const NAMES = {
  trainImages: 'train-images-idx3-ubyte.gz',
  trainLabels: 'train-labels-idx1-ubyte.gz',
  testImages: 't10k-images-idx3-ubyte.gz',
  testLabels: 't10k-labels-idx1-ubyte.gz',
};

type Sum = readonly [bytes: number, sha256: string];

function partsOf(
  folder: string,
  homes: readonly string[],
  sums: Readonly<Record<keyof typeof NAMES, Sum>>,
): Parts {
  const file = (key: keyof typeof NAMES): RemoteFile => ({
    path: `${folder}/${NAMES[key]}`,
    urls: homes.map((home) => home + NAMES[key]),
    bytes: sums[key][0],
    sha256: sums[key][1],
  });
  return {
    train: { count: 60_000, files: [file('trainImages'), file('trainLabels')] },
    test: { count: 10_000, files: [file('testImages'), file('testLabels')] },
  };
}

/** @internal */
export const MNIST = partsOf(
  'mnist',
  [
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
  ],
  {
    trainImages: [9912422, '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609'],
    trainLabels: [28881, '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c'],
    testImages: [1648877, '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6'],
    testLabels: [4542, 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6'],
  },
);

/** The second home speaks no https; the checksums vouch for what it sends. @internal */
export const FASHION_MNIST = partsOf(
  'fashion-mnist',
  [
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  ],
  {
    trainImages: [26421880, '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84'],
    trainLabels: [29515, 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845'],
    testImages: [4422102, '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073'],
    testLabels: [5148, '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5'],
  },
);

const CLOTHES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/**
 * Handwritten digits: 60 000 images to learn from and 10 000 to test with, of 28 by 28 pixels.
 *
 * Found as `mnist/*.gz` in the folder that `GRADUS_DATA` names, in `../shared/data`, or in the
 * user's cache (`$XDG_CACHE_HOME/gradus` or `~/.cache/gradus`), to which they are downloaded else
 * (11.6 MB, SHA-256 checked).
 *
 * Shapes: images float32 `[N, 1, 28, 28]` from 0 to 1 (the source's 0..255 over 255), labels int32
 * `[N]`. Throws DownloadError, or FormatError for files that are damaged.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, 1998.
 *
 * @example
 * const { train, test } = await datasets.mnist();
 * for (const { x, y } of new DataLoader(train, { batchSize: 64, shuffle: true })) step(x, y);
 */
export const mnist = (options: DatasetOptions = {}): Promise<ImageParts> =>
  load('datasets.mnist', MNIST, 10, options);

/**
 * Articles of clothing in ten classes, as {@link mnist} in all else; `fashion-mnist/*.gz`, 30.9 MB.
 * `train.classes` names the classes.
 *
 * Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking
 * machine learning algorithms, arXiv:1708.07747, 2017.
 *
 * @example
 * const { train } = await datasets.fashionMnist({ onProgress: ({ received }) => show(received) });
 */
export const fashionMnist = (options: DatasetOptions = {}): Promise<ImageParts> =>
  load('datasets.fashionMnist', FASHION_MNIST, CLOTHES, options);

async function load(
  op: string,
  parts: Parts,
  classes: number | readonly string[],
  options: DatasetOptions,
): Promise<ImageParts> {
  const part = async (name: 'train' | 'test'): Promise<LabelledImages<28, 28>> => {
    const { count, files } = parts[name];
    const [images, labels] = [
      await bytesOf(op, files[0], [count, 28, 28], options),
      await bytesOf(op, files[1], [count], options),
    ];
    return new LabelledImages(
      scaled(images, [count, 1, 28, 28]),
      fromHost(Int32Array.from(labels), 'int32', [count]),
      { classes },
    );
  };
  return { train: await part('train'), test: await part('test') };
}

async function bytesOf(
  op: string,
  file: RemoteFile,
  shape: readonly number[],
  options: DatasetOptions,
): Promise<Uint8Array> {
  const path = await obtain(op, file, options);
  const found = await readIdxFile(path, { maxBytes: 2 ** 26 });
  if (found.dtype === 'uint8' && found.shape.join() === shape.join())
    return found.data as Uint8Array;
  throw new FormatError({
    op,
    problem:
      `${path} is another file: expected uint8 [${shape.join(', ')}], ` +
      `found ${found.dtype} [${found.shape.join(', ')}]`,
    remedy: 'put the original there, or take it away to have it downloaded',
  });
}

/** 0..255 to 0..1. */
function scaled(bytes: Uint8Array, shape: readonly number[]): Tensor {
  const share = Float32Array.from({ length: 256 }, (_, i) => i / 255);
  const out = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = share[bytes[i]];
  return fromHost(out, 'float32', shape);
}
