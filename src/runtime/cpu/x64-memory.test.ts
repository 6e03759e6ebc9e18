import { expect, test } from 'vitest';
import { DeviceError } from '../../base/index.ts';
import type { NativeMemory } from './native/index.ts';
import { X64Memory } from './x64-memory.ts';

const MB = 2 ** 20;

/** A system of so many bytes, of which all blocks that were ever made count. */
function systemOf(bytes: number) {
  let left = bytes;
  const native = {
    platform: { available: () => left, bufferBytes: () => bytes - left },
    allocateBuffer(room: number) {
      if (room > left) throw new RangeError('Array buffer allocation failed');
      left -= room;
      return { buffer: new ArrayBuffer(64), offset: 0, address: 64 };
    },
  };
  return {
    memory: new X64Memory(native as unknown as NativeMemory),
    collect: (more: number) => {
      left += more;
    },
  };
}

test('too much is an error that names the bytes, and costs nothing', () => {
  const { memory } = systemOf(10 * MB);
  memory.allocate(4 * MB);
  const used = memory.usedBytes;
  expect(() => memory.allocate(7 * MB + 5)).toThrow(DeviceError);
  expect(() => memory.allocate(7 * MB + 5)).toThrow(`${7 * MB + 5} more bytes`);
  expect(memory.usedBytes).toBe(used);
  expect(memory.allocate(4 * MB).bytes).toBe(4 * MB);
});

test('what waits in the pool is let go of before memory is said to be missing', () => {
  const { memory, collect } = systemOf(10 * MB);
  const block = memory.allocate(6 * MB);
  memory.release(block);
  // The collector takes the pool's blocks while the system looks for memory, as V8 does.
  const clear = Map.prototype.clear;
  Map.prototype.clear = function (this: Map<unknown, unknown>) {
    collect(6 * MB);
    clear.call(this);
  };
  try {
    expect(memory.allocate(8 * MB).bytes).toBe(8 * MB);
  } finally {
    Map.prototype.clear = clear;
  }
});

test('a promise that Linux could not keep is not asked for', () => {
  const { memory } = systemOf(300 * MB);
  expect(() => memory.allocate(400 * MB)).toThrow(`${400 * MB} more bytes`);
  expect(memory.allocate(260 * MB).bytes).toBeGreaterThanOrEqual(260 * MB);
});

test('temporaries that do not fit leave the old ones', () => {
  const { memory } = systemOf(4 * MB);
  const small = memory.scratch({ temps: [0, MB], tempSizes: [MB, 100], tempBytes: MB + 128 });
  const [first, second] = small.addresses();
  expect(second - first).toBe(MB);
  const large = memory.scratch({ temps: [0], tempSizes: [9 * MB], tempBytes: 9 * MB });
  expect(() => large.addresses()).toThrow(DeviceError);
  expect(small.addresses()).toEqual([first, second]);
});
