/** Reductions of everything, cut into rows. */
import { describe, expect, it } from 'vitest';
import { numelOf } from '../../base/index.ts';
import type { Value } from '../../ir/index.ts';
import * as ops from '../../ir/index.ts';
import { runGraph } from '../../ir/reference.ts';
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
} from './harness.test-util.ts';
import { PART } from './split.ts';

const ENGINES: readonly Engine[] = ['wasm', 'avx512'];
const MANY = 8 * PART;

/**
 * Compares engines with the reference in float64, and the bits of tiles in any order with those of
 * one thread. Returns the number of kernels.
 */
function check(
  inputs: readonly Input[],
  f: (xs: Value[]) => Value | readonly Value[],
  tolerance = 1e-6,
): number {
  const graph = record(inputs, f);
  const want = runGraph(graph, inputs.map(toNd));
  const counts = ENGINES.map((engine) => {
    const plan = lower(graph, inputs, targetOf(engine));
    const { outputs } = runPlan(plan, graph, inputs, engine);
    if (engine === 'wasm') {
      const alone = lower(graph, inputs, { ...targetOf(engine), threads: 1 });
      expect(runPlan(alone, graph, inputs, engine).outputs).toEqual(outputs);
    }
    graph.outputs.forEach((v, o) => {
      for (let i = 0; i < numelOf(v.shape); i++) {
        const [x, y] = [Number(outputs[o][i]), Number(want[o].data[i])];
        const near = Object.is(x, y) || Math.abs(x - y) <= tolerance * (1 + Math.abs(y));
        if (!near) expect.fail(`${engine}: output ${o} [${i}] is ${x}, not ${y}`);
      }
    });
    return plan.launches.length;
  });
  expect(new Set(counts).size).toBe(1);
  return counts[0];
}

const { add, argmax, argmin, max, mean, min, mul, sum, variance } = ops;

describe('reductions of everything', () => {
  it('sums rows, the last of any length', () => {
    for (const n of [MANY, MANY + 1, MANY + 37, 9 * PART - 1]) {
      expect(check([random([n])], ([x]) => sum(mul(x, x)))).toBe(2);
    }
    expect(check([random([MANY - 1])], ([x]) => sum(mul(x, x)))).toBe(1);
  });

  it('fuses what comes before and after', () => {
    const shape = [7, MANY / 4];
    const inputs = [random(shape), random(shape), 3];
    expect(check(inputs, ([x, y, c]) => add(mean(mul(x, y)), c))).toBe(2);
    const many = ([x]: Value[]) => {
      const more = add(x, 1);
      return [max(more), min(more), sum(mul(more, more))];
    };
    expect(check([random([MANY + 5])], many, 1e-5)).toBe(2);
  });

  it('takes two kernels a phase, and one for elements', () => {
    const x = random([3, Math.ceil(MANY / 3) + 11]);
    expect(check([x], ([v]) => variance(v))).toBe(4);
    expect(check([x], ([v]) => ops.softmax(ops.flatten(v), 0))).toBe(5);
  });

  it('sums columns in rows of a few', () => {
    const both = ([x, y]: Value[]) => {
      const product = mul(x, y);
      return [sum(product, 0), max(product, 0)];
    };
    const [rows, columns] = [2 ** 13 + 5, 65];
    const twice = ([x]: Value[]) => sum(mul(x, x), 0);
    expect(check([random([rows, columns])], twice)).toBe(2);
    expect(check([random([rows, columns]), random([rows, 1])], both, 1e-5)).toBe(2);
    expect(check([random([1023, 5, 103])], ([x]) => argmax(x, 0))).toBe(2);
    expect(check([random([513, 3, 11, 33])], ([x]) => sum(mul(x, x), [0, 1]))).toBe(2);
    expect(check([random([rows, columns])], ([x]) => variance(x, 0))).toBe(4);
    // By sizes alone, whatever else the kernel does.
    expect(check([random([1000, 525])], ([x]) => variance(x, 0))).toBe(4);
    expect(check([random([4, 2 ** 17])], ([x]) => sum(x, 0))).toBe(1);
  });

  it('gives the first position of equals and of NaN', () => {
    const n = MANY + 77;
    const values = new Float32Array(n).fill(-Infinity);
    const both = ([x]: Value[]) => [argmax(x), argmin(x), max(x)];
    check([dense([n], values)], both);
    for (const at of [n - 1, 5 * PART + 3, PART]) {
      values[at] = 2;
      check([dense([n], values)], both);
    }
    values[3 * PART + 1] = Number.NaN;
    values[6 * PART] = Number.NaN;
    check([dense([n], values)], both);
  });

  it('other dtypes, and operands that stride', () => {
    const n = MANY + 3;
    check([random([n], 'float64')], ([x]) => [sum(x), max(x)], 1e-12);
    check([random([n], 'int32')], ([x]) => [sum(x), argmin(x)]);
    check([random([n], 'int64')], ([x]) => [sum(x), max(x)]);
    check([random([n], 'bool')], ([x]) => [ops.any(x), ops.all(x), sum(x)]);
    const turned = random([400, MANY / 256], 'float32', [1, 400]);
    check([turned], ([x]) => sum(mul(x, x)));
    check([turned], ([x]) => [argmax(x), max(x)]);
    check([random([n], 'float32', [2])], ([x]) => max(x));
    check([random([500, MANY / 256], 'float32', [0, 1])], ([x]) => sum(mul(x, x)));
  });

  it('no strides change the order of a sum', () => {
    const [rows, columns] = [300, MANY / 256];
    const x = random([rows, columns]) as Exclude<Input, number>;
    const turned = random([rows, columns], 'float32', [1, rows]) as Exclude<Input, number>;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) turned.data[j * rows + i] = x.data[i * columns + j];
    }
    const [one, other] = [x, turned].map((input) => {
      const graph = record([input], ([v]) => sum(v));
      return runPlan(lower(graph, [input], targetOf('avx2')), graph, [input], 'avx2').outputs[0];
    });
    expect(other).toEqual(one);
  });

  it('nothing that shares a kernel changes the order of a sum', () => {
    const x = random([2304, 256]);
    const sumsOf = (f: (x: Value) => Value[]) => {
      const graph = record([x], ([v]) => f(v));
      return runPlan(lower(graph, [x], targetOf('avx2')), graph, [x], 'avx2').outputs[0];
    };
    const alone = sumsOf((v) => [sum(v, 0)]);
    const taken = (v: Value, total: Value): Value[] => [total, ops.exp(ops.sub(v, total))];
    expect(sumsOf((v) => taken(v, sum(v, 0)))).toEqual(alone);
    expect(sumsOf((v) => [sum(v, 0), ops.gather(sum(v, 0), 0, ops.iota(256, 'int32'))])).toEqual(
      alone,
    );
  });
});
