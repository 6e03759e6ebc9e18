/** What the machine allows at most to WebAssembly, on all its threads: multiply-adds, cache, memory. */
import { at, type Kernel, KernelBuilder, type Reg, type TargetInfo } from '../../kernel/index.ts';
import { CONTROL, CONTROL_BYTES, compileKernel, instantiate } from '../../target/wasm/index.ts';
import type { DeviceSpeed } from '../device.ts';
import { WasmKernel } from './wasm-driver.ts';
import type { WasmPool } from './wasm-pool.ts';

const TRIES = 8;
const CHAINS = 12;
const TURNS = 20_000;
const PAGE = 65536;
const CACHE_BYTES = 2 ** 22;
const MEMORY_BYTES = 2 ** 28;
const READ_IN_CACHE = 2 ** 27;
/** What one tile reads. */
const PIECE_BYTES = 2 ** 18;
/** Where the arguments are, and a vector of zeros; the buffer that is read begins a page further. */
const ARGS = CONTROL_BYTES;
const ZEROS = ARGS + 64;
/** How long to wait for workers; in browsers they cannot start while this runs, and one thread does. */
const START_MS = 500;

/** `pool`: the device's threads, if it has several. */
export function measureWasm(info: TargetInfo, pool: WasmPool | null): DeviceSpeed {
  const lanes = info.vectorBytes / 4;
  const pages = (MEMORY_BYTES + PAGE) / PAGE;
  const shared = pool !== null;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  const threads = pool?.beside(memory) ?? null;
  const args = new Int32Array(memory.buffer, ARGS, 6);
  new Uint8Array(memory.buffer).fill(1, PAGE);
  const time = (kernel: Kernel, tiles: number, ...operands: number[]): number => {
    const { bytes } = compileKernel(kernel, info, { faultAddress: CONTROL.fault, shared });
    operands.forEach((x, slot) => (args[2 * slot] = x));
    const made = threads?.kernel(bytes) ?? new WasmKernel(instantiate(bytes, memory));
    const all = (): void =>
      threads === null ? made.run(ARGS, 0, tiles, 0) : threads.run(made, ARGS, tiles);
    const began = performance.now();
    do all();
    while (threads?.starting && performance.now() - began < START_MS);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES; i++) {
      const start = performance.now();
      all();
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  // Many tiles: a thread that the system takes away for a moment leaves the rest to the others.
  const tiles = 16 * (threads?.threads ?? 1);
  const pieces = MEMORY_BYTES / PIECE_BYTES;
  const cached = Math.max(CACHE_BYTES, 2 ** Math.ceil(Math.log2(2 * info.cache.l2 * info.threads)));
  const read = readProbe(lanes);
  const flops = 2 * lanes * CHAINS * TURNS * tiles;
  const again = READ_IN_CACHE / PIECE_BYTES;
  try {
    return {
      peakGflops: flops / time(fmaProbe(lanes), tiles, ZEROS, TURNS) / 1e6,
      cacheReadGBs: READ_IN_CACHE / time(read, again, PAGE, cached / PIECE_BYTES) / 1e6,
      memoryReadGBs: MEMORY_BYTES / time(read, pieces, PAGE, pieces) / 1e6,
      memoryCopyGBs: null,
      memoryStreamGBs: null,
    };
  } finally {
    threads?.stop();
  }
}

/** Independent chains of multiply-adds, whose sum is stored so that the engine must compute it. */
function fmaProbe(lanes: number): Kernel {
  const b = new KernelBuilder('probe_fma');
  const zeros = b.param('zeros', 'ptr');
  const turns = b.param('turns', 'index');
  b.tiles((tile) => {
    // From memory: the engine must not know that they are zeros.
    const x = b.load('f32', lanes, at(zeros, 0));
    const init = Array.from({ length: CHAINS }, (_, i) => b.splat(b.const('f32', i), lanes));
    const sums = b.loop(0, turns, 1, init, (_, carried) => carried.map((c) => b.fma(x, x, c)));
    b.store('f32', at(b.add(zeros, b.mul(b.add(tile, 1), lanes * 4))), sumOf(b, sums));
  });
  return b.finish();
}

/** A tile reads one of so many pieces; what is read is added, so that it must be read. */
function readProbe(lanes: number): Kernel {
  const streams = 8;
  const b = new KernelBuilder('probe_read');
  const from = b.param('from', 'ptr');
  const pieces = b.param('pieces', 'index');
  b.tiles((tile) => {
    const piece = b.binary('rem', b.convert(tile, 'i32'), b.convert(pieces, 'i32'));
    const start = b.add(from, b.mul(b.convert(piece, 'index'), PIECE_BYTES));
    const init = Array.from({ length: streams }, () => b.splat(b.const('f32', 0), lanes));
    const step = streams * lanes * 4;
    const sums = b.loop(start, b.add(start, PIECE_BYTES), step, init, (address, inner) =>
      inner.map((sum, i) => b.add(sum, b.load('f32', lanes, at(address, i * lanes * 4)))),
    );
    b.store('f32', at(start), sumOf(b, sums));
  });
  return b.finish();
}

const sumOf = (b: KernelBuilder, parts: readonly Reg[]): Reg =>
  parts.slice(1).reduce((sum, r) => b.add(sum, r), parts[0]);
