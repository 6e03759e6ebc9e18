/** Shape and stride arithmetic. Shapes are plain readonly arrays; strides count elements. */
import { IndexError } from './errors/index-error.ts';
import { ShapeError } from './errors/shape-error.ts';
import { ValueError } from './errors/value-error.ts';
import { given, givenList, isTensorLike } from './given.ts';

export type Shape = readonly number[];

export function numelOf(shape: Shape): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/** Row-major strides: the last dimension has stride 1. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = n;
    n *= shape[i];
  }
  return strides;
}

/** Whether the strides are row-major; dimensions of size 1 and empty shapes do not matter. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 0) return true;
    if (shape[i] !== 1 && strides[i] !== n) return false;
    n *= shape[i];
  }
  return true;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * The shape two operands broadcast to (NumPy's rule: aligned at the last dimension, a size of 1
 * stretches), or `null` if they do not fit.
 */
export function broadcastShapes(a: Shape, b: Shape): number[] | null {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = i <= a.length ? a[a.length - i] : 1;
    const y = i <= b.length ? b[b.length - i] : 1;
    if (x !== y && x !== 1 && y !== 1) return null;
    out[rank - i] = x === 1 ? y : x;
  }
  return out;
}

/** Strides that read `shape` as the larger `target` it broadcasts to (0 along stretched dims). */
export function broadcastStrides(
  shape: Shape,
  strides: readonly number[],
  target: Shape,
): number[] {
  const pad = target.length - shape.length;
  return target.map((_, i) => (i < pad || shape[i - pad] === 1 ? 0 : strides[i - pad]));
}

/** A dimension counted from the front; negative ones count from the end. */
export function normalizeDim(dim: number, rank: number, op: string): number {
  const d = dim < 0 ? dim + rank : dim;
  if (Number.isInteger(dim) && d >= 0 && d < rank) return d;
  if (!Number.isInteger(dim)) refuseDim(dim, op);
  throw new IndexError({
    op,
    problem: `dimension ${dim} is out of range for a tensor of rank ${rank}`,
    remedy: rank === 0 ? 'a 0-d tensor has no dimensions' : `use ${-rank} to ${rank - 1}`,
  });
}

/** The function of two operands that who reduces by a tensor had in mind. */
const OF_TWO: Readonly<Record<string, string>> = {
  max: 'maximum',
  min: 'minimum',
  any: 'logicalOr',
  all: 'logicalAnd',
};

/** Throws a ValueError for what is no number of a dimension. */
function refuseDim(dim: unknown, op: string): never {
  const two = isTensorLike(dim) ? OF_TWO[op] : undefined;
  throw new ValueError({
    op,
    problem: `a dimension is a whole number, not ${given(dim)}`,
    remedy:
      two === undefined
        ? `give the dimension itself, e.g. ${op}(0); options come after it`
        : `for two tensors, element by element, use ${two}`,
  });
}

/** Sorted, distinct dimensions; `undefined` means all of them. */
export function normalizeDims(
  dims: number | readonly number[] | undefined,
  rank: number,
  op: string,
): number[] {
  if (dims === undefined) return Array.from({ length: rank }, (_, i) => i);
  if (typeof dims !== 'number' && !Array.isArray(dims)) refuseDim(dims, op);
  const list = typeof dims === 'number' ? [dims] : dims;
  const out = list.map((d) => normalizeDim(d, rank, op)).sort((a, b) => a - b);
  for (let i = 1; i < out.length; i++) {
    if (out[i] === out[i - 1]) {
      throw new ShapeError({ op, problem: `dimension ${out[i]} is listed twice in [${list}]` });
    }
  }
  return out;
}

/** The shape left when `dims` (normalized) are reduced. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  if (keepdim) return shape.map((n, i) => (dims.includes(i) ? 1 : n));
  return shape.filter((_, i) => !dims.includes(i));
}

/** Throws a ShapeError, naming the argument, unless `n` is a whole number from 0. */
export function checkSize(n: number, name: string, op: string, remedy?: string): number {
  if (Number.isSafeInteger(n) && n >= 0) return n;
  throw new ShapeError({
    op,
    problem: `${name} must be a whole number from 0, not ${given(n)}`,
    remedy,
  });
}

/** Throws a ValueError unless `list` is an array; `example` shows how the call is written. */
export function checkList(list: unknown, name: string, op: string, example: string): void {
  if (Array.isArray(list)) return;
  throw new ValueError({
    op,
    problem: `${name} are given as one array, not as ${given(list)}`,
    remedy: `write ${example}`,
  });
}

/** Checks sizes given by the user: whole numbers from 0, whose product is an exact integer. */
export function checkShape(shape: Shape, op: string): Shape {
  if (!Array.isArray(shape)) {
    throw new ShapeError({
      op,
      problem: `a shape is an array of sizes, not ${given(shape)}`,
      remedy: `write the sizes in brackets, e.g. ${typeof shape === 'number' ? `[${shape}]` : '[2, 3]'}`,
    });
  }
  let n = 1;
  for (const d of shape) {
    if (!Number.isInteger(d) || d < 0) {
      throw new ShapeError({
        op,
        problem: `sizes must be whole numbers from 0: ${givenList(shape)}`,
      });
    }
    n *= d;
  }
  if (!Number.isSafeInteger(n)) {
    throw new ShapeError({ op, problem: `shape [${shape}] has more elements than can be counted` });
  }
  return shape;
}

export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`;
