/** Finds the first tensor that is NaN or infinite, when the loss is. */
import { GraphError, isFloat } from '../base/index.ts';
import type { Module } from '../nn/index.ts';
import { detectAnomaly, Tensor } from '../tensor/index.ts';
import type { Example } from './feed.ts';

/** `parameter 'head.weight' (element 12 is NaN)`, or null if all is finite. */
export function badState(model: Module): string | null {
  for (const [kind, list] of [
    ['parameter', model.namedParameters()],
    ['buffer', model.namedBuffers()],
  ] as const) {
    for (const [name, t] of list) {
      const where = firstBad(t);
      if (where !== null) return `${kind} '${name}' (${where})`;
    }
  }
  return null;
}

/**
 * The first bad tensor on the way to the loss: an input, the target, a parameter or buffer, or the
 * result of an operation, which is found by running the step again.
 */
export function firstBadTensor(model: Module, example: Example, again: () => void): string {
  for (const [i, x] of example.inputs.entries()) {
    const where = x instanceof Tensor ? firstBad(x) : null;
    if (where !== null) return `input ${i} of forward (${where})`;
  }
  const target = firstBad(example.target);
  if (target !== null) return `the target (${target})`;
  const state = badState(model);
  if (state !== null) return state;
  try {
    detectAnomaly(again);
  } catch (error) {
    if (error instanceof GraphError) {
      const [problem] = error.message.split('\n');
      const line = error.userLine === undefined ? '' : `, at ${error.userLine}`;
      return `the result of ${problem}${line}`;
    }
    throw error;
  }
  return 'none: the step gave another loss when it ran again';
}

/** `element 3 is NaN`, or null. */
function firstBad(t: Tensor): string | null {
  if (!isFloat(t.dtype)) return null;
  const data = t.data({ copy: false }) as Float32Array | Float64Array;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) return `element ${i} is ${data[i]}`;
  }
  return null;
}
