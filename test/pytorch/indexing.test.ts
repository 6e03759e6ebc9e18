/** Indexing and the joining and cutting of tensors against PyTorch, with their gradients. */
import { describe, test } from 'vitest';
import {
  concat,
  flip,
  gather,
  indexSelect,
  pad,
  scatterAdd,
  stack,
  type Tensor,
  takeAlongDim,
  where,
} from '../../src/index.ts';
import { loadFixture } from '../fixtures/load.ts';
import { check } from './check.ts';

/** PyTorch pads from the last dimension backwards, Gradus lists dimensions in order. */
const pairs = (flat: readonly number[], rank: number): [number, number][] =>
  Array.from({ length: rank }, (_, d) => {
    const at = 2 * (rank - 1 - d);
    return [flat[at] ?? 0, flat[at + 1] ?? 0];
  });

describe('indexing', () => {
  test.for(loadFixture('indexing').cases)('$name', (c, context) => {
    const { dim, dims = [], value, mode, slices = [] } = c.attrs;
    if (c.op === 'pad' && mode !== 'constant') context.skip('Gradus pads with a constant only');
    const d = dim as number;
    const items = slices.map(([start, stop, step]) => `${start ?? ''}:${stop ?? ''}:${step ?? ''}`);
    const functions: Record<string, (...xs: Tensor[]) => unknown> = {
      gather: (x, i) => gather(x, d as never, i),
      take_along_dim: (x, i) => takeAlongDim(x, i, dim ?? undefined),
      scatter_add: (x, i, src) => scatterAdd(x, d as never, i, src),
      index_select: (x, i) => indexSelect(x, d as never, i),
      where: (cond, x, y) => where(cond, x, y),
      concat: (...xs) => concat(xs, d as never),
      stack: (...xs) => stack(xs as never, d as never),
      pad: (x) => pad(x, pairs(c.attrs.pad ?? [], x.rank), value ?? 0),
      flip: (x) => flip(x, dims as never),
      slice: (x) => x.at(...(items as [string])),
    };
    const repeated = c.name.includes('repeated') || c.op === 'scatter_add';
    check(c, functions[c.op] as () => Tensor, repeated ? { terms: 4 } : {});
  });
});
