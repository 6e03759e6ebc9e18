import { describe, expect, test } from 'vitest';
import { manualSeed, nn, randn, type Tensor, tensor, zeros } from '../../index.ts';
import { accuracy, binaryAccuracy, topKAccuracy } from './accuracy.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import { meanLoss } from './mean-loss.ts';
import type { Metric } from './metric.ts';

const ints = (values: number[]): Tensor => tensor(values, { dtype: 'int32' });

/** Scores of 97 examples and 5 classes, in batches of 32, and the classes. */
function sample() {
  manualSeed(4);
  const scores = randn([97, 5]) as Tensor;
  const classes = Array.from({ length: 97 }, (_, i) => (i * 7) % 5);
  const rows = scores.toArray() as number[][];
  const count = (metric: Metric): void => {
    metric.reset();
    for (let i = 0; i < 97; i += 32) {
      const n = Math.min(32, 97 - i);
      metric.update(scores.narrow(0, i, n) as Tensor, ints(classes.slice(i, i + n)));
    }
  };
  return { rows, classes, count };
}

describe('against a plain count', () => {
  const { rows, classes, count } = sample();
  const rank = (row: number[], c: number): number =>
    [...row.keys()].sort((a, b) => row[b] - row[a]).indexOf(c);

  test.each([1, 2, 3, 5, 9])('topKAccuracy(%i)', (k) => {
    const metric = topKAccuracy(k);
    count(metric);
    const right = rows.filter((row, i) => rank(row, classes[i]) < k).length;
    expect(metric.value()).toBe(right / 97);
    expect(metric.name).toBe(`top${k}Accuracy`);
  });

  test('accuracy is topKAccuracy(1)', () => {
    const [a, b] = [accuracy(), topKAccuracy(1)];
    count(a);
    count(b);
    expect(a.value()).toBe(b.value());
  });

  test('confusionMatrix', () => {
    const metric = confusionMatrix(5);
    count(metric);
    const expected = Array.from({ length: 5 }, (_, i) =>
      Array.from(
        { length: 5 },
        (_, j) => rows.filter((row, r) => classes[r] === i && rank(row, j) === 0).length,
      ),
    );
    expect(metric.value().toArray()).toEqual(expected);
  });

  test('a state taken in the middle goes on', () => {
    for (const make of [() => accuracy(), () => confusionMatrix(5)]) {
      const [whole, second] = [make(), make()];
      count(whole);
      const first = make();
      first.update(tensor([rows[0]]), ints([classes[0]]));
      second.restore(JSON.parse(JSON.stringify(first.state())) as never);
      second.update(tensor(rows.slice(1)), ints(classes.slice(1)));
      expect(String(second.value())).toBe(String(whole.value()));
    }
  });
});

test('a score of NaN is never right', () => {
  const metric = topKAccuracy(2);
  metric.update(tensor([[Number.NaN, 1, 0]]), ints([0]));
  expect(metric.value()).toBe(0);
});

test('classes of pictures, and targets that are probabilities', () => {
  const metric = accuracy();
  metric.update(
    tensor([
      [
        [1, 0],
        [0, 1],
      ],
    ]),
    ints([0, 0]).reshape([1, 2]) as Tensor,
  );
  expect(metric.value()).toBe(0.5);
  metric.reset();
  metric.update(
    tensor([
      [1, 0],
      [0, 1],
    ]),
    tensor([
      [0.2, 0.8],
      [0.1, 0.9],
    ]),
  ); // prettier-ignore
  expect(metric.value()).toBe(0.5);
});

test('binaryAccuracy of logits and of probabilities', () => {
  const target = tensor([1, 0, 1, 0]);
  const logits = binaryAccuracy();
  logits.update(tensor([2, -1, -0.5, 0.1]), target);
  expect(logits.value()).toBe(0.5);
  const shares = binaryAccuracy({ threshold: 0.5, name: 'share' });
  shares.update(tensor([0.9, 0.6, 0.6, 0.1]), target);
  expect([shares.value(), shares.name]).toEqual([0.75, 'share']);
});

test('meanLoss weighs batches by their examples', () => {
  const metric = meanLoss('mae', nn.l1Loss);
  metric.update(tensor([1, 2, 3]), zeros([3]));
  metric.update(tensor([10]), zeros([1]));
  expect(metric.value()).toBe(4);
});

test('nothing counted is NaN', () => {
  expect(accuracy().value()).toBeNaN();
});

describe('mistakes', () => {
  test.each([
    [() => topKAccuracy(0), /k is a whole number/],
    [() => topKAccuracy(3, { nam: 'x' } as never), /did you mean 'name'/],
    [() => confusionMatrix(2.5), /number of classes/],
    [() => meanLoss(nn.l1Loss as never, nn.l1Loss), /takes a name and a loss/],
    [() => accuracy().update(zeros([3]), zeros([3])), /binaryAccuracy\(\)/],
    [() => accuracy().update(zeros([3, 1]), zeros([3, 1])), /meanLoss\('mae'/],
    [() => accuracy().update(zeros([3, 2]), ints([0, 1])), /\[3, 2\] and \[2\]/],
    [() => accuracy().update(zeros([3, 2]), [0, 1, 0] as never), /the target is/],
    [() => binaryAccuracy().update(zeros([3, 1]), zeros([3])), /differ/],
    [() => confusionMatrix(2).update(zeros([1, 2]), ints([2])), /label 2 of example 0/],
    [() => confusionMatrix(2).update(tensor([[0, 0, 1]]), ints([1])), /scores for 3 classes/],
    [() => confusionMatrix(2).restore([1]), /takes 4 counts/],
    [() => accuracy().restore('x'), /takes what state\(\) gave/],
    [
      () => meanLoss('x', (a) => a).update(zeros([2]), zeros([2])),
      /the loss of a batch is one number, not \[2\]/,
    ],
  ])('%#', (make, message) => {
    expect(make).toThrow(message);
  });
});
