import { expect, test } from 'vitest';
import type { Type } from '../base/index.ts';
import { add, mul, record, rsqrt, type Value } from '../ir/index.ts';
import { foldConstants } from './constants.ts';

const type = (...shape: number[]): Type => ({ shape, dtype: 'float32' });

test('cuts off what several ops make of constants, if it is no larger than they', () => {
  const f = (x: Value, v: Value): Value => mul(x, rsqrt(add(v, 1)));
  const graph = record('f', f, [type(4, 3), type(3)], 'cpu');
  const folded = foldConstants(graph, (i) => i === 1);
  const names = (g: { nodes: readonly { def: { name: string } }[] } | undefined) =>
    g?.nodes.map((n) => n.def.name);
  expect(names(folded?.constants)).toEqual(['add', 'rsqrt']);
  expect(names(folded?.main)).toEqual(['mul']);
  expect(folded?.main.inputs).toHaveLength(3);
  expect(foldConstants(graph, () => false)).toBe(null);
  const wide = (x: Value, v: Value): Value => mul(x, mul(add(v, 1), add(v, x)));
  expect(foldConstants(record('g', wide, [type(4, 3), type(3)], 'cpu'), (i) => i === 1)).toBe(null);
});
