/** Abstract tensors: what a function is recorded on. Type and tape are real, the elements unknown. */
import { bytesOf, type Spec } from '../base/index.ts';
import type { GraphValue } from '../ir/index.ts';
import { Storage } from '../runtime/device.ts';
import { AbstractHandle, type AbstractOwner } from './abstract-handle.ts';
import { Tensor } from './tensor.ts';

/** A tensor of spec `spec` that stands for `value`. */
export function abstractTensor(value: GraphValue, spec: Spec, owner: AbstractOwner): Tensor {
  return new Tensor(abstractStorage(value, spec, owner), 0, spec, null);
}

export function abstractStorage(value: GraphValue, spec: Spec, owner: AbstractOwner): Storage {
  const handle = new AbstractHandle(value, owner);
  return new Storage(spec.device, handle, 0, spec.numel * bytesOf(spec.dtype));
}

/** The handle of an abstract tensor, or null for one with elements. */
export function abstractHandle(t: Tensor): AbstractHandle | null {
  const { handle } = t.storage;
  return handle instanceof AbstractHandle ? handle : null;
}

/** Whether the tensor is computed from placeholders (see compile/symbolic/). */
export const isSymbolic = (t: Tensor): boolean => abstractHandle(t)?.owner.symbolic === true;
