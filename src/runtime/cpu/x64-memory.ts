/**
 * Memory of tensors for machine code: ArrayBuffers that the collector owns, with their addresses.
 * Large ones that are given back wait in a bounded pool, since fresh pages are what costs.
 */
import { verifying } from '../../base/index.ts';
import type { Temporaries } from '../../kernel/index.ts';
import { outOfMemory } from '../device.ts';
import type { NativeMemory } from './native/index.ts';

/** A buffer, from its first byte at a multiple of 64. */
export class X64Block {
  readonly buffer: ArrayBuffer;
  /** Where the first byte is in the buffer, and in memory. */
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
  /** Given back by hand; any further use is a defect. */
  freed = false;

  constructor(buffer: ArrayBuffer, offset: number, address: number, bytes: number) {
    this.buffer = buffer;
    this.offset = offset;
    this.address = address;
    this.bytes = bytes;
  }
}

/** Where blocks come from: {@link X64Memory}, or pages with guards in tests. */
export interface TensorMemory {
  /** Bytes of the blocks that are alive or not collected yet, about. */
  readonly usedBytes: number;
  /** Uninitialised. Throws a DeviceError that names the bytes when there is no memory. */
  allocate(bytes: number): X64Block;
  /** Gives memory back for good. */
  release(block: X64Block): void;
  /** Memory for the temporaries of a plan. */
  scratch(temporaries: Temporaries): Scratch;
}

/** The temporaries of a plan. */
export interface Scratch {
  /** Where they are in the run that begins; the next run, of whatever plan, takes them. */
  addresses(): readonly number[];
}

const POOL_BYTES = 256 * 2 ** 20;
/** Smaller blocks cost less to make than to look for. */
const POOLED_FROM = 65536;
/** Blocks from which on the system is asked first whether it has so much; that takes 40 us. */
const CHECKED_FROM = 2 ** 28;

export class X64Memory implements TensorMemory {
  private readonly native: NativeMemory;
  private readonly pool = new Map<number, X64Block[]>();
  private pooledBytes = 0;
  /** All plans' temporaries: runs follow each other. */
  private temporary: X64Block | null = null;
  private readonly poisons = verifying();

  constructor(native: NativeMemory) {
    this.native = native;
  }

  /**
   * As V8 counts, with buffers that are not tensors'. A registry of blocks would know better and leak:
   * it keeps a cell of every block that ever was until its callbacks run, and in a synchronous loop
   * they never do.
   */
  get usedBytes(): number {
    return this.native.platform.bufferBytes() - this.pooledBytes;
  }

  allocate(bytes: number): X64Block {
    const room = roomFor(bytes);
    const list = this.pool.get(room);
    const old = list?.pop();
    if (old !== undefined) {
      this.pooledBytes -= room;
      return new X64Block(old.buffer, old.offset, old.address, room);
    }
    return this.fresh(room, bytes);
  }

  /** Gives memory back for good. */
  release(block: X64Block): void {
    if (block.freed) return;
    block.freed = true;
    // All bits set is NaN in every float: a use after this shows.
    if (this.poisons) new Uint8Array(block.buffer, block.offset, block.bytes).fill(0xff);
    const { bytes } = block;
    if (bytes < POOLED_FROM || this.pooledBytes + bytes > POOL_BYTES) return;
    this.pooledBytes += bytes;
    const list = this.pool.get(bytes);
    if (list === undefined) this.pool.set(bytes, [block]);
    else list.push(block);
  }

  scratch({ temps, tempBytes }: Temporaries): Scratch {
    let base = -1;
    let list: readonly number[] = [];
    const addresses = (): readonly number[] => {
      const now = this.temporaries(tempBytes);
      if (now !== base) {
        base = now;
        list = temps.map((start) => now + start);
      }
      return list;
    };
    return { addresses };
  }

  private temporaries(bytes: number): number {
    const old = this.temporary;
    if (old !== null && old.bytes >= bytes) return old.address;
    this.temporary = this.allocate(bytes);
    if (old !== null) this.release(old);
    return this.temporary.address;
  }

  private fresh(room: number, bytes: number): X64Block {
    try {
      const { native } = this;
      // Linux promises more than it has, and ends whoever then uses it.
      if (room >= CHECKED_FROM && room > native.platform.available())
        throw new Error('not so much');
      const { buffer, offset, address } = native.allocateBuffer(room);
      return new X64Block(buffer, offset, address, room);
    } catch (cause) {
      if (this.pooledBytes === 0) throw outOfMemory(bytes, cause);
      // What waits for others may be what is missing.
      this.pool.clear();
      this.pooledBytes = 0;
      return this.fresh(room, bytes);
    }
  }
}

/** To whole cache lines. */
const rounded = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Sizes of blocks, coarse enough that one that was given back fits the next. */
function roomFor(bytes: number): number {
  const least = rounded(Math.max(bytes, 1));
  if (least < POOLED_FROM) return least;
  const unit = 2 ** Math.max(12, Math.floor(Math.log2(least)) - 4);
  return Math.ceil(least / unit) * unit;
}
