import { describe, expect, it } from 'vitest';
import { numelOf, specOf } from '../base/index.ts';
import type { Value } from '../ir/index.ts';
import * as ops from '../ir/index.ts';
import { runGraph } from '../ir/reference.ts';
import type { Inst } from './ir.ts';
import {
  dense,
  type Engine,
  type Input,
  lower,
  random,
  record,
  runPlan,
  targetOf,
  toNd,
} from './schedule/harness.test-util.ts';

const ENGINES: readonly Engine[] = ['interpreter', 'wasm', 'avx512', 'avx2'];

/** Runs on every engine and compares with the reference. Returns the number of launches. */
function check(
  inputs: readonly Input[],
  f: (xs: Value[]) => Value | readonly Value[],
  tolerance = 1e-5,
  alias: Readonly<Record<number, number>> = {},
): number {
  const graph = record(inputs, f);
  const want = runGraph(graph, inputs.map(toNd));
  let launches = 0;
  for (const engine of ENGINES) {
    const plan = lower(graph, inputs, targetOf(engine));
    launches = plan.launches.length;
    const { outputs, fault } = runPlan(plan, graph, inputs, engine, alias);
    expect(fault).toBe(0);
    graph.outputs.forEach((v, o) => {
      expect(want[o].shape).toEqual(v.shape);
      for (let i = 0; i < numelOf(v.shape); i++) {
        const [x, y] = [Number(outputs[o][i]), Number(want[o].data[i])];
        const same = Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance * (1 + Math.abs(y));
        if (!same) {
          expect.fail(`${engine}: output ${o} [${i}] of [${v.shape}] is ${x}, not ${y}`);
        }
      }
    });
  }
  return launches;
}

const { add, mul, sub, exp, relu, sum, max, min, prod, argmax, argmin, mean, softmax } = ops;

describe('elementwise', () => {
  it.each([[[0]], [[1]], [[4]], [[7]], [[64]], [[1000]], [[3, 5]], [[2, 3, 7]], [[2, 0, 3]], [[]]])(
    'adds %j',
    (shape) => {
      expect(check([random(shape), random(shape)], ([x, y]) => add(x, y))).toBe(
        numelOf(shape) > 0 ? 1 : 0,
      );
    },
  );

  it('reads strided operands', () => {
    check([random([5, 7], 'float32', [1, 5]), random([5, 7])], ([x, y]) => add(x, y));
    check([random([5, 7], 'float32', [1, 5]), random([5, 7], 'float32', [1, 5])], ([x, y]) =>
      mul(x, y),
    );
    check([random([37], 'float32', [-1])], ([x]) => relu(x));
    check([random([6, 10], 'float32', [-10, 2])], ([x]) => exp(x));
    check([random([6, 9], 'float32', [0, 1]), random([6, 9], 'float32', [1, 0])], ([x, y]) =>
      sub(x, y),
    );
  });

  it('computes what fills no vector as a part of one where that is dear', () => {
    for (const n of [1, 3, 4, 7, 9, 15, 17, 31, 100]) {
      const shape = [3, n];
      check([random(shape), random([n])], ([x, y]) => exp(add(x, y)), 1e-5, { 0: 0 });
      check([random(shape, 'float64'), random([3, 1], 'float64')], ([x, y]) => mul(exp(x), y));
      check([random(shape, 'int32')], ([x]) => ops.tril(ops.square(mul(x, add(x, 3)))));
      check([random(shape)], ([x]) => [softmax(x, 1), ops.gt(exp(x), 1)], 1e-4);
    }
    const inputs = [random([3, 7])];
    for (const [engine, masked] of [
      ['avx2', true],
      ['avx512', true],
      ['wasm', false],
    ] as const) {
      const { launches } = lower(
        record(inputs, ([x]) => exp(x)),
        inputs,
        targetOf(engine),
      );
      expect(launches[0].key.includes(' masked')).toBe(masked);
    }
  });

  it('touches no memory behind the part, of what an index picks either', () => {
    const inputs = [
      random([5, 7]),
      dense([2, 7], [4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0], 'int32'),
    ];
    const rows = {
      ...(inputs[1] as Exclude<Input, number>),
      spec: specOf('int32', [2, 7], [7, 0]),
    };
    const graph = record([inputs[0], rows], ([x, i]) => exp(exp(ops.gather(x, 0, i))));
    const { launches } = lower(graph, [inputs[0], rows], targetOf('avx2'));
    const part: Inst[] = [];
    const walk = (body: readonly Inst[]): void => {
      const edge = body.some((i) => i.op === 'edge');
      for (const i of body) {
        if (edge && (i.op === 'load' || i.op === 'store')) part.push(i);
        if (i.op === 'loop') walk(i.body);
      }
    };
    for (const l of launches) walk(l.build().body);
    expect(part.length).toBeGreaterThan(1);
    for (const i of part) expect(i).toHaveProperty('mask');
    check([inputs[0], rows], ([x, i]) => exp(exp(ops.gather(x, 0, i))));
  });

  it('stores parts of what is assembled beside sums of them', () => {
    const { concat, stack, zeros } = { ...ops, zeros: (n: number[]) => ops.full(n, 0) };
    const x = random([3, 2]);
    const y = random([2, 3, 4]);
    check([x], ([a]) => {
      const b = add(a, 1);
      return [sum(b), concat([b, zeros([3, 2])], 1)];
    });
    for (const dims of [undefined, [0], [1], [2], [0, 1], [1, 2], [0, 2]]) {
      for (const dim of [0, 1, 2]) {
        check([y, y], ([a, c]) => {
          const [b, d] = [exp(a), add(c, 1)];
          return [sum(b, dims), mean(d, dims), concat([b, d], dim), stack([d, b], dim)];
        });
        check([y], ([a]) => [softmax(a, 2), concat([softmax(a, 2), a], dim)], 1e-4);
      }
    }
    // Cut into rows.
    check([random([40, 1000])], ([a]) => {
      const b = add(a, 1);
      return [sum(b), concat([b, a], 1)];
    });
  });

  it('picks from memory by an index computed beside what it picks from', () => {
    const index = dense(
      [24],
      Array.from({ length: 24 }, (_, i) => i * 7),
      'int32',
    );
    check([random([24]), index], ([x, i]) => ops.gather(add(x, 1), 0, ops.remainder(i, 24)));
    check([random([6, 4]), index], ([x, i]) => {
      const at = ops.reshape(ops.remainder(i, 6), [6, 4]);
      return exp(ops.gather(mul(x, 2), 0, at));
    });
  });

  it('transposes in blocks', () => {
    for (const [m, n] of [
      [8, 8],
      [17, 33],
      [40, 9],
    ]) {
      check([random([m, n], 'float32', [1, m])], ([x]) => ops.copy(x));
      check([random([m, n], 'float64', [1, m]), random([n], 'float64')], ([x, y]) => add(x, y));
      check([random([m, n], 'float32', [1, m]), random([m, n])], ([x, y]) => add(x, y));
      check([random([m, n], 'bool', [1, m])], ([x]) => ops.logicalNot(x));
      check([random([3, m, n], 'int64', [m * n, 1, m])], ([x]) => ops.neg(x));
      check([random([m, 3, n], 'float32', [1, m * n, m])], ([x]) => [relu(x), exp(x)]);
    }
  });

  it('broadcasts', () => {
    check([random([64, 33]), random([33])], ([x, y]) => add(x, y));
    check([random([64, 33]), random([64, 1])], ([x, y]) => add(x, y));
    check([random([2, 5, 3, 4]), random([1, 5, 1, 1])], ([x, y]) => add(x, y));
    check([random([9, 1]), random([1, 13])], ([x, y]) => mul(x, y));
    check([random([]), random([17])], ([x, y]) => mul(x, y));
  });

  it('mixes dtypes', () => {
    check([random([21], 'int32'), random([21])], ([x, y]) => add(x, y));
    check([random([21], 'int64'), random([21])], ([x, y]) => add(x, y));
    check([random([21], 'float64'), random([21])], ([x, y]) => mul(x, y));
    check([random([21], 'bool'), random([21]), random([21])], ([c, x, y]) => ops.where(c, x, y));
    check([random([21], 'int64'), random([21], 'int64')], ([x, y]) => ops.lt(x, y));
    check([random([21], 'bool'), random([21], 'bool')], ([x, y]) => ops.logicalAnd(x, y));
    check([random([21])], ([x]) => ops.cast(x, 'int64'));
  });

  it('takes run-time scalars and constants', () => {
    check([random([40]), 2.5], ([x, s]) => add(mul(x, s), 3));
    check([random([40], 'int32'), 2], ([x, s]) => ops.cast(mul(x, s), 'float64'));
    check([2.5, random([3, 4])], ([s, x]) => sub(s, x));
  });

  it('fuses a chain into one kernel', () => {
    const n = check([random([33, 65]), random([65])], ([x, b]) => relu(mul(add(x, b), 0.5)));
    expect(n).toBe(1);
    const [p, g, m, v] = [random([300]), random([300]), random([300]), random([300])];
    expect(
      check([p, g, m, v, 1e-3, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.2], ([p, g, m, v, ...h]) =>
        ops.adamUpdate(
          p,
          g,
          m,
          ops.square(v),
          ...(h as [Value, Value, Value, Value, Value, Value, Value]),
        ),
      ),
    ).toBe(1);
  });
});

describe('reductions', () => {
  it.each([
    [[0], undefined],
    [[1], undefined],
    [[5], undefined],
    [[1000], undefined],
    [[70000], undefined],
    [[3, 17], [1]],
    [[3, 300], [1]],
    [[17, 3], [0]],
    [[9, 130], [0]],
    [[1100, 9], [0]],
    [[3, 0], [1]],
    [[0, 3], [0]],
    [[0, 3], [1]],
    [
      [4, 5, 6, 7],
      [0, 2, 3],
    ],
    [[4, 5, 6, 7], [1]],
    [
      [4, 5, 6, 7],
      [0, 2],
    ],
    [
      [4, 5, 1, 1],
      [0, 2, 3],
    ],
    [[2, 1, 3], [1]],
  ] as const)('sums %j over %j', (shape, dims) => {
    expect(check([random(shape)], ([x]) => sum(x, dims))).toBe(
      shape.length === 2 && shape[0] === 0 && dims?.[0] === 1 ? 0 : 1,
    );
    check([random(shape, 'int64')], ([x]) => sum(x, dims, true));
    check([random(shape, 'bool')], ([x]) => sum(x, dims));
  });

  it('finds extremes and products', () => {
    for (const [shape, dim] of [
      [[3, 50], 1],
      [[50, 3], 0],
      [[7, 9, 5], 1],
      [[5], 0],
    ] as const) {
      for (const dtype of ['float32', 'float64', 'int32', 'int64'] as const) {
        check([random(shape, dtype)], ([x]) => [max(x, dim), min(x, dim), prod(x, dim)]);
        check([random(shape, dtype)], ([x]) => [argmax(x, dim), argmin(x, dim)]);
        check([random(shape, dtype)], ([x]) => [argmax(x), argmin(x)]);
      }
      check([random(shape, 'bool')], ([x]) => [ops.any(x, dim), ops.all(x, dim)]);
    }
  });

  it('takes the first of equals and NaN above all', () => {
    const tie = dense([2, 9], [1, 5, 2, 5, 5, 0, 1, 5, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
    check([tie], ([x]) => [argmax(x, 1), argmin(x, 1), argmax(x, 0), argmin(x, 0)]);
    const nan = dense([2, 9], [1, 5, NaN, 5, 5, NaN, 1, 9, 2, 3, 3, 3, 3, 3, 3, 3, 3, NaN]);
    check([nan], ([x]) => [argmax(x, 1), argmin(x, 1), max(x, 1), argmax(x, 0), min(x, 0)]);
    const low = dense([9], new Array(9).fill(-Infinity));
    check([low], ([x]) => [argmax(x), max(x)]);
    const late = dense(
      [40],
      Array.from({ length: 40 }, (_, i) => (i === 38 || i === 39 ? NaN : i)),
    );
    check([late], ([x]) => [argmax(x), argmin(x)]);
  });

  it('reads strided and broadcast operands', () => {
    check([random([50, 20], 'float32', [1, 50])], ([x]) => sum(x, 1));
    check([random([50, 20], 'float32', [1, 50])], ([x]) => sum(x, 0));
    check([random([50, 20], 'float32', [1, 50])], ([x]) => max(x, 1));
    check([random([50, 20], 'float32', [-20, -1])], ([x]) => sum(x));
    check([random([4, 6, 8], 'float32', [100, 10, 1])], ([x]) => sum(x, [1, 2]));
    check([random([6, 8]), random([8])], ([x, y]) => sum(mul(x, y)));
    check([random([4, 6, 8]), random([8])], ([x, y]) => sum(mul(x, y), [1, 2]));
    check([random([5])], ([x]) => sum(ops.expand(x, [3, 5]), 0));
  });

  it('is accurate for long sums', () => {
    const n = 300000;
    const x = dense(
      [n],
      Array.from({ length: n }, () => Math.fround(0.1)),
    );
    const graph = record([x], ([a]) => sum(a));
    const { outputs } = runPlan(lower(graph, [x], targetOf('wasm')), graph, [x], 'wasm');
    const want = n * Math.fround(0.1);
    expect(Math.abs(Number(outputs[0][0]) - want) / want).toBeLessThan(2e-6);
  });

  it('adds in an order that strides do not change', () => {
    const x = random([60, 70]);
    const data = (x as Exclude<Input, number>).data;
    const turned = Array.from({ length: 4200 }, (_, i) =>
      Number(data[(i % 60) * 70 + Math.floor(i / 60)]),
    );
    const { spec } = random([60, 70], 'float32', [1, 60]) as Exclude<Input, number>;
    const strided: Input = { spec, data: Float32Array.from(turned), first: 0 };
    for (const dims of [[0], [1], [0, 1]]) {
      const results = [x, strided].map((input) => {
        const graph = record([input], ([a]) => sum(exp(a), dims));
        return runPlan(lower(graph, [input], targetOf('wasm')), graph, [input], 'wasm').outputs[0];
      });
      expect(results[1]).toEqual(results[0]);
    }
  });

  it('runs softmax as one kernel', () => {
    for (const shape of [
      [4, 10],
      [3, 1000],
      [1, 5],
      [5, 1],
    ]) {
      const n = check([random(shape)], ([x]) => softmax(x, 1));
      expect(n).toBe(1);
    }
    expect(check([random([10, 40])], ([x]) => softmax(x, 0))).toBe(1);
    expect(check([random([3, 10, 4, 5])], ([x]) => softmax(x, 1))).toBe(1);
    expect(check([random([4, 33])], ([x]) => ops.logSoftmax(x, 1))).toBe(1);
    expect(check([random([4, 33])], ([x]) => ops.logsumexp(x, 1))).toBe(1);
    check([random([10, 40], 'float32', [1, 10])], ([x]) => softmax(x, 1));
  });

  it('normalises', () => {
    const norm = (x: Value, dims: number[]) => {
      const off = sub(x, mean(x, dims, true));
      const v = mean(mul(off, off), dims, true);
      return mul(off, ops.rsqrt(add(v, 1e-5)));
    };
    expect(
      check([random([6, 40]), random([40]), random([40])], ([x, w, b]) =>
        add(mul(norm(x, [1]), w), b),
      ),
    ).toBe(1);
    expect(
      check([random([4, 3, 5, 6]), random([1, 3, 1, 1])], ([x, w]) => mul(norm(x, [0, 2, 3]), w)),
    ).toBe(1);
    expect(check([random([40, 6])], ([x]) => norm(x, [0]))).toBe(1);
    expect(check([random([3, 50])], ([x]) => [ops.variance(x, 1), mean(x, 1)])).toBe(1);
  });

  it('keeps row values and whole values of one group apart', () => {
    check([random([6, 40])], ([x]) => [
      sum(x, 1),
      relu(x),
      mul(sum(x, 1, true), x),
      exp(sum(x, 1)),
    ]);
    check([random([6, 6])], ([x]) => [
      add(x, sum(x, 1, true)),
      add(x, sum(x, 0, true)),
      add(x, sum(x, 1)),
    ]);
    check([random([6, 40])], ([x]) => mean(sum(exp(x), 1)));
    check([random([1, 40])], ([x]) => add(x, sum(x, 0)));
    check([random([6, 40])], ([x]) => mul(x, sum(x)));
  });
});

describe('places', () => {
  it('folds views', () => {
    expect(check([random([6, 8])], ([x]) => relu(ops.transpose(x)))).toBe(1);
    expect(check([random([6, 8])], ([x]) => ops.transpose(x))).toBe(1);
    expect(check([random([6, 8])], ([x]) => ops.reshape(ops.transpose(x), [48]))).toBe(2);
    expect(check([random([6, 8])], ([x]) => exp(ops.slice(x, [4, 1], [-2, 3], [2, 2])))).toBe(1);
    expect(check([random([6])], ([x]) => add(ops.expand(x, [5, 6]), 1))).toBe(1);
    check([random([6, 8])], ([x]) => add(ops.transpose(relu(x)), ops.reshape(relu(x), [8, 6])));
    check([random([6, 8])], ([x]) => [x, x, ops.reshape(x, [48])]);
    check([random([6, 8]), 3], ([, s]) => [
      ops.full([3, 2], s),
      ops.expand(ops.reshape(s, [1]), [4]),
    ]);
  });

  it('updates in place', () => {
    check(
      [random([133]), random([133]), random([133])],
      ([p, g, m]) => {
        const next = add(mul(m, 0.9), g);
        return [sub(p, mul(next, 0.1)), next];
      },
      1e-5,
      { 0: 0, 1: 2 },
    );
    check([random([9, 20])], ([x]) => softmax(x, 1), 1e-5, { 0: 0 });
  });

  it('says which outputs may lie on which inputs', () => {
    const pairs = (inputs: readonly Input[], f: (xs: Value[]) => Value | readonly Value[]) =>
      lower(record(inputs, f), inputs).inPlace;
    const x = random([8, 8]);
    expect(pairs([x, x], ([x, y]) => add(x, y))).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(pairs([x], ([x]) => add(x, ops.transpose(x)))).toEqual([]);
    expect(pairs([x], ([x]) => softmax(x, 1))).toEqual([[0, 0]]);
    expect(pairs([x, x], ([x, y]) => ops.matmul(x, y))).toEqual([]);
    // The second output still needs x.
    expect(pairs([x], ([x]) => [relu(x), ops.matmul(x, x)])).toEqual([]);
    expect(pairs([random([8, 8], 'float32', [1, 8])], ([x]) => relu(x))).toEqual([]);
  });

  it('assembles', () => {
    check([random([3, 4]), random([3, 2]), random([3, 5], 'int32')], ([x, y, z]) =>
      ops.concat([x, relu(y), z], 1),
    );
    check([random([3, 4])], ([x]) =>
      ops.pad(
        x,
        [
          [1, 2],
          [0, 3],
        ],
        7,
      ),
    );
    check([random([3, 4]), random([3, 4])], ([x, y]) => ops.stack([x, y], 1));
    check([random([0, 4]), random([2, 4])], ([x, y]) => ops.concat([x, y], 0));
  });

  it('computes parts where they belong', () => {
    const [a, b] = [random([3, 4]), random([3, 4])];
    // One kernel for each part that differs in shape, none that copies.
    expect(check([a, b], ([x, y]) => ops.stack([relu(x), exp(y)]))).toBe(2);
    expect(
      check([a, b], ([x, y]) => ops.concat([relu(x), ops.matmul(x, ops.transpose(y))], 1)),
    ).toBe(3);
    const nested = ([x, y]: Value[]) =>
      ops.stack([ops.concat([relu(x), exp(y)], 1), ops.concat([add(x, y), x], 1)]);
    expect(check([a, b], nested)).toBeLessThanOrEqual(4);
    // What is read elsewhere too, is there twice, is an output itself or a scalar.
    check([a, b], ([x, y]) => {
      const r = relu(x);
      const e = exp(r);
      return [ops.concat([r, r, e], 1), mul(sum(r, 1, true), y), e];
    });
    check([random([1, 5])], ([x]) =>
      ops.stack([ops.squeeze(relu(x)), exp(ops.reshape(x, [5]))], 1),
    );
    // What is filled first does not cover its parts; nor as a part itself.
    check([a], ([x]) =>
      ops.pad(
        exp(x),
        [
          [1, 1],
          [0, 2],
        ],
        7,
      ),
    );
    check([a], ([x]) =>
      ops.stack([
        ops.pad(
          exp(x),
          [
            [1, 1],
            [0, 2],
          ],
          7,
        ),
        ops.pad(
          relu(x),
          [
            [1, 1],
            [0, 2],
          ],
          7,
        ),
      ]),
    );
    // Written from the left, read from the right: not on the same memory.
    check([random([2, 6])], ([x]) => {
      const left = relu(ops.narrow(x, 1, 0, 3));
      return ops.concat([exp(ops.narrow(x, 1, 3, 3)), left], 1);
    });
  });

  it('counts and draws', () => {
    check([random([7])], () => ops.iota(50, 'float32'));
    check([random([7, 50])], ([x]) => add(x, ops.iota(50, 'float32')));
    check([3, 4, 5, 6], (s) => ops.randomBits([100, 3], s as never, 1));
    check(
      [random([5, 40]), 3, 4, 5, 6],
      ([x, ...s]) =>
        ops.sum(ops.mul(x, ops.cast(ops.randomBits([5, 40], s as never), 'float32')), 1),
      1e-4,
    );
  });
});

describe('indices', () => {
  const index = (shape: number[], n: number, dtype: 'int32' | 'int64' = 'int32') =>
    dense(
      shape,
      Array.from({ length: numelOf(shape) }, (_, i) => ((i * 7) % (2 * n)) - n),
      dtype,
    );

  it('gathers', () => {
    check([random([9, 20]), index([4, 20], 9)], ([x, i]) => ops.gather(x, 0, i));
    check([random([9, 20]), index([9, 3], 20, 'int64')], ([x, i]) => ops.gather(x, 1, i));
    check([random([9, 64]), index([5], 9)], ([x, i]) => ops.indexSelect(x, 0, i));
    check([random([9, 64]), index([5], 9)], ([x, i]) =>
      ops.relu(ops.indexSelect(ops.exp(x), 0, i)),
    );
    check([random([9, 64]), index([5], 64)], ([x, i]) => sum(ops.indexSelect(x, 1, i), 1));
    check([random([9, 64]), index([5], 9)], ([x, i]) => sum(ops.indexSelect(x, 0, i), 1));
    check([random([9, 64]), index([5], 9)], ([x, i]) => max(ops.indexSelect(x, 0, i), 1));
  });

  it('scatters', () => {
    check([random([9, 20]), index([4, 20], 9), random([4, 20])], ([x, i, s]) =>
      ops.scatterAdd(x, 0, i, s),
    );
    check([random([9, 20]), index([9, 3], 20, 'int64'), random([9, 3])], ([x, i, s]) =>
      ops.scatterAdd(x, 1, i, s),
    );
    check([random([9, 37]), index([5, 1], 9), random([5, 37])], ([x, i, s]) =>
      ops.scatterAdd(x, 0, ops.expand(i, [5, 37]), s),
    );
    check([index([5], 9), random([5])], ([i, s]) => ops.scatterAdd(ops.full([9], 0), 0, i, s));
  });

  it('reports the first index that is out of range', () => {
    const x = random([5, 4]);
    for (const bad of [5, -6]) {
      const i = dense([3, 4], [0, 1, 2, 3, 4, 0, bad, 1, bad, 1, 1, 1], 'int32');
      for (const engine of ENGINES) {
        for (const f of [
          ([x, i]: Value[]) => ops.gather(x, 0, i),
          ([x, i]: Value[]) => ops.scatterAdd(x, 0, i, ops.full([3, 4], 1)),
        ]) {
          const graph = record([x, i], f);
          const plan = lower(graph, [x, i], targetOf(engine));
          expect(runPlan(plan, graph, [x, i], engine).fault).toBe(7);
          expect(plan.launches.at(-1)?.faults).toBe(graph.nodes.at(-1));
        }
      }
    }
  });

  it('computes cross-entropy in two kernels', () => {
    const labels = dense([6], [0, 3, 9, 1, 2, 5], 'int64');
    expect(check([random([6, 10]), labels], ([x, y]) => ops.crossEntropy(x, y))).toBe(2);
    check([random([6, 10, 3]), index([6, 3], 5)], ([x, y]) =>
      ops.crossEntropy(x, ops.abs(y), { labelSmoothing: 0.1 }),
    );
  });
});

describe('contractions', () => {
  it('finishes matrix products on their tiles', () => {
    const n = check(
      [random([5, 7]), random([7, 20]), random([20])],
      ([x, w, b]) => relu(add(ops.matmul(x, w), b)),
      1e-4,
    );
    expect(n).toBe(1);
    expect(
      check(
        [random([5, 7]), random([7, 20]), random([5, 20])],
        ([x, w, r]) => add(mul(ops.matmul(x, w), 0.5), r),
        1e-4,
      ),
    ).toBe(1);
    check([random([5, 7]), random([7, 20])], ([x, w]) => softmax(ops.matmul(x, w), 1), 1e-4);
    check(
      [random([5, 7]), random([7, 20])],
      ([x, w]) => {
        const y = ops.matmul(x, w);
        return [y, relu(y)];
      },
      1e-4,
    );
    check([random([3, 5, 7]), random([7, 2]), 3], ([x, w, s]) => mul(ops.matmul(x, w), s), 1e-4);
    check(
      [random([8, 9]), random([9, 8])],
      ([x, w]) =>
        ops.matmul(ops.slice(x, [2, 1], [1, 2], [4, 4]), ops.slice(w, [1, 3], [2, 1], [4, 5])),
      1e-4,
    );
    check(
      [random([5, 0]), random([0, 20]), random([20])],
      ([x, w, b]) => add(ops.matmul(x, w), b),
      1e-4,
    );
    check([random([5, 7]), random([7])], ([x, w]) => relu(ops.matmul(x, w)), 1e-4);
    check(
      [random([5, 7]), random([7, 20]), random([20, 5])],
      ([x, w, b]) => add(ops.matmul(x, w), ops.transpose(b)),
      1e-4,
    );
    check(
      [random([4, 4])],
      ([x]) => ops.matmul(ops.matmul(x, x), ops.transpose(exp(ops.matmul(x, x)))),
      1e-4,
    );
  });
});

describe('images', () => {
  it('convolves, with bias and activation on the tiles', () => {
    const [x, w, b] = [random([2, 3, 8, 9]), random([4, 3, 3, 3]), random([4])];
    const plain = check([x, w], ([x, w]) => ops.conv2d(x, w, null, { padding: 1 }), 1e-4);
    expect(check([x, w, b], ([x, w, b]) => relu(ops.conv2d(x, w, b, { padding: 1 })), 1e-4)).toBe(
      plain,
    );
    check([x, w, b], ([x, w, b]) => ops.conv2d(x, w, b, { stride: 2 }), 1e-4);
    const r = random([2, 4, 8, 9]);
    expect(
      check([x, w, r], ([x, w, r]) => relu(add(ops.conv2d(x, w, null, { padding: 1 }), r)), 1e-4),
    ).toBe(plain);
    check([x, w], ([x, w]) => ops.conv2d(ops.flip(x, [3]), relu(w)), 1e-4);
    check([random([2, 3, 16, 10])], ([x]) => ops.avgPool2d(x, 2), 1e-4);
  });

  it('pools', () => {
    check([random([2, 3, 8, 9])], ([x]) =>
      ops.maxPool2dWithIndices(x, 3, { stride: 2, padding: 1 }),
    );
    check([random([2, 3, 8, 9])], ([x]) =>
      ops.maxPool2dWithIndices(ops.narrow(relu(x), 2, 1, 6), 2),
    );
  });
});

describe('keys', () => {
  const keys = (inputs: readonly Input[], f: (xs: Value[]) => Value | readonly Value[]) =>
    lower(record(inputs, f), inputs).launches.map((l) => l.key);

  it('do not change with sizes', () => {
    const f = ([x, b]: Value[]) => relu(add(x, b));
    const of = (n: number) => keys([random([n, 65]), random([65])], f);
    expect(of(33)).toEqual(of(57));
    const s = ([x]: Value[]) => softmax(x, 1);
    expect(keys([random([33, 10])], s)).toEqual(keys([random([57, 10])], s));
    const c = (n: number) => keys([random([n, 3, 5, 5])], ([x]) => sum(x, [0, 2, 3]));
    expect(c(4)).toEqual(c(9));
  });

  it('change with stride classes and dtypes', () => {
    const f = ([x]: Value[]) => relu(x);
    const plain = keys([random([33, 65])], f);
    expect(keys([random([33, 65], 'float32', [1, 33])], f)).not.toEqual(plain);
    expect(keys([random([33, 65], 'float64')], f)).not.toEqual(plain);
    expect(keys([random([33, 65], 'float32', [65, 1])], f)).toEqual(plain);
  });
});
