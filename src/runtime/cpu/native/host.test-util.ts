import { ARG_FIRST, PROGRAM_FIRST } from '../../../target/x64/index.ts';
import { COUNT } from './kernels.test-util.ts';
import { assembled, type Routine } from './machine-code.ts';
import type { NativeHost } from './native-host.ts';
import type { NativeBlock } from './native-memory.ts';
import { openNative } from './open-native.ts';

/** The host with so many threads, or null with its reason printed once: then tests skip. */
export function hostOf(threads: number): NativeHost | null {
  const { host, reason } = openNative({ threads });
  if (host === null) console.log(`no native host: ${reason}`);
  return host;
}

export const place = (host: NativeHost, routine: Routine): number =>
  host.code.write(assembled(routine)).address;

/** An argument block in native memory. */
export function argsOf(
  host: NativeHost,
  code: number,
  tiles: number,
  ...operands: number[]
): NativeBlock {
  const block = host.memory.allocate(8 * (ARG_FIRST + operands.length));
  block.f64().set([code, tiles, ...operands]);
  return block;
}

/** A program of argument blocks; 0 is a stop after a fault. */
export function programOf(host: NativeHost, entries: readonly number[], fault = 0): NativeBlock {
  const block = host.memory.allocate(8 * (PROGRAM_FIRST + entries.length));
  block.i64().set([entries.length, fault, ...entries].map(BigInt));
  return block;
}

/** What COUNT counts, with the checks of it. */
export class Counter {
  readonly code: number;
  private readonly host: NativeHost;
  private readonly counts: NativeBlock;
  private readonly sums: NativeBlock;

  constructor(host: NativeHost, maxTiles: number) {
    this.host = host;
    this.code = place(host, COUNT);
    this.counts = host.memory.allocate(4 * maxTiles);
    this.sums = host.memory.allocate(128);
  }

  operands(turns = 0): [number, number, number, number] {
    const { counts, sums } = this;
    return [counts.address, sums.address, turns, sums.address + 64];
  }

  run(tiles: number, turns = 0): void {
    const [counts, sum, , threads] = this.operands();
    this.host.runKernel(this.code, tiles, counts, sum, turns, threads);
  }

  get sum(): bigint {
    return this.sums.i64()[0];
  }

  /** Indices of the threads that took part since the last clear, as a mask. */
  get threads(): number {
    return Number(this.sums.i64()[8]);
  }

  count(tile: number): number {
    return this.counts.u32()[tile];
  }

  clear(): void {
    this.counts.u8.fill(0);
    this.sums.u8.fill(0);
  }
}
