/** Stores past the caches: where they stand, and that the elements are the same. */
import { describe, expect, it } from 'vitest';
import { specOf } from '../../base/index.ts';
import type { Value } from '../../ir/index.ts';
import * as ops from '../../ir/index.ts';
import type { Inst } from '../ir.ts';
import type { LaunchPlan } from '../launch.ts';
import {
  type Engine,
  type Input,
  lower,
  random,
  record,
  runPlan,
  targetOf,
} from './harness.test-util.ts';

const ENGINES: readonly Engine[] = ['avx2', 'avx512', 'wasm'];

const infoOf = (engine: Engine, streamBytes: number) => ({ ...targetOf(engine), streamBytes });

/** Streamed stores of the plan's kernels, in all branches. */
function streamsIn(plan: LaunchPlan): number {
  const count = (block: readonly Inst[]): number =>
    block.reduce((n, inst) => {
      if (inst.op === 'loop') return n + count(inst.body);
      if (inst.op === 'if') return n + count(inst.then) + count(inst.else);
      return n + (inst.op === 'store' && inst.stream ? 1 : 0);
    }, 0);
  return plan.launches.reduce((n, launch) => n + count(launch.build().body), 0);
}

/** Runs with and without streams and compares the bits. Returns how many kernels stream. */
function check(
  inputs: readonly Input[],
  f: (xs: Value[]) => Value | readonly Value[],
  alias: Readonly<Record<number, number>> = {},
): boolean {
  const graph = record(inputs, f);
  const found = ENGINES.map((engine) => {
    const [always, never] = [0, Infinity].map((bytes) =>
      lower(graph, inputs, infoOf(engine, bytes)),
    );
    expect(streamsIn(never)).toBe(0);
    const [got, want] = [always, never].map((plan) => runPlan(plan, graph, inputs, engine, alias));
    got.outputs.forEach((out, i) => {
      expect(Buffer.from(out.buffer)).toEqual(Buffer.from(want.outputs[i].buffer));
    });
    if (streamsIn(always) > 0) {
      expect(always.launches.map((l) => l.key)).not.toEqual(never.launches.map((l) => l.key));
    }
    return streamsIn(always) > 0;
  });
  expect(new Set(found).size).toBe(1);
  return found[0];
}

describe('stores past the caches', () => {
  it('stream elementwise kernels of any length', () => {
    for (const n of [16, 17, 31, 64, 1000, 4099]) {
      expect(check([random([n]), random([n])], ([x, y]) => ops.mul(x, y))).toBe(true);
      expect(check([random([n], 'float64'), 3], ([x, c]) => ops.add(x, c))).toBe(true);
      expect(check([random([n], 'int32')], ([x]) => ops.add(x, 1))).toBe(true);
    }
  });

  it('stream rows only where each begins aligned', () => {
    const bias = (columns: number) =>
      check([random([5, columns]), random([columns])], ([x, y]) => ops.add(x, y));
    expect(bias(64)).toBe(true);
    expect(bias(63)).toBe(false);
  });

  it('store as usual where the output begins elsewhere', () => {
    const data = new Float32Array(101).map((_, i) => i / 7);
    for (const first of [0, 1, 3]) {
      const x = { spec: specOf('float32', [97]), data, first };
      expect(check([x], ([v]) => ops.mul(v, 2), { 0: 0 })).toBe(true);
    }
  });

  it('leave what is read again, costs much, is several or is bool to the caches', () => {
    const x = random([40, 64]);
    expect(check([x], ([v]) => ops.softmax(v, 1))).toBe(false);
    expect(check([x], ([v]) => ops.tanh(v))).toBe(false);
    const two = (v: Value) => {
      const more = ops.add(v, 1);
      return [more, ops.mul(more, 2)];
    };
    expect(check([x], ([v]) => two(v))).toBe(false);
    expect(check([x], ([v]) => ops.lt(v, 0))).toBe(false);
    expect(check([random([64, 40], 'float32', [1, 64])], ([v]) => ops.copy(v))).toBe(false);
  });

  it('begin above the bytes that the target names', () => {
    const inputs = [random([1024]), random([1024])];
    const graph = record(inputs, ([a, b]) => ops.add(a, b));
    const streams = (bytes: number) => streamsIn(lower(graph, inputs, infoOf('avx2', bytes))) > 0;
    expect([3 * 4096 - 1, 3 * 4096].map(streams)).toEqual([true, false]);
  });
});
