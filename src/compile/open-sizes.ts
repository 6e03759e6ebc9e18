/** Sizes that are declared open: which dimensions of which arguments, and what they are in a call. */
import { given, ValueError } from '../base/index.ts';
import type { Flat } from './tree.ts';

/** Dimensions by argument: `{ x: [0] }`; the argument's name, its path or its position. */
export type Dynamic = Readonly<Record<string, readonly number[]>>;

export interface OpenDim {
  /** Which tensor among the arguments, and which of its dimensions. */
  readonly tensor: number;
  readonly dim: number;
  /** Which of the sizes; dimensions that had the same size when recorded share one. */
  readonly size: number;
}

/** The open dimensions of a call, and their sizes. */
export interface OpenSizes {
  readonly dims: readonly OpenDim[];
  readonly sizes: readonly number[];
}

/**
 * The open dimensions of a call's arguments. A dimension of size 0 or 1 is not open in that call: it
 * broadcasts, or holds nothing, and another recording says what happens then.
 *
 * Throws ValueError for a name that no argument has, and for a dimension that it has not.
 */
export function openSizes(op: string, dynamic: Dynamic, { paths, tensors }: Flat): OpenSizes {
  const dims: OpenDim[] = [];
  const sizes: number[] = [];
  for (const [key, list] of Object.entries(dynamic)) {
    if (!Array.isArray(list)) throw wrongDynamic(op, `dynamic.${key}`, list);
    const tensor = paths.findIndex((path, i) => path === key || `${i}` === key);
    if (tensor < 0) {
      throw new ValueError({
        op,
        problem: `dynamic names '${key}', but the tensors among its arguments are ${paths.join(', ')}`,
        remedy: 'use these names, or positions: { 0: [0] }',
      });
    }
    const { shape, cell } = tensors[tensor];
    if (cell) continue;
    for (const d of list) {
      const dim = d < 0 ? d + shape.length : d;
      if (!Number.isInteger(dim) || dim < 0 || dim >= shape.length) {
        throw new ValueError({
          op,
          problem: `dynamic names dimension ${given(d)} of ${key}, which has ${shape.length}`,
          operands: [tensors[tensor]],
          remedy: `use 0 to ${shape.length - 1}, or -1 for the last`,
        });
      }
      const n = shape[dim];
      if (n < 2) continue;
      let size = sizes.indexOf(n);
      if (size < 0) size = sizes.push(n) - 1;
      dims.push({ tensor, dim, size });
    }
  }
  return { dims, sizes };
}

/** Throws a ValueError unless `dynamic` is an object. */
export function checkDynamic(op: string, dynamic: unknown): void {
  if (dynamic === undefined) return;
  if (typeof dynamic === 'object' && dynamic !== null && !Array.isArray(dynamic)) return;
  throw wrongDynamic(op, 'dynamic', dynamic);
}

const wrongDynamic = (op: string, what: string, x: unknown): ValueError =>
  new ValueError({
    op,
    problem: `${what} is ${given(x)}, which names no dimensions`,
    remedy: 'list the open dimensions of each argument: { x: [0] }',
  });

/** The shapes of all tensors, with other sizes in the open dimensions. */
export function shapesWith(
  { tensors }: Flat,
  dims: readonly OpenDim[],
  sizes: readonly number[],
): readonly (readonly number[])[] {
  const shapes = tensors.map((t) => [...t.shape]);
  for (const { tensor, dim, size } of dims) shapes[tensor][dim] = sizes[size];
  return shapes;
}
