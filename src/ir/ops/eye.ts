import { checkDType, checkSize, type DType } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { eq } from './compare.ts';
import { iota } from './iota.ts';
import { unsqueeze } from './reshape.ts';

interface EyeAttrs extends Attrs {
  readonly n: number;
  readonly m: number;
  readonly dtype: DType;
  readonly device?: string;
}

export const EYE = defineOp<EyeAttrs>({
  name: 'eye',
  onnx: 'EyeLike',
  infer: (_, { n, m, dtype }) => ({ shape: [n, m], dtype }),
  decompose: (_, { n, m, dtype }) => cast(eq(unsqueeze(iota(n), 1), iota(m)), dtype),
});

/**
 * The `n` by `m` matrix with ones on its diagonal; square if `m` is left out. Dtypes: float32
 * unless given. Throws ShapeError for sizes that are no whole numbers from 0.
 *
 * @example
 * eye(2).toArray(); // [[1, 0], [0, 1]]
 */
export function eye(n: number, m: number = n, dtype: DType = 'float32', device?: string): Value {
  checkSize(n, 'the number of rows', 'eye');
  checkSize(m, 'the number of columns', 'eye');
  return apply(EYE, [], attrs({ n, m, dtype: checkDType(dtype, 'eye'), device }))[0];
}
