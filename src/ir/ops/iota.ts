import { type DType, DtypeError, numelOf, type Shape } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { ndZeros, setElement } from '../nd-array.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';

interface IotaAttrs extends Attrs {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly device?: string;
}

export const IOTA = defineOp<IotaAttrs>({
  name: 'iota',
  infer(_, { shape, dtype }) {
    if (dtype !== 'bool') return { shape, dtype };
    throw new DtypeError({ op: 'iota', problem: 'bool cannot count' });
  },
  reference(_, { shape, dtype }) {
    const out = ndZeros(shape, dtype);
    for (let i = 0; i < numelOf(shape); i++) setElement(out, i, i);
    return out;
  },
  lower: { kind: 'element', expr: (e, _x, _a, { dtype }) => e.cast(e.index(), dtype) },
});

/**
 * The numbers 0, 1, ... n - 1, as int32 unless a dtype is given. Throws DtypeError for bool.
 *
 * @example
 * iota(3).toArray(); // [0, 1, 2]
 */
export const iota = (n: number, dtype: DType = 'int32', device?: string): Value =>
  apply(IOTA, [], attrs({ shape: [n], dtype, device }))[0];
