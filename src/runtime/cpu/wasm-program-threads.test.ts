/** Programs of the WebAssembly engine on several threads: the same bits, and traps. */
import { afterEach, expect, test, vi } from 'vitest';
import { encodeModule, type FunctionBuilder, functionsFromText } from '../../asm/wasm/index.ts';
import { specOf } from '../../base/index.ts';
import { add, matmul, mul, record, type Value } from '../../ir/index.ts';
import type { LaunchPlan } from '../../kernel/index.ts';
import { instantiate } from '../../target/wasm/index.ts';
import { inner, N, numbers, open, read, SQUARE, same, slot } from './wasm-device.test-util.ts';
import { WasmKernel } from './wasm-driver.ts';
import type { WasmPool } from './wasm-pool.ts';
import { WasmProgram } from './wasm-program.ts';

afterEach(() => vi.unstubAllEnvs());

test('on several threads the same bits, workers awake, asleep or without the kernels', async () => {
  const n = 192;
  const spec = specOf('float32', [n, n]);
  const layers = 6;
  const graph = record(
    'deep',
    (x, w) => {
      let y: Value = x;
      for (let i = 0; i < layers; i++) y = add(mul(matmul(y, w), 0.02), matmul(mul(y, 0.5), w));
      return y;
    },
    [spec, spec],
    'cpu',
  );
  const results: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    const device = open(threads);
    const program = device.compile(graph, [spec, spec], { program: true });
    const [x, w] = [slot(device, numbers(1, n)), slot(device, numbers(2, n))];
    const out = slot(device, numbers(0, n));
    const { pool } = inner(device);
    for (let i = 0; i < 60; i++) {
      program.runAll([out], [x, w]);
      const result = read(device, out, n);
      if (i === 0) results.push(result);
      else expect(same(result, results[results.length - 1])).toBe(true);
      // Some runs follow at once, some when the workers have gone to sleep.
      if (i % 3 === 2) await new Promise((done) => setTimeout(done, i % 2));
    }
    if (pool !== null) {
      expect(pool.started).toBe(threads - 1);
      pool.stop();
    }
  }
  expect(same(results[1], results[0])).toBe(true);
  expect(same(results[2], results[0])).toBe(true);
});

test('a trap on another thread is thrown, and nothing that follows in the program runs', async () => {
  const device = open(2);
  const machine = inner(device);
  const pool = machine.pool as WasmPool;
  // On this thread it takes a while, so that the other one comes to a tile.
  const [trap, mark] = functionsFromText(
    `(func $trap (param $args i32) (param $first i32) (param $end i32) (param $thread i32) (local $i i32)
      local.get $thread
      if
        unreachable
      end
      loop $again
        local.get $i i32.const 1 i32.add local.set $i
        local.get $i i32.const 1000 i32.lt_s br_if $again
      end
    )
    (func $run (param $args i32) (param $first i32) (param $end i32) (param $thread i32)
      local.get $args i32.load
      local.get $args i32.load i32.load i32.const 1 i32.add i32.store
    )`,
    [],
  );
  const module = (f: FunctionBuilder) => encodeModule([f], { min: 0, max: 65536, shared: true });
  const run = Object.assign(trap, { name: 'run' });
  const kernels = [
    pool.kernel(module(run)),
    new WasmKernel(instantiate(module(mark), machine.heap.memory)),
  ];
  const build = (): never => {
    throw new Error('built already');
  };
  const plan: LaunchPlan = {
    launches: [
      { key: 'trap', build, args: [], tiles: 5000 },
      {
        key: 'mark',
        build,
        args: [{ kind: 'pointer', buffer: { kind: 'output', index: 0 }, bytes: 0 }],
      },
    ],
    keptSizes: [],
    inPlace: [],
    temps: [],
    tempSizes: [],
    tempBytes: 0,
  };
  const graph = record('traps', (x) => add(x, 1), [SQUARE], 'cpu');
  const program = new WasmProgram(machine, graph, [SQUARE], plan, kernels, 'cpu');
  const cell = slot(device, new Int32Array(N * N));
  let [thrown, done] = ['', 0];
  for (let i = 0; i < 1000 && thrown === ''; i++) {
    try {
      program.runAll([cell], [cell]);
      done++;
    } catch (error) {
      thrown = (error as Error).message;
    }
    await new Promise((next) => setTimeout(next, 1));
  }
  expect(thrown).toBe('a kernel trapped on another thread');
  expect(device.read(cell, 'int32', 1)[0]).toBe(done);
  pool.stop();
});
