import { numelOf, type Type } from '../../../base/index.ts';
import { type NdArray, ndZeros } from '../../nd-array.ts';
import { type Attrs, defineOp, type Region } from '../../op.ts';
import { requireTypes, typesOf } from './types.ts';

export interface ScanAttrs extends Attrs {
  readonly length: number;
  /** From the last slice to the first. */
  readonly reverse: boolean;
  /** How many operands are the carry, and how many are cut into slices; then come constants. */
  readonly carries: number;
  readonly xs: number;
  /** Random calls of a step. */
  readonly draws: number;
  /** Steps count backwards as far as random calls go: this is the way back of another scan. */
  readonly fromEnd: boolean;
  /**
   * The words of random state that the body takes last: -1 and -2 are those of the seed, `2 * call +
   * word` those of the counter of a call. If there are any, the operands end with the seed and with the
   * counter of the first call of the first step.
   */
  readonly words: readonly number[];
}

/** The word of the random state that step `step` (of the way forward) is given. */
export function scanWord(
  word: number,
  step: number,
  draws: number,
  state: readonly (number | bigint)[],
): number {
  if (word < 0) return Number(state[-1 - word]);
  const low = (Number(state[2]) >>> 0) + step * draws + (word >> 1);
  return (word & 1) === 0 ? low | 0 : (Number(state[3]) + Math.floor(low / 2 ** 32)) | 0;
}

/**
 * Operands (...carry, ...xs, ...constants), region (body) over carry, one slice of each x, constants;
 * it gives the next carry and a y. Outputs: the last carry, the ys stacked, and each step's carry
 * before it, stacked, at the place of its slice (what the way back needs; not stored if nobody asks).
 */
export const SCAN = defineOp<ScanAttrs>({
  name: 'scan',
  onnx: 'Scan',
  infer(inputs, { carries, length }, [body]) {
    const outs = typesOf(body.outputs);
    requireTypes('scan', inputs.slice(0, carries), outs.slice(0, carries));
    const stacked = ({ shape, dtype }: Type): Type => ({ shape: [length, ...shape], dtype });
    return [
      ...outs.slice(0, carries),
      ...outs.slice(carries).map(stacked),
      ...outs.slice(0, carries).map(stacked),
    ];
  },
  reference(inputs, { length, reverse, carries, xs, draws, fromEnd, words }, outputs, [body]) {
    const state = words.length === 0 ? [] : inputs.slice(-4).map((w) => w.data[0]);
    const constants = inputs.slice(carries + xs, words.length === 0 ? undefined : -4);
    let carry = inputs.slice(0, carries);
    const stacks = outputs.slice(carries).map((t) => ndZeros(t.shape, t.dtype));
    const ys = stacks.length - carries;
    for (let t = 0; t < length; t++) {
      const at = reverse ? length - 1 - t : t;
      const step = fromEnd ? length - 1 - t : t;
      carry.forEach((c, i) => {
        put(stacks[ys + i], at, c);
      });
      const outs: NdArray[] = (body as Region)([
        ...carry,
        ...inputs.slice(carries, carries + xs).map((x) => slice(x, at)),
        ...constants,
        ...words.map((w) => word(scanWord(w, step, draws, state))),
      ]);
      carry = outs.slice(0, carries);
      outs.slice(carries).forEach((y, i) => {
        put(stacks[i], at, y);
      });
    }
    return [...carry, ...stacks];
  },
  lower: { kind: 'regions' },
});

function slice({ shape, dtype, data }: NdArray, at: number): NdArray {
  const n = numelOf(shape.slice(1));
  return { shape: shape.slice(1), dtype, data: data.slice(at * n, (at + 1) * n) };
}

function put(stack: NdArray, at: number, y: NdArray): void {
  const n = numelOf(y.shape);
  for (let i = 0; i < n; i++) stack.data[at * n + i] = y.data[i];
}

function word(value: number): NdArray {
  const out = ndZeros([], 'int32');
  out.data[0] = value;
  return out;
}
