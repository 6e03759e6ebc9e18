/** The pool of the WebAssembly engine: every tile once, late kernels, sleepers, traps. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openWorkers } from '#wasm-workers';
import { encodeModule, FunctionBuilder } from '../../asm/wasm/index.ts';
import { WasmHeap } from './heap.ts';
import { ALONE, type WasmKernel } from './wasm-driver.ts';
import { WasmPool } from './wasm-pool.ts';
import { openThreads } from './wasm-threads.ts';
import type { WorkersHere } from './wasm-workers.ts';

const here = openWorkers() as WorkersHere;
const SHARED = { min: 0, max: 65536, shared: true } as const;
const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/**
 * Adds `amount` at args[tile], after some turns of work, and writes thread + 1 at args[1000 + tile].
 * `more`: turns that other threads than JavaScript's take besides.
 */
function counter(amount: number, turns: number, more = 0): Uint8Array<ArrayBuffer> {
  const f = new FunctionBuilder('run', ['i32', 'i32', 'i32', 'i32']);
  const turn = f.local('i32');
  const cell = f.local('i32');
  f.get(0);
  f.get(1);
  f.emit('i32.const', 2);
  f.emit('i32.shl');
  f.emit('i32.add');
  f.set(cell);
  f.get(3);
  f.emit('if');
  f.emit('i32.const', -more);
  f.set(turn);
  f.emit('end');
  f.emit('loop');
  f.get(turn);
  f.emit('i32.const', 1);
  f.emit('i32.add');
  f.set(turn);
  f.get(turn);
  f.emit('i32.const', turns);
  f.emit('i32.lt_s');
  f.emit('br_if', 0);
  f.emit('end');
  f.get(cell);
  f.get(cell);
  f.emit('i32.load', 0);
  f.emit('i32.const', amount);
  f.emit('i32.add');
  f.emit('i32.store', 0);
  f.get(cell);
  f.get(3);
  f.emit('i32.const', 1);
  f.emit('i32.add');
  f.emit('i32.store', 4000);
  return encodeModule([f], SHARED);
}

/** Traps on every thread but JavaScript's. */
function trap(): Uint8Array<ArrayBuffer> {
  const f = new FunctionBuilder('run', ['i32', 'i32', 'i32', 'i32']);
  f.get(3);
  f.emit('if');
  f.emit('unreachable');
  f.emit('end');
  return encodeModule([f], SHARED);
}

const ARGS = 4096;
function setUp(threads: number) {
  const heap = new WasmHeap(2 ** 20, true);
  const pool = new WasmPool(here, threads, heap.memory);
  const make = (bytes: Uint8Array<ArrayBuffer>): WasmKernel => pool.kernel(bytes);
  const cells = (from = 0, count = 64): number[] => [
    ...new Int32Array(heap.memory.buffer, ARGS + 4 * from, count),
  ];
  const threadsSeen = (): number[] => [...new Set(cells(1000))].filter((x) => x > 0).sort();
  return { heap, pool, make, cells, threadsSeen };
}

test('every tile runs once, on all threads', async () => {
  const { pool, make, cells, threadsSeen } = setUp(3);
  const work = make(counter(1, 20_000));
  let runs = 0;
  const seen = new Set<number>();
  const end = performance.now() + 20_000;
  // The first launches are this thread's alone: the workers are starting.
  for (; seen.size < 3 && performance.now() < end; runs++) {
    pool.run(work, ARGS, 64);
    for (const thread of threadsSeen()) seen.add(thread);
    if (runs % 10 === 9) await sleep(1);
  }
  expect([...seen].sort()).toEqual([1, 2, 3]);
  expect(pool.started).toBe(2);
  expect(cells()).toEqual(new Array(64).fill(runs));
});

test('short phases follow each other, with kernels that workers do not have yet', () => {
  const { pool, make, cells } = setUp(2);
  const kernels = [];
  let want = 0;
  for (let i = 0; i < 20_000; i++) {
    if (i % 1000 === 0) kernels.push(make(counter(1 + i / 1000, 1)));
    const k = i % kernels.length;
    pool.run(kernels[k], ARGS, 8);
    want += 1 + k;
  }
  expect(cells(0, 8)).toEqual(new Array(8).fill(want));
});

test('sleepers are woken; a memory that grew is the workers’ too', async () => {
  const { heap, pool, make, threadsSeen } = setUp(2);
  const work = make(counter(1, 200_000));
  for (let i = 0; i < 200 && !threadsSeen().includes(2); i++) {
    pool.run(work, ARGS, 64);
    await sleep(1);
  }
  const before = heap.memory.buffer.byteLength;
  heap.memory.grow(256);
  const far = before + 1024;
  await sleep(20);
  const seen = new Int32Array(heap.memory.buffer, far + 4000, 64);
  for (let i = 0; i < 200 && !seen.includes(2); i++) pool.run(work, far, 64);
  expect(seen.includes(2)).toBe(true);
});

test('a trap on another thread is thrown here, and the pool goes on', async () => {
  const { pool, make, cells } = setUp(2);
  const bad = make(trap());
  const good = make(counter(1, 100));
  let thrown = '';
  for (let i = 0; i < 1000 && thrown === ''; i++) {
    try {
      pool.run(bad, ARGS, 5000);
    } catch (error) {
      thrown = (error as Error).message;
    }
    await sleep(1);
  }
  expect(thrown).toBe('a kernel trapped on another thread');
  for (let i = 0; i < 100; i++) pool.run(good, ARGS, 64);
  expect(cells()).toEqual(new Array(64).fill(100));
});

test('a worker that is late with its tile is waited for, asleep too', async () => {
  const { pool, make, cells, threadsSeen } = setUp(2);
  // On the worker a tile takes milliseconds, far longer than anybody looks for its end.
  const late = make(counter(1, 20_000, 5_000_000));
  let runs = 0;
  for (; runs < 2000 && !threadsSeen().includes(2); runs++) {
    pool.run(late, ARGS, 64);
    if (runs % 10 === 9) await sleep(1);
  }
  let waits = 0;
  for (let i = 0; i < 200 && waits < 10; i++, runs++) {
    pool.run(late, ARGS, 64);
    expect(cells()).toEqual(new Array(64).fill(runs + 1));
    if (threadsSeen().includes(2)) waits++;
  }
  expect(waits).toBeGreaterThan(0);
});

test('workers that do not start cost nothing but themselves', () => {
  const heap = new WasmHeap(2 ** 20, true);
  const start: WorkersHere['start'] = (_program, _data, failed) => failed('forbidden');
  const pool = new WasmPool({ ...here, start }, 3, heap.memory);
  const bytes = counter(1, 1);
  pool.run(pool.kernel(bytes), ARGS, 64);
  expect([pool.threads, pool.failure]).toEqual([1, 'forbidden']);
});

test('modules that have no room run here alone', () => {
  const { pool } = setUp(2);
  const module = new Uint8Array(2 ** 20);
  const ids = Array.from({ length: 9 }, () => pool.publish(module));
  expect(ids.slice(0, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(ids[8]).toBe(ALONE);
});

test('a pool that is stopped lets its workers go', async () => {
  const tasks = (): number => readdirSync('/proc/self/task').length;
  if (process.platform !== 'linux') return;
  const before = tasks();
  const { pool, make } = setUp(3);
  const work = make(counter(1, 100));
  while (pool.started < 2) {
    pool.run(work, ARGS, 64);
    await sleep(1);
  }
  expect(tasks()).toBeGreaterThan(before);
  pool.stop();
  for (let i = 0; i < 500 && tasks() > before; i++) await sleep(10);
  expect(tasks()).toBe(before);
});

test('opening starts no thread', () => {
  const { heap, pool, reason } = openThreads(2 ** 20);
  expect(reason).toBe(null);
  expect(pool?.started ?? 0).toBe(0);
  expect(heap.memory.buffer instanceof SharedArrayBuffer).toBe(pool !== null);
});
