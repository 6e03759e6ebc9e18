/** What is to be saved, checked before anything is written. */
import { given, ValueError } from '../../base/index.ts';
import type { StateDict } from '../../nn/index.ts';
import { Tensor } from '../../tensor/index.ts';

/** Names and tensors. Throws ValueError that names what is no tensor. */
export function checkTensors(op: string, tensors: StateDict): [string, Tensor][] {
  if (
    typeof tensors !== 'object' ||
    tensors === null ||
    Array.isArray(tensors) ||
    tensors instanceof Tensor
  ) {
    throw new ValueError({
      op,
      problem: `an object or a Map of names and tensors is needed, not ${given(tensors)}`,
      remedy: 'pass { name: tensor } or net.stateDict()',
    });
  }
  const isMap = tensors instanceof Map;
  const entries: [string, unknown][] = isMap ? [...tensors] : Object.entries(tensors);
  for (const [name, value] of entries) {
    if (typeof name !== 'string') {
      throw new ValueError({ op, problem: `names are strings, not ${given(name)}` });
    }
    if (!(value instanceof Tensor)) {
      throw new ValueError({
        op,
        problem: `'${name}' is ${given(value)}, not a tensor`,
        remedy: 'make numbers and arrays tensors with tensor(...)',
      });
    }
  }
  return entries as [string, Tensor][];
}
