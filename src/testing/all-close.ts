import {
  checkOptions,
  type DType,
  formatShape,
  isFloat,
  type Shape,
  sameShape,
} from '../base/index.ts';
import { Tensor, type TensorData, tensor } from '../tensor/index.ts';
import { ComparisonError } from './comparison-error.ts';
import { toleranceOf, ulpDistance } from './tolerance.ts';

export interface AllCloseOptions {
  /** Relative tolerance; that of the dtype in {@link TOLERANCES} unless given. */
  readonly rtol?: number;
  /** Absolute tolerance; that of the dtype unless given. */
  readonly atol?: number;
  /** Whether NaN agrees with NaN; true unless given. */
  readonly equalNan?: boolean;
  /** How many terms each element is a sum of: the dtype's tolerances grow like the square root. */
  readonly terms?: number;
}

/**
 * Checks `|actual - expected| <= atol + rtol * |expected|` for every element, and that shapes are
 * equal. Returns true, or throws a ComparisonError that names the worst element, its index and the
 * distance in ULP.
 *
 * Arrays are taken in the other operand's dtype. Two tensors of different dtypes are compared by
 * the tolerance of the less precise. Infinities agree with themselves only.
 *
 * @example
 * allClose(tensor([1, 2]).exp(), [2.7182817, 7.389056]);
 */
export function allClose(
  actual: Tensor | TensorData,
  expected: Tensor | TensorData,
  options: AllCloseOptions = {},
): true {
  checkOptions('allClose', options, ['rtol', 'atol', 'equalNan', 'terms']);
  const [a, b] = pair(actual, expected);
  if (!sameShape(a.shape, b.shape)) {
    throw new ComparisonError({
      op: 'allClose',
      problem: `shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} differ`,
      operands: [a, b],
    });
  }
  const dtype = lessPrecise(a.dtype, b.dtype);
  const table = toleranceOf(dtype, options.terms);
  const { rtol = table.rtol, atol = table.atol, equalNan = true } = options;
  const [xs, ys] = [a.data({ copy: false }), b.data({ copy: false })];
  let worst = -1;
  let excess = 0;
  let failures = 0;
  for (let i = 0; i < xs.length; i++) {
    const over = excessOf(xs[i], ys[i], rtol, atol, equalNan);
    if (over <= 0) continue;
    failures++;
    if (over <= excess) continue;
    excess = over;
    worst = i;
  }
  if (failures === 0) return true;
  const [x, y] = [xs[worst], ys[worst]];
  const ulp = isFloat(dtype)
    ? `, ${ulpDistance(Number(x), Number(y), dtype as 'float32')} ULP`
    : '';
  throw new ComparisonError({
    op: 'allClose',
    problem:
      `${failures} of ${xs.length} elements differ; the worst is ${place(worst, a.shape)}: ` +
      `${x} instead of ${y} (off by ${difference(x, y)}${ulp}; rtol ${rtol}, atol ${atol})`,
    operands: [a, b],
  });
}

function pair(actual: Tensor | TensorData, expected: Tensor | TensorData): [Tensor, Tensor] {
  if (actual instanceof Tensor) return [actual, asTensor(expected, actual.dtype)];
  if (expected instanceof Tensor) return [asTensor(actual, expected.dtype), expected];
  return [asTensor(actual, 'float64'), asTensor(expected, 'float64')];
}

const asTensor = (x: Tensor | TensorData, dtype: DType): Tensor =>
  x instanceof Tensor ? x : tensor(x, { dtype });

function lessPrecise(a: DType, b: DType): DType {
  if (isFloat(a) !== isFloat(b)) return isFloat(a) ? a : b;
  return a === 'float32' || b === 'float32' ? 'float32' : a;
}

const difference = (x: number | bigint, y: number | bigint): number | bigint =>
  typeof x === 'bigint' && typeof y === 'bigint' ? x - y : Math.abs(Number(x) - Number(y));

/** By how much the difference exceeds what is allowed; 0 if it does not. */
export function excessOf(
  x: number | bigint,
  y: number | bigint,
  rtol: number,
  atol: number,
  equalNan: boolean,
): number {
  if (x === y) return 0;
  const [a, b] = [Number(x), Number(y)];
  if (Number.isNaN(a) && Number.isNaN(b)) return equalNan ? 0 : Infinity;
  const off = Math.abs(a - b);
  if (!Number.isFinite(off)) return Infinity;
  // Two int64 that round to one double still differ.
  const exact = off === 0 && typeof x === 'bigint' ? 1 : off;
  return Math.max(0, exact - (atol + rtol * Math.abs(b)));
}

/** `element [1, 2]`, or `the element`. */
export function place(at: number, shape: Shape): string {
  return shape.length === 0 ? 'the element' : `element ${formatShape(indexOf(at, shape))}`;
}

/** The place in each dimension of element `at`, counted row by row. */
export function indexOf(at: number, shape: Shape): readonly number[] {
  const index: number[] = [];
  let rest = at;
  for (const n of [...shape].reverse()) {
    index.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return index;
}
