/**
 * The WebAssembly heap: a bounded cache of tensors' memory, not its home.
 *
 * Tensor -> Storage -> Handle -> Block. The collector owns Handles; while a Block is in the heap, a
 * FinalizationRegistry watches its Handle, and once it is out nothing does: the registry would keep
 * the copied bytes alive until its callback runs. Finalizers never run inside a synchronous loop, so a heap that is
 * full copies its least recently used blocks into garbage-collected buffers and lets go of them:
 * garbage costs one copy, memory stays bounded, and no tensor needs `dispose`.
 */
import { DeviceError, Extents, verifying } from '../../base/index.ts';
import { CONTROL, CONTROL_BYTES } from '../../target/wasm/index.ts';

/** A run of bytes that lives in the heap, in a buffer of the collector's, or in both (clean). */
export class Block {
  readonly bytes: number;
  /** Address in the heap, or -1 while it is out. */
  address = -1;
  /** The bytes outside the heap; kept after they come back until they are written again. */
  buffer: Uint8Array | null = null;
  /** Tick of the last use; blocks of the current tick are pinned. */
  used = 0;
  /** Position in the heap's list of resident blocks, or -1. */
  slot = -1;
  /** Given back by hand; any further use is a defect. */
  freed = false;

  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

/** What tensors hold: when the last one goes, the collector tells the heap to drop the block. */
export class Handle {
  readonly block: Block;
  constructor(block: Block) {
    this.block = block;
  }
}

const PAGE = 65536;
const FIRST = 16 * 2 ** 20;
/** Kernels compare addresses as signed numbers. */
const LIMIT = 2 ** 31 - PAGE;

export class WasmHeap {
  readonly memory: WebAssembly.Memory;
  /** Address of the word in which a kernel leaves a fault. */
  readonly faultAddress = CONTROL.fault;
  /** Views of the whole memory; replaced when it grows. They may be shared: give none away. */
  u8!: Uint8Array;
  i32!: Int32Array;
  f32!: Float32Array;
  f64!: Float64Array;
  i64!: BigInt64Array;
  /** Counts runs; whatever was touched in the current run stays where it is. */
  tick = 1;
  evictions = 0;

  private readonly poisons = verifying();
  private readonly cap: number;
  private readonly free = new Extents();
  private readonly fixed = new Extents();
  private readonly resident: Block[] = [];
  private size: number;
  private scratch = new Block(0);
  private readonly registry = new FinalizationRegistry<Block>((block) => this.drop(block));

  /** `shared`: whether other threads can have the memory; throws a RangeError if there is none. */
  constructor(capBytes: number, shared = false) {
    this.cap = Math.min(capBytes, LIMIT);
    this.size = Math.min(FIRST, Math.max(PAGE * 16, Math.floor(capBytes / PAGE) * PAGE));
    // The maximum reserves addresses, not memory.
    const pages = { initial: this.size / PAGE, maximum: LIMIT / PAGE };
    this.memory = new WebAssembly.Memory({ ...pages, shared });
    this.refresh();
    this.free.give(CONTROL_BYTES, this.size - CONTROL_BYTES);
  }

  /** Fresh memory, contents undefined, 64-byte aligned. */
  allocate(bytes: number): Handle {
    const handle = new Handle(new Block(bytes));
    this.enter(handle);
    return handle;
  }

  /** Memory that never moves nor goes: argument blocks of plans. */
  allocateFixed(bytes: number): number {
    let at = this.fixed.take(round(bytes));
    if (at < 0) {
      // Chunk by chunk: single blocks would break the heap into pieces.
      const chunk = Math.max(PAGE, round(bytes));
      this.fixed.give(this.take(chunk, bytes), chunk);
      at = this.fixed.take(round(bytes));
    }
    return at;
  }

  releaseFixed(address: number, bytes: number): void {
    this.fixed.give(address, round(bytes));
  }

  /** Marks memory as used by the current run and returns its address, bringing it in if out. */
  touch(handle: Handle): number {
    const { block } = handle;
    block.used = this.tick;
    if (block.address < 0) {
      if (block.freed) throw new Error('a tensor was used after its memory was given back');
      this.enter(handle);
      if (block.buffer !== null) this.u8.set(block.buffer, block.address);
    }
    return block.address;
  }

  /** Like `touch`, for memory about to be written: a copy outside is out of date. */
  touchForWrite(handle: Handle): number {
    const address = this.touch(handle);
    handle.block.buffer = null;
    return address;
  }

  /** Memory for one run's temporaries: all runs share it, and it leaves without a copy. */
  touchScratch(bytes: number): number {
    if (this.scratch.bytes < bytes) {
      this.drop(this.scratch);
      const larger = new Block(bytes);
      this.place(larger);
      this.scratch = larger;
    }
    if (this.scratch.address < 0) this.place(this.scratch);
    this.scratch.used = this.tick;
    return this.scratch.address;
  }

  /** The block's bytes in a buffer of the collector's: safe to keep, never overwritten. */
  outside(block: Block): Uint8Array {
    if (block.buffer === null) {
      block.buffer = uninitialised(block.bytes);
      block.buffer.set(this.u8.subarray(block.address, block.address + block.bytes));
    }
    return block.buffer;
  }

  /** Gives memory back for good. */
  release(block: Block): void {
    block.freed = true;
    // All bits set is NaN in every float: a use after this shows.
    if (this.poisons && block.address >= 0) {
      this.u8.fill(0xff, block.address, block.address + block.bytes);
    }
    block.buffer = null;
    this.drop(block);
  }

  /** Takes the block out of the heap; what it held is in its buffer, or lost. */
  drop(block: Block): void {
    if (block.address < 0) return;
    this.free.give(block.address, round(block.bytes));
    block.address = -1;
    this.registry.unregister(block);
    this.unlist(block);
  }

  get usedBytes(): number {
    let n = 0;
    for (const b of this.resident) n += b.bytes;
    return n;
  }

  get heapBytes(): number {
    return this.size;
  }

  private enter(handle: Handle): void {
    this.place(handle.block);
    this.registry.register(handle, handle.block, handle.block);
  }

  private place(block: Block): void {
    block.address = this.take(round(block.bytes), block.bytes);
    block.used = this.tick;
    block.slot = this.resident.push(block) - 1;
  }

  /** Room for `bytes`; `wanted` is what was asked for. */
  private take(bytes: number, wanted: number): number {
    // Nobody is sent out in vain.
    if (bytes > LIMIT - CONTROL_BYTES) throw full(wanted);
    let at = this.free.take(bytes);
    if (at >= 0) return at;
    if (this.grow(bytes, this.cap)) {
      at = this.free.take(bytes);
      if (at >= 0) return at;
    }
    this.evict(bytes);
    at = this.free.take(bytes);
    if (at >= 0) return at;
    // One op needs more than the cap, or the free space is in pieces: the only case for growing.
    if (this.grow(bytes, LIMIT)) {
      at = this.free.take(bytes);
      if (at >= 0) return at;
    }
    throw full(wanted);
  }

  /** Grows by at least `bytes`, in steps that double, up to `limit`. */
  private grow(bytes: number, limit: number): boolean {
    const need = Math.ceil(bytes / PAGE) * PAGE;
    if (this.size + need > limit) return false;
    const step = Math.min(Math.max(need, this.size), Math.floor((limit - this.size) / PAGE) * PAGE);
    // Beyond the cap only what is needed.
    const more =
      this.size + step > this.cap && need < step ? Math.max(need, this.cap - this.size) : step;
    const pages = Math.ceil(more / PAGE);
    try {
      this.memory.grow(pages);
    } catch {
      return false;
    }
    this.free.give(this.size, pages * PAGE);
    this.size += pages * PAGE;
    this.refresh();
    return true;
  }

  /** Moves least recently used blocks out until `bytes` fit, and an eighth of the cap is free. */
  private evict(bytes: number): void {
    const order = this.resident.filter((b) => b.used !== this.tick).sort((a, b) => a.used - b.used);
    const goal = Math.max(bytes, this.cap >> 3);
    let freed = 0;
    for (const block of order) {
      if (freed >= goal && this.free.largest() >= bytes) return;
      if (block !== this.scratch) this.outside(block);
      freed += round(block.bytes);
      this.evictions++;
      this.drop(block);
    }
  }

  private unlist(block: Block): void {
    const last = this.resident.pop();
    if (last !== undefined && last !== block) {
      this.resident[block.slot] = last;
      last.slot = block.slot;
    }
    block.slot = -1;
  }

  private refresh(): void {
    const b = this.memory.buffer;
    this.u8 = new Uint8Array(b);
    this.i32 = new Int32Array(b);
    this.f32 = new Float32Array(b);
    this.f64 = new Float64Array(b);
    this.i64 = new BigInt64Array(b);
  }
}

/** Memory that the collector owns; in Node without the cost of zeroing it first. */
const uninitialised = (bytes: number): Uint8Array => {
  const buffer = globalThis.Buffer?.allocUnsafeSlow(bytes).buffer;
  return buffer === undefined ? new Uint8Array(bytes) : new Uint8Array(buffer);
};

const full = (bytes: number): DeviceError =>
  new DeviceError({
    op: 'allocate',
    problem: `the WebAssembly heap cannot hold ${bytes} more bytes (it ends at 2 GiB)`,
    remedy: 'split the operation, e.g. use a smaller batch',
  });

// A vector load may read past an edge, never past its block: 64 bytes of slack.
const round = (bytes: number): number => Math.ceil((Math.max(bytes, 1) + 64) / 64) * 64;
