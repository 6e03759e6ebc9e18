/** What the machine allows at most to one thread of WebAssembly: multiply-adds, cache, memory. */
import { at, type Kernel, KernelBuilder, type Reg, type TargetInfo } from '../../kernel/index.ts';
import { compileKernel, instantiate } from '../../target/wasm/index.ts';
import type { DeviceSpeed } from '../device.ts';

const TRIES = 8;
const CHAINS = 12;
const TURNS = 200_000;
const PAGE = 65536;
const CACHE_BYTES = 2 ** 22;
const MEMORY_BYTES = 2 ** 28;
const READ_IN_CACHE = 2 ** 27;
/** Where the arguments are; the buffer that is read begins a page further. */
const ARGS = 64;

export function measureWasm(info: TargetInfo): DeviceSpeed {
  const lanes = info.vectorBytes / 4;
  const memory = new WebAssembly.Memory({ initial: (MEMORY_BYTES + PAGE) / PAGE });
  const args = new Int32Array(memory.buffer, ARGS, 6);
  new Uint8Array(memory.buffer).fill(1, PAGE);
  const time = (kernel: Kernel, ...operands: number[]): number => {
    const run = instantiate(compileKernel(kernel, info, { faultAddress: 0 }).bytes, memory);
    operands.forEach((x, slot) => (args[2 * slot] = x));
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES; i++) {
      const start = performance.now();
      run(ARGS, 0, 1, 0);
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  const read = readProbe(lanes);
  const passes = READ_IN_CACHE / CACHE_BYTES;
  return {
    peakGflops: (2 * lanes * CHAINS * TURNS) / time(fmaProbe(lanes), ARGS + 48, TURNS) / 1e6,
    cacheReadGBs: READ_IN_CACHE / time(read, PAGE, PAGE + CACHE_BYTES, passes) / 1e6,
    memoryReadGBs: MEMORY_BYTES / time(read, PAGE, PAGE + MEMORY_BYTES, 1) / 1e6,
    memoryCopyGBs: null,
    memoryStreamGBs: null,
  };
}

/** Independent chains of multiply-adds, whose sum is stored so that the engine must compute it. */
function fmaProbe(lanes: number): Kernel {
  const b = new KernelBuilder('probe_fma');
  const out = b.param('out', 'ptr');
  const turns = b.param('turns', 'index');
  // From memory: the engine must not know that they are zeros.
  const x = b.load('f32', lanes, at(out, 0));
  const init = Array.from({ length: CHAINS }, (_, i) => b.splat(b.const('f32', i), lanes));
  const sums = b.loop(0, turns, 1, init, (_, carried) => carried.map((c) => b.fma(x, x, c)));
  b.store('f32', at(out), sumOf(b, sums));
  return b.finish();
}

/** Reads `from` to `to` as often as told; what is read is added, so that it must be read. */
function readProbe(lanes: number): Kernel {
  const streams = 8;
  const b = new KernelBuilder('probe_read');
  const from = b.param('from', 'ptr');
  const to = b.param('to', 'ptr');
  const passes = b.param('passes', 'index');
  const zero = b.splat(b.const('f32', 0), lanes);
  const init = Array.from({ length: streams }, () => zero);
  const step = streams * lanes * 4;
  const sums = b.loop(0, passes, 1, init, (_, outer) =>
    b.loop(from, to, step, outer, (address, inner) =>
      inner.map((sum, i) => b.add(sum, b.load('f32', lanes, at(address, i * lanes * 4)))),
    ),
  );
  b.store('f32', at(from), sumOf(b, sums));
  return b.finish();
}

const sumOf = (b: KernelBuilder, parts: readonly Reg[]): Reg =>
  parts.slice(1).reduce((sum, r) => b.add(sum, r), parts[0]);
