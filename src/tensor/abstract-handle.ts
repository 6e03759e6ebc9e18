/** What an abstract tensor has in place of memory. */
import { GraphError, type Type } from '../base/index.ts';
import type { GraphValue } from '../ir/index.ts';
import { recording } from './recording.ts';
import type { Tensor } from './tensor.ts';

/** A recording, or those who build graphs from placeholders. */
export interface AbstractOwner {
  /** Its tensors are symbolic: they stay, and get values when a graph of them is called. */
  readonly symbolic?: boolean;
}

/**
 * Stands in for a device's record of memory. Whoever looks for the bytes is told that there are none:
 * the tensor was kept by something that outlived the recording, or is read while it goes on.
 */
export class AbstractHandle {
  readonly value: GraphValue;
  /** The recording it belongs to. */
  readonly owner: AbstractOwner;

  constructor(value: GraphValue, owner: AbstractOwner) {
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

/** The error of who asks a symbolic tensor for what only a call of its graph can give. */
export function refuseSymbolic(op: string, operand: Type): GraphError {
  return new GraphError({
    op,
    problem: 'this tensor is symbolic: it was computed from placeholders and has no value',
    operands: [operand],
    remedy: 'make a graph, const f = graph([x], [y]), and call it: f(tensor) gives the value',
  });
}

function unknown({ value, owner }: AbstractHandle): never {
  if (owner.symbolic === true) throw refuseSymbolic('tensor', value);
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

/** Whether a value is not known, or not to be looked at, while a function is recorded. */
export const isUnknown = (t: Tensor): boolean =>
  t.storage.handle instanceof AbstractHandle || (t.cell && recording() !== null);
