import { apply1 } from '../apply.ts';
import { defineOp } from '../op.ts';
import type { Value } from '../value.ts';

export const COPY = defineOp({
  name: 'copy',
  onnx: 'Identity',
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  reference: ([x]) => x,
  lower: { kind: 'element', expr: (_, [x]) => x },
  gradient(ctx, g) {
    ctx.alias(0, g);
  },
});

/**
 * The same elements in a fresh, contiguous buffer.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).t().copy().toArray(); // [[1, 3], [2, 4]]
 */
export const copy = (x: Value): Value => apply1(COPY, x);
