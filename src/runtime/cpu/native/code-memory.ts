/**
 * Memory for machine code. Each chunk is mapped twice, writable and executable, and stays so: pages
 * that run are never made unexecutable.
 *
 * Freed code is used again at once, and no thread can be inside it: an isolate's code runs only
 * within a call from its own JavaScript thread, which does not return before every thread is out,
 * and `free` is itself called from JavaScript. What a processor may still have is instructions it
 * fetched ahead; so before the first run of code in reused memory all of them are told to forget.
 */
import { Extents } from '../../../base/index.ts';
import type { DoubleMapping, System } from './system.ts';

const CHUNK_BYTES = 2 ** 20;
/** Code starts at a cache line. */
const ALIGN = 64;
/** Fills what is not code: `int3`, which traps. */
const TRAP = 0xcc;

/** Code in place. Its address is where to call. */
export class CodeBlock {
  readonly address: number;
  readonly bytes: number;
  freed = false;

  constructor(address: number, bytes: number) {
    this.address = address;
    this.bytes = bytes;
  }
}

class Chunk {
  readonly mapping: DoubleMapping;
  readonly memory: Uint8Array;
  readonly free = new Extents();
  /** Above this nothing has ever run. */
  fresh = 0;

  constructor(system: System, bytes: number) {
    this.mapping = system.mapCode(bytes);
    this.memory = new Uint8Array(system.view(this.mapping.writable, bytes));
    this.free.give(0, bytes);
  }
}

export class CodeMemory {
  /** Bytes of code in place, rounded up to cache lines. */
  bytesInUse = 0;
  private readonly system: System;
  private readonly serialize: () => void;
  private readonly chunks: Chunk[] = [];

  /** `serialize` runs an instruction that serializes the calling thread. */
  constructor(system: System, serialize: () => void) {
    this.system = system;
    this.serialize = serialize;
  }

  /** Bytes mapped, used or not. */
  get bytesMapped(): number {
    return this.chunks.reduce((sum, c) => sum + c.mapping.bytes, 0);
  }

  /** Puts code in place. It must not depend on where that is, which it cannot know before. */
  write(code: Uint8Array): CodeBlock {
    const room = Math.max(ALIGN, (code.length + ALIGN - 1) & -ALIGN);
    const { chunk, at } = this.take(room);
    const block = new CodeBlock(chunk.mapping.executable + at, room);
    chunk.memory.set(code, at);
    chunk.memory.fill(TRAP, at + code.length, at + room);
    this.bytesInUse += room;
    if (at < chunk.fresh && !this.system.flushInstructions()) this.serialize();
    chunk.fresh = Math.max(chunk.fresh, at + room);
    return block;
  }

  /** Gives code's memory back; it must not be called again. Freeing twice does nothing. */
  free(block: CodeBlock): void {
    if (block.freed) return;
    const chunk = this.chunks.find(({ mapping: { executable, bytes } }) => {
      return block.address >= executable && block.address < executable + bytes;
    });
    if (chunk === undefined) return;
    block.freed = true;
    const at = block.address - chunk.mapping.executable;
    // A call that should not be traps here, instead of running something else.
    chunk.memory.fill(TRAP, at, at + block.bytes);
    chunk.free.give(at, block.bytes);
    this.bytesInUse -= block.bytes;
  }

  private take(room: number): { chunk: Chunk; at: number } {
    for (const chunk of this.chunks) {
      const at = chunk.free.take(room);
      if (at >= 0) return { chunk, at };
    }
    const chunk = new Chunk(this.system, Math.ceil(room / CHUNK_BYTES) * CHUNK_BYTES);
    this.chunks.push(chunk);
    return { chunk, at: chunk.free.take(room) };
  }
}
