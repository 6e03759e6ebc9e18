import { checkSize, type DType } from '../../base/index.ts';
import { requireIndex, requireTensor } from '../element.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { eq } from './compare.ts';
import { iota } from './iota.ts';
import { unsqueeze } from './reshape.ts';

/**
 * For each label a row of `classes` numbers: 1 at the label, 0 elsewhere.
 *
 * Shapes: a dimension of `classes` is added at the end. Dtypes: labels int32 or int64; gives float32
 * unless another is given. Numerics: a label that is no class gives zeros alone.
 * Throws DtypeError for labels that are not whole numbers.
 *
 * @example
 * oneHot(tensor([1, 0], { dtype: 'int32' }), 3).toArray(); // [[0, 1, 0], [1, 0, 0]]
 */
export function oneHot(labels: Value, classes: number, dtype: DType = 'float32'): Value {
  requireTensor('oneHot', 'labels', labels);
  requireIndex('oneHot', labels, [labels]);
  checkSize(classes, 'the number of classes', 'oneHot', 'write oneHot(labels, classes)');
  const numbers = iota(classes, labels.dtype, labels.device);
  return cast(eq(unsqueeze(labels, -1), numbers), dtype);
}
