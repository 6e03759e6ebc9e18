import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type Tensor, tensor, zeros } from '../index.ts';
import { DataLoader, datasets, LabelledImages, TextCorpus } from './index.ts';
import { dataFolders, obtain } from './locate.ts';
import { FASHION_MNIST, MNIST } from './mnist.ts';
import { SHAKESPEARE } from './shakespeare.ts';

const remotes = [MNIST, FASHION_MNIST]
  .flatMap(({ train, test: held }) => [...train.files, ...held.files])
  .concat(SHAKESPEARE);
const paths = await Promise.all(
  remotes.map((file) => obtain('test', file, { download: false }).catch(() => null)),
);
/** The large data sets are not in the repository: without them, and offline, these are skipped. */
const present = paths.every((path) => path !== null);
const numbers = (t: Tensor): number[] => Array.from(t.data(), Number);

const before = { ...process.env };
afterEach(() => {
  process.env.GRADUS_DATA = before.GRADUS_DATA ?? '';
  process.env.XDG_CACHE_HOME = before.XDG_CACHE_HOME ?? '';
});

describe('where data lies', () => {
  test('GRADUS_DATA, ../shared/data of the working directory and the package, the cache', () => {
    process.env.GRADUS_DATA = '/some/data';
    process.env.XDG_CACHE_HOME = '/some/cache';
    const folders = dataFolders();
    expect(folders[0]).toBe('/some/data');
    expect(folders[1]).toBe(join(process.cwd(), '../shared/data'));
    expect(folders[folders.length - 1]).toBe('/some/cache/gradus');
    expect(folders).toContain(join(import.meta.dirname, '../../../shared/data'));
    process.env.GRADUS_DATA = '';
    process.env.XDG_CACHE_HOME = '';
    expect(dataFolders()[0]).toBe(join(process.cwd(), '../shared/data'));
    expect(dataFolders().pop()).toMatch(/\.cache\/gradus$/);
  });

  test.skipIf(!present)('sizes and checksums are those of the files', () => {
    remotes.forEach(({ bytes, sha256, path }, i) => {
      if (!paths[i]?.endsWith(path)) return; // an unpacked copy
      expect(statSync(paths[i]).size).toBe(bytes);
      expect(createHash('sha256').update(readFileSync(paths[i])).digest('hex')).toBe(sha256);
    });
  });
});

describe('mnist', () => {
  test.skipIf(!present)('has the numbers that everybody knows', async () => {
    const { train, test: held } = await datasets.mnist();
    expect(train.images.shape).toEqual([60000, 1, 28, 28]);
    expect(held.images.shape).toEqual([10000, 1, 28, 28]);
    expect([train.images.dtype, train.labels.dtype]).toEqual(['float32', 'int32']);
    expect(numbers(train.labels).slice(0, 5)).toEqual([5, 0, 4, 1, 9]);
    expect(train.images.max().item()).toBe(1);
    // torchvision's normalisation constants are these.
    const mean = held.images.mean().item() * 10000 + train.images.mean().item() * 60000;
    expect(train.images.mean().item()).toBeCloseTo(0.1307, 4);
    expect(train.images.std().item()).toBeCloseTo(0.3081, 4);
    expect(mean / 70000).toBeCloseTo(0.131, 3);
    const [first] = new DataLoader(train, { batchSize: 64, shuffle: true });
    expect(first.x.shape).toEqual([64, 1, 28, 28]);
  });

  test.skipIf(!present)('fashion: classes have names', async () => {
    const { train, test: held } = await datasets.fashionMnist();
    expect([train.length, held.length]).toEqual([60000, 10000]);
    expect(train.classes[train.labels.at(0).item()]).toBe('Ankle boot');
    expect(train.images.mean().item()).toBeCloseTo(0.286, 3);
  });

  test('another file in its place is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gradus-mnist-'));
    try {
      mkdirSync(join(folder, 'mnist'));
      process.env.GRADUS_DATA = folder;
      const path = join(folder, MNIST.train.files[0].path);
      writeFileSync(path, gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7)));
      await expect(datasets.mnist()).rejects.toThrow(
        /train-images.* is another file: expected uint8 \[60000, 28, 28\], found uint8 \[1\]/,
      );
      writeFileSync(path, 'hello');
      await expect(datasets.mnist()).rejects.toThrow(/train-images.* is no IDX file/);
      mkdirSync(join(folder, 'text'));
      writeFileSync(join(folder, SHAKESPEARE.path), 'To be');
      await expect(datasets.shakespeare()).rejects.toThrow(/another text: expected 1115394/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('texts', () => {
  test.skipIf(!present)('shakespeare', async () => {
    const corpus = await datasets.shakespeare();
    expect(corpus.length).toBe(1115394);
    expect(corpus.vocabulary).toHaveLength(65);
    expect(corpus.text.slice(0, 13)).toBe('First Citizen');
    const { train, test: held } = corpus.split(0.1);
    expect(train.length + held.length).toBe(corpus.length);
    const loader = new DataLoader(train.windows(64), { batchSize: 8, shuffle: true });
    const [{ x, y }] = loader;
    expect([x.shape, y.shape, x.dtype]).toEqual([[8, 64], [8, 64], 'int32']);
    expect(corpus.text).toContain(corpus.decode(x.at(3)) + corpus.decode(y.at(3)).slice(-1));
  });

  test('windows, encode and decode', () => {
    const corpus = new TextCorpus('hello wörld😀');
    expect(corpus.vocabulary.join('')).toBe(' dehlorwö😀');
    expect(corpus.decode(corpus.encode('lö😀'))).toBe('lö😀');
    expect(corpus.decode([3])).toBe('h');
    const windows = corpus.windows(5, { stride: 3 });
    expect(windows.length).toBe(3);
    const [{ x, y }] = new DataLoader(windows);
    const text = (t: Tensor): string[] => t.unbind().map((row) => corpus.decode(row));
    expect(text(x)).toEqual(['hello', 'lo wö', 'wörld']);
    expect(text(y)).toEqual(['ello ', 'o wör', 'örld😀']);
    const [second] = new DataLoader(windows, { collate: (list) => list[1] });
    expect(numbers(second.y)).toEqual(numbers(y.at(1)));
    expect(() => corpus.windows(12)).toThrow(/no window of 12/);
    expect(() => corpus.windows(0)).toThrow(/length counts characters/);
    expect(() => windows.get(3)).toThrow(/no window 3 of 3/);
    expect(() => corpus.encode('x')).toThrow(/"x" is not among the 10 characters/);
    expect(() => corpus.decode([10])).toThrow(/10 stands for no character/);
    expect(() => new TextCorpus('')).toThrow(/empty/);
    expect(() => corpus.split(0)).toThrow(/held out/);
  });
});

describe('labelled images', () => {
  const int = (list: number[]): Tensor => tensor(list, { dtype: 'int32' });

  test('labels are checked against the classes', () => {
    const images = zeros([3, 1, 2, 2]);
    expect(new LabelledImages(images, int([0, 2, 1])).classes).toEqual(['0', '1', '2']);
    const make = (labels: Tensor, classes?: unknown): unknown =>
      new LabelledImages(images, labels, { classes: classes as number });
    expect(() => make(int([0, 2, 3]), 3)).toThrow(
      /label 3 of example 2 is out of range: the 3 classes are 0 to 2/,
    );
    expect(() => make(int([0, 2, 1]), ['a', 'b'])).toThrow(/label 2 of example 1/);
    expect(() => make(int([0, -1, 1]))).toThrow(/label -1 of example 1.*labels begin at 0/);
    expect(() => make(tensor([0, 1, 2]))).toThrow(/whole numbers.*not float32/);
    expect(() => make(int([0, 1]))).toThrow(/\[3, 1, 2, 2\] and \[2\]/);
    for (const classes of [0, 1.5, [], [1]]) {
      expect(() => make(int([0, 0, 0]), classes)).toThrow(/how many there are/);
    }
    expect(() => new LabelledImages(zeros([3, 4]), int([0, 0, 0]))).toThrow(/takes images/);
  });

  test('get and pick agree', () => {
    const all = datasets.digits();
    expect(all.classes).toHaveLength(10);
    const { x, y } = all.pick(Int32Array.of(5, 3));
    expect(numbers(x.at(1))).toEqual(numbers(all.get(3).x));
    expect([all.get(3).x.shape, all.get(3).y.shape]).toEqual([[1, 8, 8], []]);
    expect(y.at(1).item()).toBe(all.get(3).y.item());
    expect(() => all.get(1797)).toThrow(/1797/);
  });
});
