import { describe, expect, test } from 'vitest';
import { FaultWord } from './fault-word.ts';
import { guardedBuffer } from './guarded-buffer.test-util.ts';
import { argsOf, Counter, hostOf, place, programOf } from './host.test-util.ts';
import { FAULTY, GREEDY, REVERSE, TOUCH } from './kernels.test-util.ts';
import { assembled } from './machine-code.ts';

const solo = hostOf(1);
const pair = hostOf(2);

describe.skipIf(solo === null || pair === null)('the native host', () => {
  if (solo === null || pair === null) return;

  test('calls a kernel with its block, its whole range and thread 0', () => {
    const counter = new Counter(solo, 8);
    solo.args.set([counter.code, 7, ...counter.operands()]);
    solo.call();
    expect(counter.sum).toBe(28n);
    expect(Array.from({ length: 8 }, (_, t) => counter.count(t))).toEqual([1, 1, 1, 1, 1, 1, 1, 0]);
    expect(counter.threads).toBe(1);
  });

  test.each([solo, pair])('runs no tile, one tile and many', (host) => {
    const counter = new Counter(host, 100);
    for (const [tiles, sum] of [
      [0, 0n],
      [-1, 0n],
      [1, 1n],
      [2, 3n],
      [100, 5050n],
    ] as const) {
      counter.clear();
      counter.run(tiles);
      expect(counter.sum).toBe(sum);
    }
  });

  test.each([solo, pair])('gives kernels an aligned stack with room, and all registers', (host) => {
    const result = host.memory.allocate(64);
    const code = place(host, GREEDY);
    host.args.set([code, 1, result.address]);
    host.call();
    expect([...result.i64().subarray(0, 2)]).toEqual([0n, -1n]);
    result.i64().fill(9n);
    host.runKernel(code, 50, result.address);
    expect([...result.i64().subarray(0, 2)]).toEqual([0n, -1n]);
  });

  test.each([solo, pair])('runs the argument blocks of a program one after another', (host) => {
    const tiles = 100;
    const phases = 51;
    const code = place(host, REVERSE);
    const [a, b] = [host.memory.allocate(4 * tiles), host.memory.allocate(4 * tiles)];
    const there = argsOf(host, code, tiles, a.address, b.address);
    const back = argsOf(host, code, tiles, b.address, a.address);
    const program = programOf(
      host,
      Array.from({ length: phases }, (_, i) => (i % 2 === 0 ? there : back).address),
    );
    for (let round = 0; round < 500; round++) {
      for (let i = 0; i < tiles; i++) a.u32()[i] = i * 1000;
      host.run(program.address);
      const wanted = Array.from({ length: tiles }, (_, i) => (tiles - 1 - i) * 1000 + phases);
      expect([...b.u32().subarray(0, tiles)]).toEqual(wanted);
    }
    host.run(programOf(host, []).address);
  });

  test.each([solo, pair])('keeps the first fault, and stops at a guard', (host) => {
    const fault = new FaultWord(host.memory);
    const code = place(host, FAULTY);
    const counter = new Counter(host, 10);
    const faulty = (from: number, op: number) =>
      argsOf(host, code, 1000, fault.address, from, host.raiseFault, op).address;
    const count = argsOf(host, counter.code, 10, ...counter.operands()).address;
    const fine = programOf(host, [faulty(1000, 3), 0, count], fault.address);
    host.run(fine.address);
    expect(fault.take()).toBeNull();
    expect(counter.sum).toBe(55n);

    const entries = [count, faulty(700, 5), faulty(300, 4), 0, count];
    const bad = programOf(host, entries, fault.address);
    for (let round = 0; round < 100; round++) {
      counter.clear();
      host.run(bad.address);
      expect(counter.sum).toBe(55n);
      expect(fault.take()).toEqual({ op: 4, position: 300 });
      expect(fault.take()).toBeNull();
    }
    // Without a fault word a guard stops nothing.
    counter.clear();
    host.run(programOf(host, [0, count]).address);
    expect(counter.sum).toBe(55n);
  });

  test('a fault has 48 bits of position', () => {
    const fault = new FaultWord(solo.memory);
    fault.block.i64()[0] = (7n << 48n) | 0x1234_5678_9abcn;
    expect(fault.take()).toEqual({ op: 7, position: 0x1234_5678_9abc });
  });

  test('ten thousand kernels leave nothing behind', () => {
    const { code } = solo;
    const result = solo.memory.allocate(64);
    const touch = assembled(TOUCH);
    const before = { used: code.bytesInUse, mapped: code.bytesMapped };
    const data = solo.memory.bytesInUse;
    for (let round = 0; round < 100; round++) {
      const blocks = Array.from({ length: 100 }, (_, i) => {
        const padded = new Uint8Array(touch.length + i * 13).fill(0x90);
        padded.set(touch, padded.length - touch.length);
        return code.write(padded);
      });
      for (const block of blocks) {
        result.u8[0] = 0;
        solo.args.set([block.address, 1, result.address]);
        solo.call();
        expect(result.u8[0]).toBe(7);
      }
      const kept = solo.memory.allocate(1000);
      solo.memory.free(kept);
      solo.memory.free(kept);
      for (const block of blocks) code.free(block);
      code.free(blocks[0]);
    }
    expect(code.bytesInUse).toBe(before.used);
    expect(code.bytesMapped).toBe(before.mapped);
    expect(solo.memory.bytesInUse).toBe(data);
  });

  test('code that needs more than a chunk gets one', () => {
    const large = new Uint8Array(3_000_000).fill(0x90);
    large[large.length - 1] = 0xc3;
    const block = solo.code.write(large);
    solo.args.set([block.address, 1]);
    solo.call();
    solo.code.free(block);
  });

  test('native memory is zeroed, aligned, and used again', () => {
    const { memory } = solo;
    const first = memory.allocate(100);
    expect(first.bytes).toBe(128);
    expect(first.address % 64).toBe(0);
    first.u8.fill(1);
    memory.free(first);
    const again = memory.allocate(100);
    expect(again.address).toBe(first.address);
    expect(again.u8.every((byte) => byte === 0)).toBe(true);
    const large = memory.allocate(1_000_000);
    large.u8[999_999] = 1;
    memory.free(large);
  });

  test('buffers have addresses, and kernels write to them', () => {
    const { address, buffer, offset } = solo.memory.allocateBuffer(1000);
    expect(address % 64).toBe(0);
    expect(solo.memory.addressOf(buffer) + offset).toBe(address);
    const bytes = new Uint8Array(buffer, offset, 1000).fill(0);
    solo.args.set([place(solo, TOUCH), 1, address + 999]);
    solo.call();
    expect(bytes[999]).toBe(7);
    expect(solo.memory.addressOf(new ArrayBuffer(0))).toBe(0);
    const moved = new ArrayBuffer(8);
    structuredClone(moved, { transfer: [moved] });
    expect(solo.memory.addressOf(moved)).toBe(0);
  });

  test('what lies within guarded buffers can be touched', () => {
    for (const bytes of [1, 64, 4096, 5000]) {
      const { atEnd, atStart, free } = guardedBuffer(solo.system, bytes);
      const code = place(solo, TOUCH);
      for (const { address, u8 } of [atEnd, atStart]) {
        for (const i of [0, bytes - 1]) {
          solo.args.set([code, 1, address + i]);
          solo.call();
          expect(u8[i]).toBe(7);
        }
      }
      free();
    }
  });
});
