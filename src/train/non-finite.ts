/** Finds the first tensor that is NaN or infinite, when the loss is. */
import { GraphError, isFloat } from '../base/index.ts';
import type { Module } from '../nn/index.ts';
import { detectAnomaly, Tensor } from '../tensor/index.ts';
import type { Example } from './feed.ts';

/** A bad tensor in words, and what may be done. */
export interface Found {
  readonly tensor: string;
  readonly remedy: string;
}

const RATE = 'use a smaller learning rate, or clipGradNorm: 1';

/** Parameters, and the buffers that were finite at first: a mask may hold -Infinity for good. */
export class Watch {
  private readonly cells: readonly (readonly [name: string, cell: Tensor])[];

  constructor(model: Module) {
    const parameters = model.namedParameters().map(([n, t]) => [`parameter '${n}'`, t] as const);
    const buffers = model
      .namedBuffers()
      .filter(([, t]) => firstBad(t) === null)
      .map(([n, t]) => [`buffer '${n}'`, t] as const);
    this.cells = [...parameters, ...buffers];
  }

  /** `parameter 'head.weight' (element 12 is NaN)`, or null if all is finite. */
  bad(): string | null {
    for (const [name, t] of this.cells) {
      const where = firstBad(t);
      if (where !== null) return `${name} (${where})`;
    }
    return null;
  }
}

/**
 * The first bad tensor on the way to the loss: an input, the target, a parameter or buffer, or the
 * result of an operation, which is found by running the step again.
 */
export function firstBadTensor(watch: Watch, example: Example, again: () => void): Found {
  const data = 'look at the data: drop or replace what is not a number';
  for (const [i, x] of example.inputs.entries()) {
    const where = x instanceof Tensor ? firstBad(x) : null;
    if (where !== null) return { tensor: `input ${i} of forward (${where})`, remedy: data };
  }
  const target = firstBad(example.target);
  if (target !== null) return { tensor: `the target (${target})`, remedy: data };
  const state = watch.bad();
  if (state !== null) return { tensor: state, remedy: RATE };
  try {
    detectAnomaly(again);
  } catch (error) {
    if (error instanceof GraphError) {
      const [problem] = error.message.split('\n');
      const line = error.userLine === undefined ? '' : `, at ${error.userLine}`;
      return {
        tensor: `the result of ${problem}${line}`,
        remedy: `look at that operation, or ${RATE}`,
      };
    }
    throw error;
  }
  return { tensor: 'none: the step gave another loss when it ran again', remedy: RATE };
}

/** `element [3, 0] is NaN`, or null. */
function firstBad(t: Tensor): string | null {
  if (!isFloat(t.dtype)) return null;
  const data = t.data({ copy: false }) as Float32Array | Float64Array;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const at: number[] = [];
    for (let d = t.rank - 1, rest = i; d >= 0; d--) {
      at.unshift(rest % t.shape[d]);
      rest = Math.floor(rest / t.shape[d]);
    }
    return `element [${at.join(', ')}] is ${data[i]}`;
  }
  return null;
}
