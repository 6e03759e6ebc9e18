/** The heap of the WebAssembly engine, and threads that share it where there can be several. */
import { openWorkers } from '#wasm-workers';
import { WasmHeap } from './heap.ts';
import { threadsFromFlag } from './native/thread-count.ts';
import { WasmDriver } from './wasm-driver.ts';
import { WasmPool } from './wasm-pool.ts';

export interface WasmThreads {
  readonly heap: WasmHeap;
  /** Runs programs; made by the first who asks. */
  readonly driver: WasmDriver;
  /** Null: everything runs on the thread that runs JavaScript, and its memory is not shared. */
  readonly pool: WasmPool | null;
  /** Why there is no pool although more than one thread was wanted. */
  readonly reason: string | null;
}

/** A worker costs a few megabytes and takes its share of caches: more than this must be asked for. */
const MOST_UNASKED = 8;

/** Starts no thread yet: the first launch that is worth several does. */
export function openThreads(heapBytes: number): WasmThreads {
  const alone = (reason: string | null): WasmThreads => {
    const heap = new WasmHeap(heapBytes);
    let driver: WasmDriver | null = null;
    return {
      heap,
      get driver() {
        driver ??= new WasmDriver(heap.memory, null);
        return driver;
      },
      pool: null,
      reason,
    };
  };
  const asked = threadsFromFlag();
  if (asked === 1) return alone(null);
  const here = openWorkers();
  if ('reason' in here) return alone(here.reason);
  const threads = asked ?? Math.min(here.processors, MOST_UNASKED);
  if (threads === 1) return alone(null);
  let heap: WasmHeap;
  try {
    heap = new WasmHeap(heapBytes, true);
  } catch {
    // A shared memory cannot move when it grows, so its addresses are reserved at once.
    return alone('there are no addresses left for a memory that threads share');
  }
  const pool = new WasmPool(here, threads, heap.memory);
  return {
    heap,
    get driver() {
      return pool.driver;
    },
    pool,
    reason: null,
  };
}
