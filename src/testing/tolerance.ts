/**
 * How far two results may differ, by dtype, op and number of terms; and distances in units of the
 * last place. The one table of the project: tests take their tolerances from here.
 */
import type { DType } from '../base/index.ts';

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** |a - b| <= atol + rtol * |b|. Whole numbers and booleans are compared exactly. */
export const TOLERANCES: Readonly<Record<DType, Tolerance>> = {
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
  int64: { rtol: 0, atol: 0 },
  int32: { rtol: 0, atol: 0 },
  bool: { rtol: 0, atol: 0 },
};

/** The table's entry for a sum of `terms` terms: rounding errors grow like their square root. */
export function toleranceOf(dtype: DType, terms = 1): Tolerance {
  const { rtol, atol } = TOLERANCES[dtype];
  const growth = Math.sqrt(Math.max(1, terms));
  return { rtol: rtol * growth, atol: atol * growth };
}

/**
 * Ops that round no more than once, or only move or compare: bit-equal wherever they run. An op of
 * integers or booleans always is.
 */
export const EXACT_OPS: ReadonlySet<string> = new Set(
  (
    'add sub mul div neg abs sign sqrt square reciprocal relu maximum minimum clamp where floor ceil ' +
    'trunc round floorDivide max min argmax argmin any all eq ne lt le gt ge isnan isfinite isinf ' +
    'logicalAnd logicalOr logicalXor logicalNot bitwiseAnd bitwiseOr bitwiseXor bitwiseNot ' +
    'shiftRight cast copy full iota eye reshape permute transpose expand slice place pad flip ' +
    'concat stack split chunk unbind narrow squeeze unsqueeze flatten gather indexSelect ' +
    'takeAlongDim tile tril triu maskedFill oneHot maxPool2d'
  ).split(' '),
);

/**
 * Greatest distance from the correctly rounded result, in ULP: what the ops document. That of sin
 * and cos holds up to 1e5 in float32 and 1e6 in float64.
 */
export const ULP_BOUNDS: Readonly<Record<string, { float32: number; float64: number }>> = {
  exp: { float32: 1.2, float64: 1.2 },
  expm1: { float32: 1.5, float64: 1.5 },
  log: { float32: 0.9, float64: 0.9 },
  log1p: { float32: 0.9, float64: 0.9 },
  tanh: { float32: 1.4, float64: 1.4 },
  erf: { float32: 1.6, float64: 1.6 },
  sin: { float32: 1.6, float64: 1.6 },
  cos: { float32: 1.6, float64: 1.6 },
  pow: { float32: 1.3, float64: 1.7 },
};

/**
 * How many ULP the result of op `name` may be off the correctly rounded one: 0 for exact ops, the
 * documented bound (rounded up, as distances are whole) for functions, `undefined` for ops that
 * round several times or sum, which {@link toleranceOf} speaks for.
 */
export function ulpBoundOf(name: string, dtype: DType): number | undefined {
  if (dtype !== 'float32' && dtype !== 'float64') return 0;
  if (EXACT_OPS.has(name)) return 0;
  const bound = ULP_BOUNDS[name]?.[dtype];
  return bound === undefined ? undefined : Math.ceil(bound);
}

const words = new DataView(new ArrayBuffer(8));

/** How many numbers of this float dtype lie between `a` and `b`, plus one; 0 if they are equal. */
export function ulpDistance(a: number, b: number, dtype: 'float32' | 'float64'): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Infinity;
  return Math.abs(Number(position(a, dtype) - position(b, dtype)));
}

/** The number's place in the order of all of its dtype; 0 and -0 share one. */
function position(x: number, dtype: 'float32' | 'float64'): bigint {
  if (dtype === 'float32') {
    words.setFloat32(0, x);
    const bits = BigInt(words.getInt32(0));
    return bits < 0n ? -(bits + 2n ** 31n) : bits;
  }
  words.setFloat64(0, x);
  const bits = words.getBigInt64(0);
  return bits < 0n ? -(bits + 2n ** 63n) : bits;
}
