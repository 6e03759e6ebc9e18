/** How far two results may differ, by dtype; and distances in units of the last place. */
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
