/**
 * Memory with an address: blocks outside JavaScript's heap for programs, argument blocks and fault
 * words, and the addresses of ArrayBuffers.
 */
import { Extents } from '../../../base/index.ts';
import type { Platform } from './koffi.ts';
import type { System } from './system.ts';

const CHUNK_BYTES = 2 ** 18;
const ALIGN = 64;
/** Buffers that hold a large page or more, wherever they begin. */
const LARGE_FROM = 2 ** 22;

/** Zeroed memory that stays where it is until it is freed; by hand, nobody collects it. */
export class NativeBlock {
  readonly address: number;
  readonly bytes: number;
  readonly u8: Uint8Array;
  freed = false;

  constructor(address: number, u8: Uint8Array) {
    this.address = address;
    this.bytes = u8.length;
    this.u8 = u8;
  }

  f64(): Float64Array {
    return new Float64Array(this.u8.buffer, this.u8.byteOffset, this.bytes >> 3);
  }

  i64(): BigInt64Array {
    return new BigInt64Array(this.u8.buffer, this.u8.byteOffset, this.bytes >> 3);
  }

  u32(): Uint32Array {
    return new Uint32Array(this.u8.buffer, this.u8.byteOffset, this.bytes >> 2);
  }
}

interface Chunk {
  readonly address: number;
  readonly memory: Uint8Array;
  readonly free: Extents;
}

/** Uninitialised memory that the collector owns, from its first aligned byte on. */
export interface AlignedBuffer {
  readonly buffer: ArrayBuffer;
  /** Bytes from the buffer's start to `address`, which is a multiple of 64. */
  readonly offset: number;
  readonly address: number;
}

export class NativeMemory {
  bytesInUse = 0;
  private readonly system: System;
  readonly platform: Platform;
  private readonly chunks: Chunk[] = [];

  constructor(system: System, platform: Platform) {
    this.system = system;
    this.platform = platform;
  }

  /** Zeroed, 64-byte aligned, a multiple of 64 bytes. */
  allocate(bytes: number): NativeBlock {
    const room = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
    let chunk: Chunk | undefined;
    let at = -1;
    for (chunk of this.chunks) {
      at = chunk.free.take(room);
      if (at >= 0) break;
    }
    if (chunk === undefined || at < 0) {
      chunk = this.grow(room);
      at = chunk.free.take(room);
    }
    this.bytesInUse += room;
    return new NativeBlock(chunk.address + at, chunk.memory.subarray(at, at + room).fill(0));
  }

  /** Freeing twice does nothing. */
  free(block: NativeBlock): void {
    if (block.freed) return;
    const chunk = this.chunks.find((c) => c.memory.buffer === block.u8.buffer);
    if (chunk === undefined) return;
    block.freed = true;
    chunk.free.give(block.u8.byteOffset, block.bytes);
    this.bytesInUse -= block.bytes;
  }

  /**
   * Where a buffer's bytes are, for as long as it is neither collected nor transferred; 0 if it has
   * none. Ask once a buffer: it takes 50 ns.
   */
  addressOf(buffer: ArrayBufferLike): number {
    return buffer.byteLength === 0 ? 0 : Number(this.system.koffi.address(buffer));
  }

  /** `bytes` bytes at a multiple of 64, uninitialised. */
  allocateBuffer(bytes: number): AlignedBuffer {
    const buffer = this.platform.allocate(bytes + ALIGN);
    const start = this.addressOf(buffer);
    const address = Math.ceil(start / ALIGN) * ALIGN;
    if (bytes >= LARGE_FROM) this.system.preferLargePages(address, bytes);
    return { buffer, offset: address - start, address };
  }

  private grow(room: number): Chunk {
    const bytes = Math.ceil(room / CHUNK_BYTES) * CHUNK_BYTES;
    const address = this.system.allocatePages(bytes);
    const memory = new Uint8Array(this.system.view(address, bytes));
    const chunk = { address, memory, free: new Extents() };
    chunk.free.give(0, bytes);
    this.chunks.push(chunk);
    return chunk;
  }
}
