/**
 * Memory of tensors for tests of machine code: each block lies in pages of its own between pages
 * that trap, so that one stray byte ends the process. `end` says which end of a block touches its
 * guard; the slack of the page at the other end is filled and looked at again.
 * What is given back traps too. Fresh memory is all bits set: NaN in every float.
 */
import { DeviceError } from '../../base/index.ts';
import type { Temporaries } from '../../kernel/index.ts';
import { PAGE, type System } from './native/system.ts';
import { type Scratch, type TensorMemory, X64Block } from './x64-memory.ts';

export type GuardedEnd = 'start' | 'end';

/** Far more than a page on both sides: a stray row should trap too, not only a stray byte. */
const GUARD_BYTES = 2 ** 20;
const FILL = 0xff;
const CANARY = 0xa5;

/** Pages of one block; its bytes are from `from` to `to` in them. */
interface Room {
  readonly pages: number;
  readonly inner: number;
  readonly from: number;
  readonly to: number;
}

export class GuardedMemory implements TensorMemory {
  usedBytes = 0;
  private readonly system: System;
  private readonly end: GuardedEnd;
  private readonly live = new Set<Room>();
  private readonly rooms = new WeakMap<X64Block, Room>();
  private temporaries: X64Block[] = [];
  /** Typed arrays outlive blocks, so it is the buffer that is watched. */
  private readonly registry = new FinalizationRegistry<Room>((room) => {
    if (this.live.has(room)) this.retire(room);
    this.system.freePages(room.pages - GUARD_BYTES, room.inner + 2 * GUARD_BYTES);
  });

  constructor(system: System, end: GuardedEnd) {
    this.system = system;
    this.end = end;
  }

  allocate(bytes: number): X64Block {
    const { system } = this;
    const inner = Math.max(1, Math.ceil(bytes / PAGE)) * PAGE;
    let reserved: number;
    try {
      reserved = system.allocatePages(inner + 2 * GUARD_BYTES);
    } catch (cause) {
      const problem = `there is no guarded memory for ${bytes} more bytes`;
      throw new DeviceError({ op: 'allocate', problem, cause });
    }
    const pages = reserved + GUARD_BYTES;
    system.forbidPages(reserved, GUARD_BYTES);
    system.forbidPages(pages + inner, GUARD_BYTES);
    const from = this.end === 'end' ? inner - bytes : 0;
    const room = { pages, inner, from, to: from + bytes };
    const buffer = system.view(pages, inner);
    new Uint8Array(buffer).fill(CANARY).fill(FILL, room.from, room.to);
    const block = new X64Block(buffer, from, pages + from, bytes);
    this.rooms.set(block, room);
    this.live.add(room);
    this.usedBytes += bytes;
    this.registry.register(buffer, room);
    return block;
  }

  release(block: X64Block): void {
    if (block.freed) return;
    block.freed = true;
    this.retire(this.rooms.get(block) as Room);
  }

  /** Each temporary is a block of its own, fresh in every run and gone by the next. */
  scratch({ tempSizes }: Temporaries): Scratch {
    return {
      addresses: () => {
        for (const block of this.temporaries) this.release(block);
        this.temporaries = tempSizes.map((bytes) => this.allocate(bytes));
        return this.temporaries.map((block) => block.address);
      },
    };
  }

  /** Throws if anything was written beside a block. */
  check(): void {
    for (const room of this.live) this.checkRoom(room);
  }

  private checkRoom({ pages, inner, from, to }: Room): void {
    const bytes = new Uint8Array(this.system.view(pages, inner));
    for (let i = from === 0 ? to : 0; i < inner; i = i + 1 === from ? to : i + 1) {
      if (bytes[i] === CANARY) continue;
      throw new Error(`byte ${i - from} of a block of ${to - from} bytes was written`);
    }
  }

  private retire(room: Room): void {
    this.live.delete(room);
    this.usedBytes -= room.to - room.from;
    this.checkRoom(room);
    this.system.forbidPages(room.pages, room.inner);
  }
}
