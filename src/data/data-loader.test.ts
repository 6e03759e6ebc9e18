import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Tensor, tensor } from '../index.ts';
import {
  batches,
  collate,
  DataLoader,
  datasets,
  type LoaderState,
  TensorDataset,
} from './index.ts';

const numbers = (t: Tensor): number[] => Array.from(t.data(), Number);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const all = async <T>(loader: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const x of loader) list.push(x);
  return list;
};
const rows = { length: 10, get: (i: number) => ({ x: i, name: `n${i}` }) };
/** The same, later: those of higher number sooner. */
const later = {
  length: 10,
  get: async (i: number) => {
    await sleep(10 - i);
    return rows.get(i);
  },
};

describe('DataLoader', () => {
  test('data sets, arrays, iterables and generator functions give the same batches', async () => {
    const expected = [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ];
    const options = { batchSize: 4 };
    const examples = upTo(10);
    const sources = [
      { length: 10, get: (i: number) => i },
      examples,
      new Set(examples),
      () => examples.values(),
      function* () {
        yield* examples;
      },
    ];
    for (const source of sources) {
      const loader = new DataLoader<number>(source, options);
      for (let pass = 0; pass < 2; pass++) {
        expect([...loader].map(numbers)).toEqual(expected);
        expect((await all(loader)).map(numbers)).toEqual(expected);
      }
    }
    const slow = new DataLoader(async function* () {
      for (const x of examples) {
        await sleep(1);
        yield x;
      }
    }, options);
    expect((await all(slow)).map(numbers)).toEqual(expected);
    expect(slow.length).toBeUndefined();
    const [, last] = new DataLoader(() => examples, { batchSize: 6 });
    expect(numbers(last)).toEqual([6, 7, 8, 9]);
    expect([...new DataLoader(() => examples, { batchSize: 6, dropLast: true })]).toHaveLength(1);
  });

  test('shuffled: as batches() does, by tensors and by examples', async () => {
    const options = { batchSize: 3, shuffle: true, seed: 5 };
    const loaders = [
      new DataLoader(later, options),
      new DataLoader(rows, options),
      new DataLoader(new TensorDataset({ x: tensor(upTo(10)) }), options),
    ];
    const simple = batches({ x: tensor(upTo(10)) }, options);
    for (let pass = 0; pass < 3; pass++) {
      const expected = [...simple].map(({ x }) => numbers(x));
      expect(expected.flat().sort((a, b) => a - b)).toEqual(upTo(10));
      for (const loader of loaders) {
        const found: number[][] = [];
        for await (const { x } of loader as AsyncIterable<{ x: Tensor }>) found.push(numbers(x));
        expect(found).toEqual(expected);
      }
    }
  });

  test('for ... of says what it cannot do', async () => {
    expect(() => [...new DataLoader(later)]).toThrow(/takes no Promises[^]*for await/);
    const stream = new DataLoader(async function* () {
      yield 1;
    });
    expect(() => [...stream]).toThrow(/data set is asynchronous[^]*for await/);
    const promised = new DataLoader(rows, { collate: async (list) => list.length });
    expect(() => [...promised]).toThrow(/takes no Promises/);
    expect(await all(promised)).toEqual([10]);
  });

  test('prefetch: so many batches ahead, no more; failures come in their turn', async () => {
    for (const prefetch of [0, 1, 3]) {
      let asked = 0;
      const counted = {
        length: 20,
        get: async (i: number) => {
          asked++;
          if (i === 12) throw new Error('example 12');
          return i;
        },
      };
      const loader = new DataLoader(counted, { batchSize: 2, prefetch });
      let seen = 0;
      const loop = async (): Promise<void> => {
        for await (const batch of loader) {
          expect(numbers(batch)).toEqual([seen, seen + 1]);
          seen += 2;
          expect(asked).toBe(Math.min(20, seen + 2 * prefetch));
        }
      };
      await expect(loop()).rejects.toThrow('example 12');
      expect(seen).toBe(12);
    }
  });

  test('leaving a loop closes the stream', async () => {
    let closed = 0;
    const stream = async function* () {
      try {
        for (const x of upTo(100)) yield x;
      } finally {
        closed++;
      }
    };
    for await (const _ of new DataLoader(stream, { batchSize: 2 })) break;
    expect(closed).toBe(1);
    for (const _ of new DataLoader(function* () {
      try {
        yield* upTo(100);
      } finally {
        closed++;
      }
    }))
      break;
    expect(closed).toBe(2);
    const failing = new DataLoader(async function* () {
      yield* [1, 2, 3];
      throw new Error('the disk is gone');
    });
    await expect(all(failing)).rejects.toThrow('the disk is gone');
  });

  test('transforms draw the same, in any order of work', async () => {
    const transform = (x: { x: number }, random: { random(): number }): number =>
      x.x + random.random();
    const options = { batchSize: 4, shuffle: true, seed: 3, transform };
    const [one, two] = [new DataLoader(rows, options), new DataLoader(later, options)];
    const first = [...one].map(numbers);
    expect((await all(two)).map(numbers)).toEqual(first);
    const fractions = first.flat().map((x) => x % 1);
    expect(new Set(fractions).size).toBe(10);
    expect([...one].flatMap(numbers).map((x) => x % 1)).not.toEqual(fractions);
  });

  test('a saved position gives the same remaining batches, to the bit', async () => {
    const { images, labels } = datasets.digits();
    const stream = function* (pass: number) {
      for (let i = 0; i < 100; i++) yield { x: i + 1000 * pass };
    };
    const transform = ({ x }: { x: unknown }, random: { random(): number }): number =>
      Number(x) + random.random();
    const makers: (() => DataLoader<never, never, unknown>)[] = [
      () => batches({ x: images, y: labels }, { batchSize: 300, shuffle: true, seed: 7 }) as never,
      () => new DataLoader(stream, { batchSize: 17, transform }) as never,
      () =>
        new DataLoader(later, { batchSize: 2, shuffle: true, transform, seed: 2n ** 60n }) as never,
    ];
    const flat = (batch: unknown): unknown =>
      'data' in (batch as object)
        ? numbers(batch as Tensor)
        : Object.values(batch as Record<string, Tensor>).map(numbers);
    for (const make of makers) {
      const loader = make();
      const saved: string[] = [JSON.stringify(loader.state())];
      const seen: unknown[] = [];
      const endsOfPass: number[] = [];
      for (let pass = 0; pass < 2; pass++) {
        for await (const batch of loader) {
          seen.push(flat(batch));
          saved.push(JSON.stringify(loader.state()));
        }
        endsOfPass.push(seen.length);
      }
      for (let at = 0; at < saved.length; at++) {
        const again = make();
        again.restore(JSON.parse(saved[at]) as LoaderState);
        expect(JSON.stringify(again.state())).toBe(saved[at]);
        const rest: unknown[] = [];
        // A position after the last batch of a pass, within the loop, has a rest that is empty.
        for (let loop = at <= endsOfPass[0] ? 2 : 1; loop > 0; loop--) {
          for await (const batch of again) rest.push(flat(batch));
        }
        expect(rest).toEqual(seen.slice(at));
      }
      const { pass, batch } = loader.state();
      expect([pass, batch]).toEqual([2, 0]);
    }
  });

  test('after break, the next loop is the next pass, and the position can be kept', () => {
    const loader = new DataLoader(upTo(6), { batchSize: 2, shuffle: true });
    const whole = [...loader].map(numbers);
    const second = new DataLoader(upTo(6), { batchSize: 2, shuffle: true });
    for (const _ of second) break;
    const state = second.state();
    expect([state.pass, state.batch]).toEqual([0, 1]);
    const next = [...second].map(numbers);
    expect(next).toEqual([...loader].map(numbers));
    second.restore(state);
    expect([...second].map(numbers)).toEqual(whole.slice(1));
    expect([...second].map(numbers)).toEqual(next);
  });

  test('a state of another loader is refused', () => {
    const loader = new DataLoader(rows, { batchSize: 4 });
    const state = loader.state();
    const refuse = (x: unknown, message: RegExp): void =>
      expect(() => loader.restore(x as LoaderState)).toThrow(message);
    refuse(null, /what state\(\) gave, not null/);
    refuse({ ...state, version: 2 }, /version 2; this Gradus knows version 1/);
    refuse({ ...state, batchSize: 5, seed: '1' }, /batchSize 5, here 4; seed '1', here '0'/);
    refuse({ ...state, batch: 4 }, /no batch 4 of pass 0: a pass has 3/);
    refuse({ ...state, pass: -1 }, /pass -1/);
    const short = new DataLoader(() => [1, 2, 3], { batchSize: 2 });
    short.restore({ ...short.state(), batch: 7 });
    expect(() => [...short]).toThrow(/ended after 3 examples; the restored position is 14/);
  });

  test('empty data sets and options that make no sense', async () => {
    expect(() => new DataLoader([])).toThrow(/DataLoader: there are no examples/);
    expect(() => new DataLoader({ ...rows, length: -1 })).toThrow(/length.*not -1/);
    expect(() => [...new DataLoader(() => [])]).toThrow(/no examples in pass 0/);
    const none = new DataLoader(async function* () {});
    await expect(all(none)).rejects.toThrow(/no examples in pass 0/);
    const once = new DataLoader(upTo(3).values());
    expect([...once]).toHaveLength(1);
    expect(() => [...once]).toThrow(/in pass 1[^]*once: pass the function/);
    const refuse = (options: object, message: RegExp): void =>
      expect(() => new DataLoader(rows, options)).toThrow(message);
    for (const batchSize of [0, -1, 1.5, Number.NaN, '2']) refuse({ batchSize }, /batchSize/);
    refuse({ prefetch: -1 }, /prefetch/);
    refuse({ collate: 1 }, /collate is a function, not 1/);
    refuse({ shuffle: 1 }, /shuffle is true or false/);
    refuse({ seed: 0.5 }, /seed/);
    refuse({ batch_size: 2 }, /did you mean 'batchSize'/);
    refuse({ batchSize: 11, dropLast: true }, /10 examples do not fill one batch of 11/);
    expect(() => new DataLoader(new Set([1]), { shuffle: true })).toThrow(/cannot be shuffled/);
    expect(() => new DataLoader(3 as never)).toThrow(/takes a data set.*not 3/);
    expect(() => [...new DataLoader((() => 3) as never)]).toThrow(/must return an iterable, not 3/);
  });
});

describe('collate', () => {
  test('numbers, tensors, lists, objects and strings', () => {
    const batch = collate([
      {
        a: 1,
        b: true,
        c: 2n,
        s: 'x',
        t: tensor([1, 2]),
        l: [1, 2],
        u: Int32Array.of(3),
        p: [1, 'q'],
      },
      {
        a: 2,
        b: false,
        c: 3n,
        s: 'y',
        t: tensor([3, 4]),
        l: [3, 4],
        u: Int32Array.of(4),
        p: [2, 'r'],
      },
    ]);
    const told = (t: unknown): unknown[] => [(t as Tensor).dtype, (t as Tensor).toArray()];
    expect(told(batch.a)).toEqual(['float32', [1, 2]]);
    expect(told(batch.b)).toEqual(['bool', [true, false]]);
    expect(told(batch.c)).toEqual(['int64', [2n, 3n]]);
    expect(batch.s).toEqual(['x', 'y']);
    expect(told(batch.t)).toEqual([
      'float32',
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(told(batch.l)).toEqual([
      'float32',
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(told(batch.u)).toEqual(['int32', [[3], [4]]]);
    const [numbersOfPair, strings] = batch.p as unknown as [Tensor, string[]];
    expect([numbers(numbersOfPair), strings]).toEqual([
      [1, 2],
      ['q', 'r'],
    ]);
    expect(collate([null, null])).toEqual([null, null]);
  });

  test('what differs is named', () => {
    const refuse = (list: readonly unknown[], message: RegExp): void =>
      expect(() => collate(list)).toThrow(message);
    refuse(
      [{ x: tensor([1]) }, { x: tensor([1, 2]) }],
      /shape of example\.x: number 0 has float32 \[1\], number 1 float32 \[2\]/,
    );
    refuse(
      [{ x: [[1], 'a'] }, { x: [[1, 2], 'b'] }],
      /length of example\.x\[0\]: number 0 has 1, number 1 2/,
    );
    refuse([1, 'a'], /kind of the example: number 0 has 1, number 1 'a'/);
    refuse([{ a: 1 }, { b: 1 }], /entries of the example: number 0 has \{ a \}, number 1 \{ b \}/);
    refuse([Int32Array.of(1), Int32Array.of(1, 2)], /length/);
    refuse([], /not an empty one/);
  });
});
