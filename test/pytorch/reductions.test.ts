/** Reductions against PyTorch, with their gradients. */
import { describe, test } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import { loadFixture } from '../fixtures/load.ts';
import { check } from './check.ts';

type Dim = number | undefined;
type Reduce = (x: Tensor, dim: Dim, keepdim: boolean, correction: number) => unknown;
const REDUCTIONS: Readonly<Record<string, Reduce>> = {
  sum: (x, dim, keepdim) => x.sum(dim, keepdim as false),
  mean: (x, dim, keepdim) => x.mean(dim, keepdim as false),
  prod: (x, dim, keepdim) => x.prod(dim, keepdim as false),
  amax: (x, dim, keepdim) => x.max(dim, keepdim as false),
  amin: (x, dim, keepdim) => x.min(dim, keepdim as false),
  max: (x, dim, keepdim) => x.max(dim, keepdim as false),
  min: (x, dim, keepdim) => x.min(dim, keepdim as false),
  logsumexp: (x, dim, keepdim) => x.logsumexp(dim, keepdim as false),
  var: (x, dim, keepdim, correction) => x.var(dim, { keepdim, correction }),
  std: (x, dim, keepdim, correction) => x.std(dim, { keepdim, correction }),
  argmax: (x, dim, keepdim) => x.argmax(dim, keepdim as false),
  argmin: (x, dim, keepdim) => x.argmin(dim, keepdim as false),
  any: (x, dim, keepdim) => x.any(dim, keepdim as false),
  all: (x, dim, keepdim) => x.all(dim, keepdim as false),
};

describe('reductions', () => {
  test.for(loadFixture('reductions').cases)('$name', (c, context) => {
    const { dim, keepdim = false, correction = 1 } = c.attrs;
    if (!(c.op in REDUCTIONS)) context.skip(`Gradus has no ${c.op}`);
    if (c.name.includes('beyond_int32')) {
      context.skip('int32 stays int32 and wraps, PyTorch sums into int64');
    }
    // Where max along a dimension ties, PyTorch's max gives one element all; its amax shares, as here.
    const chosen = (c.op === 'max' || c.op === 'min') && dim !== null && c.name.includes('ties');
    const nan = c.name.includes('nan');
    // e^(x - y) of a y near 10^4 has the rounding of y, 5e-4; PyTorch computed in float64.
    const large = c.name === 'logsumexp_large';
    const f = (x: Tensor) =>
      REDUCTIONS[c.op](x, (dim as Dim | null) ?? undefined, keepdim, correction) as Tensor;
    const terms = Math.max(1, ...c.inputs[0].shape);
    check(c, f, { terms, forwardOnly: chosen || nan || large });
  });
});
