/**
 * Small tensors are carved from slabs: one Handle a slab, by size class, so that a kept scalar
 * pins a small slab and an allocation is a bump.
 */
import { Storage } from '../device.ts';

/** What slabs are cut from. */
export interface SlabSource {
  /** At least so many bytes, 64-byte aligned. */
  allocate(bytes: number): object;
}

class Bump {
  readonly limit: number;
  readonly slabBytes: number;
  readonly align: number;
  handle: object | null = null;
  top = 0;

  constructor(limit: number, slabBytes: number, align: number) {
    this.limit = limit;
    this.slabBytes = slabBytes;
    this.align = align;
  }
}

export class Slabs {
  private readonly device: string;
  private readonly source: SlabSource;
  private readonly classes = [
    new Bump(16, 4096, 16),
    new Bump(64, 16384, 16),
    new Bump(256, 16384, 64),
    new Bump(1024, 32768, 64),
    new Bump(4096, 65536, 64),
    new Bump(65536, 524288, 64),
  ];

  constructor(device: string, source: SlabSource) {
    this.device = device;
    this.source = source;
  }

  /** Storage of `bytes` bytes (up to 64 KB), or null if it should have memory of its own. */
  allocate(bytes: number): Storage | null {
    const c = this.classes;
    const b =
      bytes <= 16
        ? c[0]
        : bytes <= 64
          ? c[1]
          : bytes <= 256
            ? c[2]
            : bytes <= 1024
              ? c[3]
              : bytes <= 4096
                ? c[4]
                : bytes <= 65536
                  ? c[5]
                  : null;
    if (b === null) return null;
    if (b.handle === null || b.top + bytes > b.slabBytes) {
      b.handle = this.source.allocate(b.slabBytes);
      b.top = 0;
    }
    const s = new Storage(this.device, b.handle, b.top, bytes);
    b.top = (b.top + bytes + b.align - 1) & -b.align;
    return s;
  }
}
