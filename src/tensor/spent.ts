/** The mark of a gradient that a compiled step made, used and did not keep. */
import { GraphError } from '../base/index.ts';
import type { Tensor } from './tensor.ts';

export const SPENT = Object.freeze({}) as unknown as Tensor;

export const refuseSpent = (t: Tensor): never => {
  throw new GraphError({
    op: 'grad',
    problem: 'this gradient was made and used within a compiled function, and not kept',
    operands: [t.spec],
    remedy: 'pass { keepGrads: true } to compile to see gradients; or call opt.zeroGrad() first',
  });
};
