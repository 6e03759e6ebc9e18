import { given, normalizeDims, ValueError } from '../../base/index.ts';
import { floatOf } from '../element.ts';
import type { Value } from '../value.ts';
import { abs } from './abs.ts';
import { cast } from './cast.ts';
import { eq, ne } from './compare.ts';
import { max, min } from './max.ts';
import { mul } from './mul.ts';
import { pow } from './pow.ts';
import { sqrt } from './sqrt.ts';
import { type Dims, sum } from './sum.ts';
import { where } from './where.ts';

/**
 * The vector norm `sum(|x|^p)^(1/p)` along `dim` (of all elements if left out); `p` is 2 unless
 * given. Infinity gives the greatest magnitude, -Infinity the least, 0 counts what is not 0.
 *
 * Shapes: the dimensions vanish, or stay with size 1 if `keepdim`. Dtypes: a float stays, integers
 * and bools give float32. Numerics: not scaled, so squares may overflow; the gradient where all
 * elements are 0 is 0. Throws ValueError for a `p` that is no number, IndexError for a dimension
 * out of range.
 *
 * @example
 * tensor([3, 4]).norm().item(); // 5
 */
export function norm(operand: Value, p = 2, dim?: Dims, keepdim = false): Value {
  if (typeof p !== 'number' || Number.isNaN(p)) {
    throw new ValueError({
      op: 'norm',
      problem: `p is a number, not ${given(p)}`,
      operands: [operand],
      remedy: 'write x.norm(p, dim, keepdim)',
    });
  }
  const x = cast(operand, floatOf(operand.dtype));
  const dims = normalizeDims(dim, x.shape.length, 'norm');
  if (p === 0) return cast(sum(ne(x, 0), dims, keepdim), x.dtype);
  if (p === 1) return sum(abs(x), dims, keepdim);
  if (p === Number.POSITIVE_INFINITY) return max(abs(x), dims, keepdim);
  if (p === Number.NEGATIVE_INFINITY) return min(abs(x), dims, keepdim);
  const total = sum(p === 2 ? mul(x, x) : pow(abs(x), p), dims, keepdim);
  // At 0 the root has no slope: nothing flows back, rather than infinity times 0.
  const none = eq(total, 0);
  const safe = where(none, 1, total);
  return where(none, total, p === 2 ? sqrt(safe) : pow(safe, 1 / p));
}
