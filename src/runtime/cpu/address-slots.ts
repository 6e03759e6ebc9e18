/** The argument slots of a program that hold one buffer's address: written anew when it has moved. */
export class AddressSlots {
  /** The buffer's number among those of its kind. */
  readonly index: number;
  /** The address that is written there now. */
  private now = Number.NaN;
  private readonly slots: number[] = [];
  private readonly offsets: number[] = [];

  constructor(index: number) {
    this.index = index;
  }

  /** `offset`: bytes from the buffer's beginning. */
  add(slot: number, offset: number): void {
    this.slots.push(slot);
    this.offsets.push(offset);
  }

  write(args: Float64Array | Int32Array, address: number): void {
    if (address === this.now) return;
    this.now = address;
    const { slots, offsets } = this;
    for (let i = 0; i < slots.length; i++) args[slots[i]] = address + offsets[i];
  }
}
