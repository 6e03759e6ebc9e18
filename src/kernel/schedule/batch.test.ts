/** Small launches of one kernel as one. */
import { describe, expect, it } from 'vitest';
import type { Value } from '../../ir/index.ts';
import * as ops from '../../ir/index.ts';
import { runGraph } from '../../ir/reference.ts';
import { WASM_TARGET } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { lowerGraph } from '../lower.ts';
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
import { BATCH_SLOTS } from './slots.ts';

const ENGINES: readonly Engine[] = ['interpreter', 'wasm', 'avx512', 'avx2'];
const { add, gather, matmul, mul, permute, sub, sum } = ops;

const isBatch = (l: Launch): boolean => l.key.startsWith('batch');

/** Compares all engines with the reference, outputs in place where they may be; the interpreter's plan. */
function check(inputs: readonly Input[], f: (xs: Value[]) => readonly Value[]) {
  const graph = record(inputs, f);
  const want = runGraph(graph, inputs.map(toNd));
  const plans = ENGINES.map((engine) => {
    const plan = lower(graph, inputs, targetOf(engine));
    const alias: Record<number, number> = {};
    for (const [o, i] of plan.inPlace) {
      if (!Object.values(alias).includes(i)) alias[o] ??= i;
    }
    const { outputs } = runPlan(plan, graph, inputs, engine, alias);
    graph.outputs.forEach((_, o) => {
      const [got, wanted] = [outputs[o], want[o].data];
      expect(got.length).toBe(wanted.length);
      for (let i = 0; i < wanted.length; i++) {
        const error = Math.abs(Number(got[i]) - Number(wanted[i]));
        const near = error <= 1e-5 * (1 + Math.abs(Number(wanted[i])));
        if (!near) expect.fail(`${engine}: output ${o} [${i}] is ${got[i]}, not ${wanted[i]}`);
      }
    });
    return plan;
  });
  return plans[0];
}

const vectors = (sizes: readonly number[]): Input[] => sizes.map((n) => random([n]));

/** p - 0.1 g of each pair. */
const descent = (xs: Value[]): Value[] =>
  xs.slice(0, xs.length / 2).map((p, i) => sub(p, mul(0.1, xs[xs.length / 2 + i])));

describe('a batch', () => {
  it('updates parameters of any sizes in one launch, in place', () => {
    const sizes = [7, 64, 1, 100, 33, 8];
    const plan = check([...vectors(sizes), ...vectors(sizes)], descent);
    // A single element is another kernel: nothing to loop over.
    expect(plan.launches.map(isBatch)).toEqual([false, true]);
    sizes.forEach((_, i) => expect(plan.inPlace).toContainEqual([i, i]));
  });

  it('cuts into tiles of several parts, and leaves what has tiles by itself', () => {
    const sizes = [...new Array<number>(12).fill(20), 5000];
    const inputs = [...vectors(sizes), ...vectors(sizes)];
    const target = { ...WASM_TARGET, threads: 2, parallelWork: 400 };
    const { launches } = lower(record(inputs, descent), inputs, target);
    const [alone, batch] = launches;
    expect(alone.tiles).toBeGreaterThan(1);
    expect(isBatch(alone)).toBe(false);
    expect(isBatch(batch)).toBe(true);
    expect(batch.tiles).toBeGreaterThan(1);
    const [parts, partsOfTile] = batch.args.map((a) => (a.kind === 'index' ? a.value : 0));
    expect(parts).toBe(12);
    expect((batch.tiles as number) * partsOfTile).toBeGreaterThanOrEqual(12);
    check(inputs, descent);
  });

  it('has no more arguments than a block holds', () => {
    const sizes = Array.from({ length: 150 }, (_, i) => 8 + i);
    const inputs = [...vectors(sizes), ...vectors(sizes)];
    const { launches } = check(inputs, descent);
    expect(launches.length).toBeGreaterThan(1);
    for (const l of launches) expect(l.args.length).toBeLessThanOrEqual(240);
    const slots = launches.reduce((n, l) => n + l.args.length - BATCH_SLOTS.length, 0);
    expect(slots % sizes.length).toBe(0);
  });

  it('does not write over what another of its parts reads', () => {
    const plan = check([random([40]), random([40])], ([x, y]) => [sub(x, y), sub(y, x)]);
    expect(plan.launches.map(isBatch)).toEqual([true]);
    expect(plan.inPlace).toEqual([]);
  });

  it('does not move what reads a cell behind what writes it in place', () => {
    const inputs = vectors([500, 500, 500]);
    const graph = record(inputs, ([t, w, g]) => [
      add(mul(t, 0.99), mul(w, 0.01)),
      add(mul(w, 0.99), mul(g, 0.01)),
    ]);
    const specs = inputs.map((x) => (x as Exclude<Input, number>).spec);
    const cells = [
      [0, 0],
      [1, 1],
    ] as const;
    const { inPlace, launches } = lowerGraph(graph, specs, WASM_TARGET, { cells });
    expect(inPlace).toEqual(cells);
    expect(launches.some(isBatch)).toBe(false);
  });

  it('leaves alone what is large, on one thread too', () => {
    const inputs = vectors([60_000, 60_000, 60_000, 60_000]);
    const { launches } = lower(record(inputs, descent), inputs, WASM_TARGET);
    expect(launches.map(isBatch)).toEqual([false, false]);
  });

  it('reduces, each part in the order that it has alone', () => {
    const inputs = [random([3, 50]), random([6, 50]), random([2, 50])];
    const rows = (xs: Value[]): Value[] => xs.map((x) => sum(mul(x, x), 1));
    const { launches } = check(inputs, rows);
    expect(launches.map(isBatch)).toEqual([true]);
    for (const engine of ENGINES) {
      const all = record(inputs, rows);
      const target = targetOf(engine);
      const { outputs } = runPlan(lower(all, inputs, target), all, inputs, engine);
      inputs.forEach((x, i) => {
        const one = record([x], rows);
        const alone = runPlan(lower(one, [x], target), one, [x], engine);
        expect(outputs[i]).toEqual(alone.outputs[0]);
      });
    }
  });

  it('waits for what its parts read, and is there before it is read', () => {
    // Each turn needs the one before: a product lies between sums that are the same kernel.
    const { launches } = check([random([9, 9]), random([9])], ([x, y]) => {
      let now = y;
      const all: Value[] = [];
      for (let i = 0; i < 3; i++) {
        now = sum(mul(permute(x, [1, 0]), now), 1);
        all.push(matmul(x, now), now);
      }
      return all;
    });
    expect(launches.some(isBatch)).toBe(false);
  });

  it('does not take in what may fault', () => {
    const index = dense([2, 4], [0, 1, 2, 3, 4, 3, 2, 1], 'int32');
    const inputs = [random([5, 4]), random([5, 4]), index];
    const { launches } = check(inputs, ([x, y, at]) => [gather(x, 0, at), gather(y, 0, at)]);
    expect(launches.filter((l) => l.faults !== undefined).length).toBe(2);
    expect(launches.some(isBatch)).toBe(false);
  });

  it('leaves the order of all others as it was', () => {
    const inputs = [random([30]), random([30]), random([8, 8]), random([30])];
    const plan = check(inputs, ([a, b, m, c]) => [
      add(a, 1),
      matmul(m, m),
      add(b, 1),
      mul(c, c),
      add(c, 1),
    ]);
    expect(plan.launches.filter(isBatch).length).toBe(1);
    const [batch] = plan.launches.filter(isBatch);
    expect((batch.args[0] as { value: number }).value).toBe(3);
  });
});
