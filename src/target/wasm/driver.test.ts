/** The launch loop by itself: kernels of a few instructions, in a table. Threads are tested in runtime/. */
import { describe, expect, test } from 'vitest';
import { encodeModule, functionsFromText } from '../../asm/wasm/index.ts';
import { CLOSED, CONTROL, DONE, ENTRY, ENTRY_BYTES, SHARED } from './abi.ts';
import { compileDriver, type DriverEnv, type SharedDriver } from './driver.ts';

/** Each works on the word at its arguments; `mark` adds 1 to one word for each tile. */
const KERNELS = functionsFromText(
  `
  (func $twice (param $args i32) (param $first i32) (param $end i32) (param $thread i32)
    local.get $args local.get $args i32.load i32.const 1 i32.shl i32.store
  )
  (func $plus (param $args i32) (param $first i32) (param $end i32) (param $thread i32)
    local.get $args local.get $args i32.load i32.const 1 i32.add i32.store
  )
  (func $mark (param $args i32) (param $first i32) (param $end i32) (param $thread i32)
    loop $next
      local.get $first i32.const 2 i32.shl local.get $args i32.add
      local.get $first i32.const 2 i32.shl local.get $args i32.add i32.load
      i32.const 1 i32.add i32.store
      local.get $first i32.const 1 i32.add local.set $first
      local.get $first local.get $end i32.lt_s br_if $next
    end
  )
  (func $fail (param $args i32) (param $first i32) (param $end i32) (param $thread i32)
    i32.const 0 i32.const 7 i32.store offset=${CONTROL.fault}
  )
  (func $trap (param $args i32) (param $first i32) (param $end i32) (param $thread i32)
    unreachable
  )`,
  [],
);
const NAMES = KERNELS.map((f) => f.name);

interface Entry {
  readonly kernel: string;
  readonly args?: number;
  readonly tiles?: number;
  readonly check?: number;
  /** Whether workers have the kernel. */
  readonly published?: boolean;
}

const ENVS: readonly DriverEnv[] = [
  { shared: false, mayWait: false },
  { shared: true, mayWait: true },
  { shared: true, mayWait: false },
];
const FIRST = 2048;
const CELLS = 4096;

function setUp(env: DriverEnv) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: env.shared });
  const table = new WebAssembly.Table({ initial: NAMES.length, element: 'anyfunc' });
  const instance = (bytes: Uint8Array<ArrayBuffer>) =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, table } }).exports;
  const kernels = instance(encodeModule(KERNELS, env.shared ? SHARED : undefined));
  NAMES.forEach((name, i) => table.set(i, kernels[name] as () => void));
  const words = new Int32Array(memory.buffer);
  words[CONTROL.phase >> 2] = CLOSED;
  const driver = instance(compileDriver(env)) as unknown as SharedDriver;
  const run = (...entries: readonly Entry[]): number => {
    entries.forEach(({ kernel, args = CELLS, tiles = 1, check = 0, published = false }, i) => {
      const at = FIRST + ENTRY_BYTES * i;
      words[(at + ENTRY.args) >> 2] = args;
      words[(at + ENTRY.slot) >> 2] = NAMES.indexOf(kernel);
      words[(at + ENTRY.kernel) >> 2] = published ? NAMES.indexOf(kernel) : -1;
      words[(at + ENTRY.tiles) >> 2] = tiles;
      words[(at + ENTRY.check) >> 2] = check;
    });
    return driver.run(FIRST, FIRST + ENTRY_BYTES * entries.length);
  };
  const cells = (count: number): number[] =>
    Array.from(words.subarray(CELLS >> 2, (CELLS >> 2) + count));
  return { driver, words, run, cells };
}

describe.each(ENVS)('%o', (env) => {
  test('launches run in order, all tiles of each', () => {
    const { run, cells } = setUp(env);
    expect(run()).toBe(DONE);
    expect(run({ kernel: 'plus' }, { kernel: 'twice' }, { kernel: 'plus' })).toBe(DONE);
    expect(run({ kernel: 'twice' }, { kernel: 'mark', tiles: 5 })).toBe(DONE);
    expect(cells(6)).toEqual([7, 1, 1, 1, 1, 0]);
  });

  test('a fault ends it where it is looked for, and says where', () => {
    const { words, run, cells } = setUp(env);
    const entries: Entry[] = [
      { kernel: 'plus', check: 1 },
      { kernel: 'fail' },
      { kernel: 'plus', check: 3 },
      { kernel: 'plus', check: 4 },
    ];
    expect(run(...entries)).toBe(3);
    expect(cells(1)).toEqual([2]);
    words[CONTROL.fault >> 2] = 0;
    expect(run(entries[0], entries[2])).toBe(DONE);
    expect(run({ kernel: 'fail' }, { kernel: 'plus' })).toBe(DONE);
  });

  test.runIf(env.shared)('a kernel of workers too runs tile by tile, in a phase', () => {
    const { driver, words, run, cells } = setUp(env);
    expect(run({ kernel: 'mark', tiles: 4, published: true })).toBe(DONE);
    expect(driver.launch(CELLS, NAMES.indexOf('mark'), 3, 2)).toBe(DONE);
    expect(cells(5)).toEqual([2, 2, 1, 1, 0]);
    expect(words[CONTROL.phase >> 2]).toBe((2 << 9) | CLOSED);
    expect(words[CONTROL.kernel >> 2]).toBe(3);
  });

  test.runIf(env.shared)('a trap leaves the phase open until it is closed', () => {
    const { driver, words, run, cells } = setUp(env);
    const entries: Entry[] = [{ kernel: 'trap', tiles: 2, published: true }, { kernel: 'plus' }];
    expect(() => run(...entries)).toThrow(WebAssembly.RuntimeError);
    expect(words[CONTROL.phase >> 2]).toBe(1 << 9);
    expect(driver.close()).toBe(DONE);
    expect(words[CONTROL.phase >> 2]).toBe((1 << 9) | CLOSED);
    words[CONTROL.trapped >> 2] = 1;
    expect(run({ kernel: 'mark', tiles: 2, published: true }, { kernel: 'plus' })).toBe(-1);
    expect(cells(2)).toEqual([1, 1]);
    expect(words[CONTROL.trapped >> 2]).toBe(0);
  });

  test.runIf(env.shared)('a worker enters an open phase once, with the kernel only', () => {
    const { driver, words, cells } = setUp(env);
    expect(driver.help(1, -1, 9)).toBe(-1);
    words[CONTROL.kernel >> 2] = NAMES.indexOf('mark');
    words[CONTROL.args >> 2] = CELLS;
    words[CONTROL.tiles >> 2] = 3;
    words[CONTROL.phase >> 2] = 5 << 9;
    expect(driver.help(1, -1, 2)).toBe(-1);
    expect(driver.help(1, 5, 9)).toBe(5);
    expect(cells(3)).toEqual([0, 0, 0]);
    expect(driver.help(1, 4, 3)).toBe(5);
    expect(cells(4)).toEqual([1, 1, 1, 0]);
    expect(words[CONTROL.phase >> 2]).toBe(5 << 9);
  });

  test.runIf(env.shared)('the last to leave a closed phase wakes the caller', () => {
    const { driver, words } = setUp(env);
    words[CONTROL.phase >> 2] = (5 << 9) | CLOSED | 2;
    words[CONTROL.waiting >> 2] = 1;
    driver.leave();
    expect(words[CONTROL.waiting >> 2]).toBe(1);
    driver.leave();
    expect(words[CONTROL.waiting >> 2]).toBe(0);
    expect(words[CONTROL.phase >> 2]).toBe((5 << 9) | CLOSED);
  });
});
