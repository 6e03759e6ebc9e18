/** Programs of the WebAssembly engine: one call for all launches, faults, what moves, what is held. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { specOf } from '../../base/index.ts';
import { add, type Graph, gather, matmul, mul, record, type Value } from '../../ir/index.ts';
import type { CompileOptions } from '../device.ts';
import {
  INDEX,
  inner,
  N,
  numbers,
  open,
  read,
  SQUARE,
  same,
  slot,
} from './wasm-device.test-util.ts';
import type { WasmDevice } from './wasm-device.ts';
import { WasmProgram } from './wasm-program.ts';

afterEach(() => vi.unstubAllEnvs());

/** Products, each a launch of its own and one kernel for all; `n` sums that are all different. */
const chain = (n: number): Graph =>
  record(
    'chain',
    (x, w) => {
      let y: Value = x;
      for (let i = 0; i < n; i++) y = add(mul(matmul(y, w), 0.01), i / 64);
      return y;
    },
    [SQUARE, SQUARE],
    'cpu',
  );

/** Compiles; counts the entries into WebAssembly, and forbids those that pass the program by. */
function counted(device: WasmDevice, graph: Graph, options: CompileOptions) {
  const specs = graph.inputs.map((v) => specOf(v.dtype, v.shape));
  const made = device.compile(graph, specs, options);
  const program =
    made instanceof WasmProgram ? made : (Reflect.get(made, 'program') as WasmProgram);
  for (const kernel of program.kernels) {
    Object.defineProperty(kernel, 'run', {
      value: () => {
        throw new Error('a kernel was called from JavaScript');
      },
    });
  }
  const { driver } = inner(device);
  const original = Reflect.get(driver, 'driver') as { run(first: number, end: number): number };
  const count = { entries: 0 };
  Reflect.set(driver, 'driver', {
    run(first: number, end: number): number {
      count.entries++;
      return original.run(first, end);
    },
  });
  return { made, program, count };
}

describe.each([1, 2, 3])('%i threads', (threads) => {
  test.each([true, false])('all launches are one call (program: %s)', (program) => {
    const device = open(threads);
    expect(device.threads).toBe(threads);
    const { made, program: inside, count } = counted(device, chain(30), { program });
    expect(inside.kernels.length).toBeGreaterThanOrEqual(30);
    const out = slot(device, numbers(0));
    made.runAll([out], [slot(device, numbers(1)), slot(device, numbers(2))]);
    expect(count.entries).toBe(1);
    const first = read(device, out);
    made.runAll([out], [slot(device, numbers(1)), slot(device, numbers(2))]);
    expect(count.entries).toBe(2);
    expect(read(device, out)).toEqual(first);
    expect(first.some((x) => x !== 0)).toBe(true);
  });
});

test('more kernels than the table grows by, each at its place', () => {
  const device = open();
  const x = slot(device, numbers(1));
  const programs = [0, 1].map((k) => {
    const graph = record(
      'sums',
      (v) => {
        const outs: Value[] = [];
        for (let i = 0; i < 100; i++) outs.push(add(mul(v, i + 1), k));
        return outs.map((o, i) => matmul(o, mul(v, i + 0.5)));
      },
      [SQUARE],
      'cpu',
    );
    return device.compile(graph, [SQUARE], { program: true }) as WasmProgram;
  });
  expect(new Set(programs.flatMap((p) => p.kernels)).size).toBeGreaterThan(64);
  for (const [k, program] of programs.entries()) {
    const outs = program.outputs.map(() => slot(device, numbers(0)));
    program.runAll(outs, [x]);
    const v = numbers(1);
    for (const i of [0, 50, 99]) {
      let sum = 0;
      for (let j = 0; j < N; j++) sum += (v[j] * (i + 1) + k) * (v[j * N] * (i + 0.5));
      expect(read(device, outs[i])[0] / sum).toBeCloseTo(1, 4);
    }
  }
});

test('a program of no launches does nothing', () => {
  const device = open();
  const empty = specOf('float32', [0, 4]);
  const graph = record('empty', (x) => add(x, 1), [empty], 'cpu');
  const program = device.compile(graph, [empty], { program: true }) as WasmProgram;
  expect(program.kernels).toHaveLength(0);
  const none = slot(device, new Float32Array(0));
  program.runAll([none], [none]);
});

describe('faults', () => {
  /** Reads x at an index, and writes y * 2, on y itself if nothing that follows can fault. */
  const graph = record(
    'picks',
    (x, index, y) => [gather(matmul(x, x), 0, index), mul(y, 2)],
    [SQUARE, INDEX, SQUARE],
    'cpu',
  );

  test.each([1, 2])('the last kernels leave cells as they were (%i threads)', (threads) => {
    const device = open(threads);
    const program = device.compile(graph, [SQUARE, INDEX, SQUARE], {
      program: true,
      cells: [[1, 2]],
    });
    expect(program.inPlace).toContainEqual([1, 2]);
    const [x, y, picked] = [
      slot(device, numbers(1)),
      slot(device, numbers(2)),
      slot(device, numbers(0)),
    ];
    const index = new Int32Array(N * N).fill(3);
    const good = slot(device, index);
    index[5] = N;
    const bad = slot(device, index);
    for (let i = 0; i < 3; i++) {
      expect(() => program.runAll([picked, y], [x, bad, y])).toThrow(
        /operand 1 holds 24 at \[0, 5\]/,
      );
      expect(read(device, y)).toEqual(numbers(2));
    }
    program.runAll([picked, y], [x, good, y]);
    expect(read(device, y)).toEqual(numbers(2).map((v) => 2 * v));
  });

  test('the one that is named is the first that met one', () => {
    const device = open();
    const two = record(
      'two',
      (x, i, j) => add(gather(matmul(x, x), 0, i), matmul(x, gather(x, 1, j))),
      [SQUARE, INDEX, INDEX],
      'cpu',
    );
    const program = device.compile(two, [SQUARE, INDEX, INDEX], { program: true });
    const [x, out] = [slot(device, numbers(1)), slot(device, numbers(0))];
    const good = slot(device, new Int32Array(N * N));
    const bad = slot(device, new Int32Array(N * N).fill(-99));
    expect(() => program.runAll([out], [x, bad, good])).toThrow(/operand 1 holds -99/);
    expect(() => program.runAll([out], [x, good, bad])).toThrow(/operand 2 holds -99/);
    program.runAll([out], [x, good, good]);
  });
});

test('blocks that leave the heap and come back elsewhere are found again', () => {
  const n = 400;
  const spec = specOf('float32', [n, n]);
  const device = open(1, 4);
  const graph = record('moves', (x, w) => add(matmul(x, w), 1), [spec, spec], 'cpu');
  const program = device.compile(graph, [spec, spec], { program: true, constants: [1] });
  const w = slot(device, numbers(9, n));
  const xs = [1, 2, 3, 4, 5, 6].map((k) => slot(device, numbers(k, n)));
  const outs = xs.map(() => slot(device, numbers(0, n)));
  const run = (): void => xs.forEach((x, i) => program.runAll([outs[i]], [x, w]));
  run();
  const first = outs.map((o) => read(device, o, n));
  expect(device.heap.evictions).toBeGreaterThan(0);
  run();
  outs.forEach((o, i) => expect(same(read(device, o, n), first[i])).toBe(true));
  expect(same(first[0], first[1])).toBe(false);
});

test('what is made of constants is made once, and again when they change', () => {
  const n = 256;
  const spec = specOf('float32', [n, n]);
  const device = open();
  const graph = record('dense', (x, w) => add(matmul(x, w), 1), [spec, spec], 'cpu');
  const kept = device.compile(graph, [spec, spec], { program: true, constants: [1] });
  const plain = device.compile(graph, [spec, spec], { program: true });
  const { kernels } = kept as WasmProgram;
  const x = slot(device, numbers(1, n));
  const w = slot(device, numbers(2, n));
  const [out, other] = [slot(device, numbers(0, n)), slot(device, numbers(0, n))];
  const check = (): void => {
    plain.runAll([other], [x, w]);
    for (let i = 0; i < 2; i++) {
      kept.runAll([out], [x, w]);
      expect(same(read(device, out, n), read(device, other, n))).toBe(true);
    }
  };
  check();
  // Without a new version nobody is told: what was kept must be what is used.
  const before = read(device, out, n);
  device.write(w, numbers(3, n));
  kept.runAll([out], [x, w]);
  expect(kernels.length).toBeGreaterThan(1);
  expect(same(read(device, out, n), before)).toBe(true);
  w.storage.version++;
  check();
  expect(same(read(device, out, n), before)).toBe(false);
});

test('slots of kernels that are gone are used again, and those of programs are not', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const device = open();
  const { driver } = inner(device);
  const table = Reflect.get(driver, 'table') as WebAssembly.Table;
  const graphOf = (k: number): Graph =>
    record('g', (x) => matmul(mul(x, k), add(x, k)), [SQUARE], 'cpu');
  const compile = (k: number) =>
    device.compile(graphOf(k), [SQUARE], { program: true }) as WasmProgram;
  const held = compile(1);
  const out = slot(device, numbers(0));
  const x = slot(device, numbers(1));
  held.runAll([out], [x]);
  const want = read(device, out);
  const forget = (): void => (Reflect.get(device, 'kernels') as Map<string, unknown>).clear();
  const slots = held.kernels.map((k) => k.slot);
  const settle = async (): Promise<void> => {
    forget();
    for (let i = 0; i < 3; i++) {
      await new Promise((done) => setTimeout(done, 5));
      collect();
    }
    await new Promise((done) => setTimeout(done, 5));
  };
  for (let round = 0; round < 10; round++) {
    for (let k = 0; k < 30; k++) compile(100 * round + k + 2).runAll([out], [x]);
    await settle();
  }
  expect(table.length).toBeLessThanOrEqual(128);
  held.runAll([out], [x]);
  expect(read(device, out)).toEqual(want);
  expect(held.kernels.map((k) => k.slot)).toEqual(slots);
  expect(slots.every((s) => table.get(s) !== null)).toBe(true);
});
