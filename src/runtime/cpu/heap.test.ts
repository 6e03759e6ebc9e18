import { expect, test } from 'vitest';
import { type Handle, WasmHeap } from './heap.ts';

const MB = 2 ** 20;
const fill = (heap: WasmHeap, h: Handle, value: number) => {
  const at = heap.touchForWrite(h);
  heap.u8.fill(value, at, at + h.block.bytes);
};

test('a working set of twice the cap keeps every byte', () => {
  const heap = new WasmHeap(4 * MB);
  const handles: Handle[] = [];
  for (let i = 0; i < 32; i++) {
    heap.tick++;
    const h = heap.allocate(MB / 4);
    fill(heap, h, i + 1);
    handles.push(h);
  }
  expect(heap.heapBytes).toBeLessThanOrEqual(4 * MB);
  expect(heap.evictions).toBeGreaterThan(0);
  for (let round = 0; round < 2; round++) {
    handles.forEach((h, i) => {
      heap.tick++;
      const at = heap.touch(h);
      const bytes = heap.u8.subarray(at, at + h.block.bytes);
      expect(bytes.every((b) => b === i + 1)).toBe(true);
    });
  }
});

test('what one run touches stays put, growing past the cap if it must', () => {
  const heap = new WasmHeap(2 * MB);
  heap.tick++;
  const handles = [1, 2, 3, 4].map(() => heap.allocate(MB));
  expect(new Set(handles.map((h) => heap.touch(h))).size).toBe(4);
  expect(heap.heapBytes).toBeGreaterThan(2 * MB);
});

test('a block copied out once leaves again without another copy until it is written', () => {
  const heap = new WasmHeap(4 * MB);
  const h = heap.allocate(64);
  fill(heap, h, 7);
  const outside = heap.outside(h.block);
  heap.drop(h.block);
  heap.tick++;
  const at = heap.touch(h);
  expect(heap.u8[at]).toBe(7);
  expect(heap.outside(h.block)).toBe(outside);
  fill(heap, h, 8);
  expect(heap.outside(h.block)[0]).toBe(8);
  expect(outside[0]).toBe(7);
});

test('memory given back by hand cannot be used again', () => {
  const heap = new WasmHeap(4 * MB);
  const h = heap.allocate(1000);
  heap.release(h.block);
  expect(() => heap.touch(h)).toThrow(/given back/);
});

test('a request that cannot be met moves nothing out, and the next is met', () => {
  const heap = new WasmHeap(4 * MB);
  const handles = [1, 2, 3].map((i) => {
    const h = heap.allocate(MB / 2);
    fill(heap, h, i);
    return h;
  });
  heap.tick++;
  expect(() => heap.allocate(2 ** 31)).toThrow(`${2 ** 31} more bytes`);
  expect(heap.evictions).toBe(0);
  expect(() => heap.touchScratch(2 ** 31)).toThrow(`${2 ** 31} more bytes`);
  expect(heap.touchScratch(MB)).toBeGreaterThan(0);
  handles.forEach((h, i) => {
    const at = heap.touch(h);
    expect(heap.u8.subarray(at, at + h.block.bytes).every((b) => b === i + 1)).toBe(true);
  });
});
