import { FAULT_POSITION_BITS } from '../../../target/x64/index.ts';
import type { NativeBlock, NativeMemory } from './native-memory.ts';

export interface Fault {
  /** Which op of the program. */
  readonly op: number;
  /** Row-major position in the index that it read. */
  readonly position: number;
}

const NONE = 0xffffffff;
const HIGH_POSITION_BITS = FAULT_POSITION_BITS - 32;

/** Where kernels say that they met a bad index; one for each instance of a program. */
export class FaultWord {
  readonly block: NativeBlock;
  private readonly words: Uint32Array;

  constructor(memory: NativeMemory) {
    this.block = memory.allocate(8);
    this.words = this.block.u32();
    this.clear();
  }

  get address(): number {
    return this.block.address;
  }

  /** After a call: the first op's first fault, or null. Clears it. */
  take(): Fault | null {
    const high = this.words[1];
    if (high === NONE) return null;
    const low = this.words[0];
    this.clear();
    return {
      op: high >>> HIGH_POSITION_BITS,
      position: (high & (2 ** HIGH_POSITION_BITS - 1)) * 2 ** 32 + low,
    };
  }

  clear(): void {
    this.words[0] = NONE;
    this.words[1] = NONE;
  }
}
