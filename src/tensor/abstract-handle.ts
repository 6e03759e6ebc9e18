/** What an abstract tensor has in place of memory. */
import { GraphError } from '../base/index.ts';
import type { GraphValue } from '../ir/index.ts';
import { recording } from './recording.ts';

/**
 * Stands in for a device's record of memory. Whoever looks for the bytes is told that there are none:
 * the tensor was kept by something that outlived the recording, or is read while it goes on.
 */
export class AbstractHandle {
  readonly value: GraphValue;
  /** The recording it belongs to. */
  readonly owner: object;

  constructor(value: GraphValue, owner: object) {
    this.value = value;
    this.owner = owner;
  }

  get freed(): never {
    return unknown(this);
  }

  get block(): never {
    return unknown(this);
  }

  get buffer(): never {
    return unknown(this);
  }
}

function unknown({ value }: AbstractHandle): never {
  const during = recording() !== null;
  throw new GraphError({
    op: during ? 'compile' : 'tensor',
    problem: during
      ? 'the value of a tensor is not known while the function is recorded'
      : 'this tensor was made while a function was recorded for compile(): it has no value',
    operands: [value],
    remedy: during
      ? 'return the tensor and read it outside; for choices by value use where or cond'
      : 'return it from the compiled function: what that writes into variables outside is written once',
  });
}
