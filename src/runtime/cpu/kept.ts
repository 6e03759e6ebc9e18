/** Whether what kept launches wrote is still what they would write now. */
import type { Slot, Storage } from '../device.ts';

/** The constant inputs of a program, and what they held when its kept launches ran last. */
export class ConstantInputs {
  private readonly inputs: readonly number[];
  private storages: Storage[] = [];
  private readonly versions: number[] = [];

  constructor(inputs: readonly number[]) {
    this.inputs = inputs;
  }

  /** Whether they hold what they held; notes what they hold. */
  same(inputs: readonly (Slot | number)[]): boolean {
    const { storages, versions } = this;
    let same = storages.length === this.inputs.length;
    for (let i = 0; i < this.inputs.length; i++) {
      const { storage } = inputs[this.inputs[i]] as Slot;
      if (storage === storages[i] && storage.version === versions[i]) continue;
      same = false;
      storages[i] = storage;
      versions[i] = storage.version;
    }
    return same;
  }

  /** The run did not come to its end, or what it made is gone. */
  forget(): void {
    this.storages = [];
  }
}
