/** Numbers computed from an open size in plain JavaScript, among operands. */
import { expect, test } from 'vitest';
import { GraphError, graph, ones, placeholder, tensor } from '../../index.ts';
import { Recogniser } from './recognise.ts';
import { same } from './same.test-util.ts';
import { standIn } from './sizes.ts';

const x = placeholder('x', ['n', 2]);

const formulas: Record<string, (n: number) => number> = {
  '1 - 1/n': (n) => 1 - 1 / n,
  '(n-1)/n': (n) => (n - 1) / n,
  '(n+1)/n': (n) => (n + 1) / n,
  'n/(n-1)': (n) => n / (n - 1),
  '(n-1)/(n+1)': (n) => (n - 1) / (n + 1),
  '1 - 2/(n+1)': (n) => 1 - 2 / (n + 1),
  '2n/(n+1)': (n) => (2 * n) / (n + 1),
  '(2n+1)/(3n-2)': (n) => (2 * n + 1) / (3 * n - 2),
  '0.1 (1 - 1/n)': (n) => 0.1 * (1 - 1 / n),
  '1/n - 1': (n) => 1 / n - 1,
  '0.5 - 1/n': (n) => 0.5 - 1 / n,
  'n/2 - 1': (n) => n / 2 - 1,
  'n/3 + 1': (n) => n / 3 + 1,
  '0.1 n + 1': (n) => 0.1 * n + 1,
  '0.3/(n+1)': (n) => 0.3 / (n + 1),
  '(n-9)/n': (n) => (n - 9) / n,
  'sqrt((n-1)/n)': (n) => Math.sqrt((n - 1) / n),
  '1/sqrt(n-1)': (n) => 1 / Math.sqrt(n - 1),
  'sqrt(n+1)': (n) => Math.sqrt(n + 1),
  '1/(n (n+1))': (n) => 1 / (n * (n + 1)),
  'n (n-1)/2': (n) => (n * (n - 1)) / 2,
  '(n-1)/2/n': (n) => (n - 1) / 2 / n,
  '784n/(784n-1)': (n) => (784 * n) / (784 * n - 1),
  '1/n': (n) => 1 / n,
  '3n - 1': (n) => 3 * n - 1,
};

test.each(Object.entries(formulas))('%s', (_, f) => {
  const g = graph(x, x.mul(f(x.shape[0])));
  for (const n of [4, 5, 7]) same(g(ones([n, 2])), ones([n, 2]).mul(f(n)));
});

test('two placeholders of other sizes, and gradients', () => {
  const y = placeholder('y', ['len']);
  const [n, m] = [x.shape[0], y.shape[0]];
  const value = x
    .sum()
    .mul((n - 1) / n)
    .add(y.sum().mul(1 - 1 / m));
  const f = graph([x, y], value);
  const [a, b] = [ones([4, 2]), ones([5])];
  same(
    f(a, b),
    a
      .sum()
      .mul(0.75)
      .add(b.sum().mul(1 - 1 / 5)),
  );
  same(f.grad(y)(a, b), ones([5]).mul(0.8));
});

test('constants stay', () => {
  const list = [
    0.5,
    1 / 3,
    2 / 3,
    Math.PI,
    Math.E,
    0.9,
    0.99,
    0.999,
    0.9999,
    0.99999,
    0.999999,
    1e-5,
    1e-6,
    3e-4,
    1e-4,
    2e-5,
    5e-5,
    1 - 1e-5,
    1 + 1e-6,
    1 / Math.sqrt(64),
    1 / Math.sqrt(768),
    1 / Math.sqrt(2),
    Math.SQRT1_2,
    Math.fround(1e-5),
    Math.fround(0.9999),
    1 / 255,
    1 / 784,
    0.044715,
    2 ** -16,
    1e4,
    0.1 + 0.2,
    1 / 65535,
    1 / 1.00001,
    0.485,
    0.229,
    1e-12,
    10000,
    50257,
    32767,
    44100,
    22050,
    48000,
    16000,
    1.7e-5,
    2.5e-5,
    1 / Math.sqrt(1 + 1e-5),
    12345,
    0.12345,
    60000,
    2 ** -24,
    1 - 2 ** -24,
  ];
  for (const c of list) {
    for (const v of [c, -c]) {
      const g = graph(x, x.mul(v));
      same(g(ones([3, 2])), ones([3, 2]).mul(v));
    }
  }
});

const rounded: [string, (n: number) => number, number[]][] = [
  ['floor(n/2)', (n) => Math.floor(n / 2), [5, 7]],
  ['ceil(n/2)', (n) => Math.ceil(n / 2), [5, 7]],
  ['floor(n/3)', (n) => Math.floor(n / 3), [4, 5, 7]],
];

test.each(rounded)('%s is right or an error', (_, f, sizes) => {
  const g = graph(x, x.mul(f(x.shape[0])));
  let right = 0;
  for (const n of sizes) {
    const a = ones([n, 2]);
    try {
      same(g(a), a.mul(f(n)));
      right++;
    } catch (error) {
      expect(error).toBeInstanceOf(GraphError);
    }
  }
  expect(right).toBeGreaterThan(0);
});

test('reciprocals, roots and fractions of small numbers are no sizes', () => {
  const r = new Recogniser(new Map([['n', standIn('n')]]));
  for (let k = 2; k <= 4000; k++) {
    for (const v of [1 / k, Math.sqrt(k), 1 / Math.sqrt(k), 3 / k]) {
      if (r.operand(v) !== null || r.isSuspicious(v)) expect.fail(`${v} of ${k}`);
    }
  }
});

test('a part that is not whole at a call names op and line', () => {
  const g = graph(x, x.mul(Math.floor(x.shape[0] / 2)));
  expect(
    g(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ).toArray(),
  ).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect(() => g(ones([4, 2]))).toThrow(GraphError);
  expect(() => g(ones([4, 2]))).toThrow(/mul: the number \(n-1\)\/2 is 1\.5.*numbers\.test/s);
});

test('numbers that seem to be made of a size are refused', () => {
  const n = x.shape[0];
  for (const v of [
    n + 0.3,
    n / 2 + 0.37,
    1 / (n + 0.37),
    n + Math.PI,
    1 - 1 / (n + 0.7),
    -n - 0.7,
  ]) {
    expect(() => graph(x, x.mul(v)), `${v}`).toThrow(GraphError);
    expect(() => graph(x, x.mul(v))).toThrow(/mul: the number .*numbers\.test.*a \* n \+ b/s);
  }
});
