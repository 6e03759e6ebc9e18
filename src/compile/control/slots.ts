/** Memory of values between kernels: places, kept small ones, large ones for one run. */
import { bytesOf, type Spec } from '../../base/index.ts';
import { COPY, graphOf } from '../../ir/index.ts';
import type { Device, Executable, Slot } from '../../runtime/device.ts';

/** Storage up to so many bytes lies in slabs, which cannot be given back one by one. */
const SMALL = 65536;

export const byteLength = (spec: Spec): number => spec.numel * bytesOf(spec.dtype);

/** A part of a slot's memory. */
export const part = ({ storage, offset }: Slot, bytes: number): Slot => ({
  storage,
  offset: offset + bytes,
});

/**
 * Places that an executable uses again in each run: small ones stay, so that loops make no garbage;
 * large ones are taken when a run first needs them and given back at its end.
 */
export class Places {
  private readonly device: Device;
  private readonly kept: (Slot | undefined)[] = [];
  private readonly taken: Slot[] = [];

  constructor(device: Device) {
    this.device = device;
  }

  /** Place number `index`, of `bytes` bytes: the same one until the run ends. */
  get(index: number, bytes: number): Slot {
    let slot = this.kept[index];
    if (slot === undefined || slot.storage.bytes < bytes) {
      slot = this.fresh(bytes);
      this.kept[index] = slot;
    }
    return slot;
  }

  /** One more place, for this run. */
  fresh(bytes: number): Slot {
    const slot = { storage: this.device.allocate(bytes), offset: 0 };
    if (bytes > SMALL) this.taken.push(slot);
    return slot;
  }

  /** Gives the large ones back. */
  end(): void {
    if (this.taken.length === 0) return;
    for (const { storage } of this.taken) this.device.free(storage);
    this.kept.forEach((s, i) => {
      if (s !== undefined && s.storage.bytes > SMALL) this.kept[i] = undefined;
    });
    this.taken.length = 0;
  }
}

/** Values of the turns of a loop, in blocks that are given back at the end of a run. */
export class History {
  private readonly places: Places;
  private readonly bytes: number;
  private readonly perBlock: number;
  private readonly blocks: Slot[] = [];

  constructor(places: Places, spec: Spec) {
    this.places = places;
    this.bytes = (byteLength(spec) + 63) & -64;
    this.perBlock = Math.max(1, Math.min(1024, Math.floor((4 * SMALL) / Math.max(1, this.bytes))));
  }

  at(turn: number): Slot {
    const block = Math.floor(turn / this.perBlock);
    if (block === this.blocks.length) {
      this.blocks.push(this.places.fresh(Math.max(SMALL + 64, this.perBlock * this.bytes)));
    }
    return part(this.blocks[block], (turn - block * this.perBlock) * this.bytes);
  }
}

const copiers = new WeakMap<Device, Map<string, Executable>>();

/** Copies elements from a place of this spec to a dense one. */
export function copier(device: Device, spec: Spec): (to: Slot, from: Slot) => void {
  let list = copiers.get(device);
  if (list === undefined) {
    list = new Map();
    copiers.set(device, list);
  }
  const key = spec.contiguous
    ? `${spec.dtype}${spec.numel}`
    : `${spec.dtype}${spec.shape}:${spec.strides}`;
  let executable = list.get(key);
  if (executable === undefined) {
    executable = device.compile(graphOf(COPY, [spec], null, device.name), [spec]);
    list.set(key, executable);
  }
  const copy = executable;
  return (to, from) => copy.run(to, from, null, Number.NaN, Number.NaN);
}
