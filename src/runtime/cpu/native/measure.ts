/** What the machine allows at most, measured with machine code: multiply-adds, cache, memory. */
import {
  FMA_CHAINS,
  PIECE_BYTES,
  type ProbeKind,
  probeBytes,
  probeCode,
} from '../../../target/x64/index.ts';
import type { DeviceSpeed } from '../../device.ts';
import type { NativeHost } from './native-host.ts';

/** Tries of each probe; the best counts, since others use the machine too. */
const TRIES = 8;
const FMA_TURNS = 20_000;
const CACHE_BYTES = 2 ** 22;
const MEMORY_BYTES = 2 ** 28;
const READ_IN_CACHE = 2 ** 27;

/** Makes the probes of an ISA class run, on the host's threads or on this one alone. */
export function measureHost(host: NativeHost, threads: number, isa = host.cpu.isa): DeviceSpeed {
  const { l2 } = host.cpu;
  if (isa === null) throw new Error('nothing can be measured without AVX2');
  const run = (kind: ProbeKind, tiles: number, ...operands: number[]) => {
    const block = host.code.write(probeCode(kind, isa));
    const ms = leastTime(() => {
      host.args.set([block.address, tiles, ...operands]);
      if (threads > 1) host.runArgs();
      else host.call();
    });
    host.code.free(block);
    return ms;
  };
  // Many tiles: a thread that the system takes away for a moment leaves the rest to the others.
  const tiles = 16 * threads;
  const flops = tiles * FMA_TURNS * FMA_CHAINS * (probeBytes(isa) / 4) * 2;
  const peakGflops = flops / run('fma', tiles, FMA_TURNS) / 1e6;

  const from = host.system.allocatePages(MEMORY_BYTES);
  const to = host.system.allocatePages(MEMORY_BYTES);
  try {
    const all = MEMORY_BYTES / PIECE_BYTES;
    // Pages that nobody has written are all one page of zeros, which any cache holds.
    new Uint8Array(host.system.view(from, MEMORY_BYTES)).fill(1);
    // Twice what the threads' own caches hold, and no less than 4 MB.
    const cached = Math.max(CACHE_BYTES, 2 ** Math.ceil(Math.log2(2 * threads * l2 || 1)));
    const pieces = Math.min(cached, MEMORY_BYTES) / PIECE_BYTES;
    const again = READ_IN_CACHE / PIECE_BYTES;
    return {
      peakGflops,
      cacheReadGBs: READ_IN_CACHE / run('read', again, from, pieces - 1) / 1e6,
      memoryReadGBs: MEMORY_BYTES / run('read', all, from, all - 1) / 1e6,
      memoryCopyGBs: (2 * MEMORY_BYTES) / run('copy', all, from, all - 1, to) / 1e6,
      memoryStreamGBs: (2 * MEMORY_BYTES) / run('stream', all, from, all - 1, to) / 1e6,
    };
  } finally {
    host.system.freePages(from, MEMORY_BYTES);
    host.system.freePages(to, MEMORY_BYTES);
  }
}

function leastTime(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  run(); // touches pages and wakes threads
  for (let i = 0; i < TRIES; i++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}
