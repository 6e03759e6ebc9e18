import { checkDType, checkSize, type DType, given, isInt, ValueError } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { eq } from './compare.ts';
import { iota } from './iota.ts';
import { mul } from './mul.ts';
import { where } from './where.ts';

interface RangeAttrs extends Attrs {
  readonly n: number;
  readonly dtype: DType;
  readonly device?: string;
}

const infer = (_: unknown, { n, dtype }: RangeAttrs) => ({ shape: [n], dtype });

/** start + i * step, in float64 (int64 exactly), rounded once to `dtype`. */
function steps(start: Operand, step: Operand, n: number, dtype: DType): Value {
  return add(mul(iota(n, dtype), step), start);
}

export const ARANGE = defineOp<RangeAttrs>({
  name: 'arange',
  onnx: 'Range',
  infer,
  decompose: ([start, step], { n, dtype }) =>
    cast(steps(start, step, n, dtype === 'int64' ? dtype : 'float64'), dtype),
});

/**
 * The numbers `start`, `start + step`, ... before `end`.
 *
 * Shapes: `[ceil((end - start) / step)]`. Dtypes: float32 unless given. Numerics: each is
 * `start + i * step` rounded once. Throws ValueError for a step of 0 or a range that never ends.
 *
 * @example
 * arange(0, 1, 0.25).toArray(); // [0, 0.25, 0.5, 0.75]
 */
export function arange(
  start: number,
  end: number,
  step = 1,
  dtype: DType = 'float32',
  device?: string,
): Value {
  const n = Math.max(0, Math.ceil((end - start) / step));
  if (step === 0 || !Number.isSafeInteger(n)) {
    throw new ValueError({
      op: 'arange',
      problem: `from ${start} to ${end} by ${step} is no finite range`,
      remedy: 'give finite numbers and a step that is not 0',
    });
  }
  checkDType(dtype, 'arange');
  if (isInt(dtype) && !(Number.isInteger(start) && Number.isInteger(step))) {
    throw new ValueError({
      op: 'arange',
      problem: `start ${start} and step ${step} are not both whole, but the dtype is ${dtype}`,
      remedy: "use dtype 'float32'",
    });
  }
  return apply(ARANGE, [start, step], attrs({ n, dtype, device }))[0];
}

export const LINSPACE = defineOp<RangeAttrs>({
  name: 'linspace',
  infer,
  // The last one is exact, whatever rounding made of the steps.
  decompose: ([start, step, end], { n, dtype }) =>
    cast(where(eq(iota(n), n - 1), cast64(end), steps(start, step, n, 'float64')), dtype),
});

const cast64 = (x: Operand): Operand => (typeof x === 'number' ? x : cast(x, 'float64'));

/**
 * `n` numbers evenly spaced from `start` to `end`, both included.
 *
 * Dtypes: float32 unless given. Numerics: each is `start + i * (end - start) / (n - 1)` rounded
 * once; the last is `end`. Throws ShapeError unless `n` is a whole number from 0.
 *
 * @example
 * linspace(0, 1, 5).toArray(); // [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(
  start: number,
  end: number,
  n: number,
  dtype: DType = 'float32',
  device?: string,
): Value {
  if (!Number.isFinite(start) || !Number.isFinite(end)) {
    throw new ValueError({
      op: 'linspace',
      problem: `start and end must be finite numbers, not ${given(start)} and ${given(end)}`,
      remedy: 'write linspace(start, end, n)',
    });
  }
  checkSize(n, 'the number of elements', 'linspace', 'write linspace(start, end, n)');
  checkDType(dtype, 'linspace');
  const step = n > 1 ? (end - start) / (n - 1) : 0;
  return apply(LINSPACE, [start, step, n > 1 ? end : start], attrs({ n, dtype, device }))[0];
}
