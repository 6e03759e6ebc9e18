/** What executables of the WebAssembly engine do with tensors' places, scalars and faults. */
import type { Spec } from '../../base/index.ts';
import type { Graph, GraphNode } from '../../ir/index.ts';
import type { Arg } from '../../kernel/index.ts';
import type { Slot } from '../device.ts';
import { faultError } from './fault.ts';
import type { Handle, WasmHeap } from './heap.ts';
import { toInt64 } from './scalars.ts';

export type ScalarArg = Extract<Arg, { kind: 'scalar' }>;

/** Keeps a slot's memory where it is during this run, if it is in the heap. */
export function pin(heap: WasmHeap, s: Slot): void {
  (s.storage.handle as Handle).block.used = heap.tick;
}

/** Where a slot lies in the heap; brings it in if it is out. */
export function addressOf(heap: WasmHeap, { storage, offset }: Slot): number {
  const handle = storage.handle as Handle;
  const { address } = handle.block;
  return (address < 0 ? heap.touch(handle) : address) + storage.offset + offset;
}

/** Notes that a slot, which is in the heap, is about to be written: a copy outside is out of date. */
export function willWrite(s: Slot): void {
  (s.storage.handle as Handle).block.buffer = null;
}

/**
 * Writes a number as `cast` converts it: saturating, NaN as 0. `at` counts 4-byte words of the heap.
 */
export function writeScalar(
  heap: WasmHeap,
  at: number,
  elem: ScalarArg['elem'],
  value: number,
): void {
  if (elem === 'f32') heap.f32[at] = value;
  else if (elem === 'f64') heap.f64[at >> 1] = value;
  else if (elem === 'i32') heap.i32[at] = Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1));
  else heap.i64[at >> 1] = toInt64(value);
}

const argBlocks = new FinalizationRegistry<{ heap: WasmHeap; address: number; bytes: number }>(
  ({ heap, address, bytes }) => heap.releaseFixed(address, bytes),
);

/** Memory that stays where it is until the collector has taken `owner`. */
export function fixedBlock(owner: object, heap: WasmHeap, bytes: number): number {
  const address = heap.allocateFixed(bytes);
  argBlocks.register(owner, { heap, address, bytes });
  return address;
}

/** Throws if there is a fault, which node `faulted` met, and takes it back. */
export function checkFault(
  heap: WasmHeap,
  graph: Graph,
  specs: readonly Spec[],
  faulted: GraphNode,
  inputs: readonly (Slot | number | null)[],
): void {
  const word = heap.faultAddress >> 2;
  const fault = heap.i32[word];
  if (fault === 0) return;
  heap.i32[word] = 0;
  throw faultError(graph, specs, faulted, fault - 1, (i, element) => {
    const at = addressOf(heap, inputs[i] as Slot);
    return specs[i].dtype === 'int64'
      ? Number(heap.i64[at / 8 + element])
      : heap.i32[at / 4 + element];
  });
}
