/** Views by strides against the reference, which moves the elements. */
import { expect, test } from 'vitest';
import { contiguousStrides, numelOf, type Shape, specOf } from '../../base/index.ts';
import { forEachIndex } from '../nd-array.ts';
import { type Attrs, attrs, type OpDef } from '../op.ts';
import { reference } from '../reference.ts';
import { nd } from '../vjp.test-util.ts';
import * as ops from './index.ts';

type Step = readonly [OpDef, Attrs];
const permute = (...dims: number[]): Step => [ops.PERMUTE, attrs({ dims })];
const reshape = (...shape: number[]): Step => [ops.RESHAPE, attrs({ shape })];
const expand = (...shape: number[]): Step => [ops.EXPAND, attrs({ shape })];
const slice = (start: number[], step: number[], size: number[]): Step => [
  ops.SLICE,
  attrs({ start, step, size }),
];

/** Follows the steps by strides; null if one cannot be expressed. */
function follow(shape: Shape, steps: readonly Step[]): number[] | null {
  let at = { offset: 0, shape, strides: contiguousStrides(shape) as readonly number[] };
  for (const [def, a] of steps) {
    if (def.lower?.kind !== 'view') throw new Error(`${def.name} is no view`);
    const next = def.lower.view(specOf('float64', at.shape, at.strides), a);
    if (next === null) return null;
    at = { ...next, offset: at.offset + next.offset };
  }
  const out: number[] = [];
  forEachIndex(at.shape, [at.strides], (_, [o]) => out.push(at.offset + o));
  return out;
}

function move(shape: Shape, steps: readonly Step[]): number[] {
  const positions = Array.from({ length: numelOf(shape) }, (_, i) => i);
  let x = nd(shape, positions);
  for (const [def, a] of steps) [x] = reference(def, [x], a);
  return Array.from(x.data, Number);
}

const chains: [string, number[], Step[]][] = [
  ['permute', [2, 3, 4], [permute(2, 0, 1)]],
  ['split a dimension', [2, 6], [reshape(2, 3, 2)]],
  ['merge rows of a transpose', [2, 3, 4], [permute(1, 2, 0), reshape(12, 2)]],
  ['reshape around ones', [2, 1, 3], [permute(1, 0, 2), reshape(1, 6, 1)]],
  ['reshape every second row', [4, 6], [slice([0, 0], [2, 1], [2, 6]), reshape(2, 2, 3)]],
  ['reshape backwards', [4], [slice([3], [-1], [4]), reshape(2, 2)]],
  ['expand, then split', [3, 1], [expand(3, 4), reshape(3, 2, 2)]],
  ['expand new dimensions', [3], [expand(2, 4, 3), permute(2, 0, 1)]],
  ['slice of a slice', [5, 6], [slice([1, 5], [1, -1], [4, 6]), slice([0, 1], [3, 2], [2, 3])]],
  ['to 0-d', [1, 1], [reshape()]],
  ['from 0-d', [], [reshape(1, 1), expand(2, 3)]],
  ['nothing', [0, 3], [reshape(3, 0, 2)]],
  ['nothing left', [4], [slice([0], [1], [0])]],
];

test.each(chains)('%s', (_, shape, steps) => {
  expect(follow(shape, steps)).toEqual(move(shape, steps));
});

const copies: [string, number[], Step[]][] = [
  ['a transpose flattened', [2, 3], [permute(1, 0), reshape(6)]],
  ['every second column flattened', [2, 5], [slice([0, 0], [1, 2], [2, 2]), reshape(4)]],
  ['an expansion flattened', [3, 1], [expand(3, 2), reshape(6)]],
];

test.each(copies)('%s has no strides', (_, shape, steps) => {
  expect(follow(shape, steps)).toBeNull();
});
