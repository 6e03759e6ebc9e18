/** Structures that functions give: the same as others, or an error that names both. */
import {
  DtypeError,
  formatShape,
  GraphError,
  given,
  ShapeError,
  sameShape,
} from '../../base/index.ts';
import { isTrue } from '../../ir/index.ts';
import { noGrad, Tensor } from '../../tensor/index.ts';
import { type Flat, flatten, structureKey } from '../tree.ts';

/**
 * A type whose tensors have any shape: what functions are given and give back is checked when they
 * run, not in the editor.
 */
export type Wide<T> = T extends Tensor
  ? Tensor
  : T extends readonly unknown[]
    ? { -readonly [K in keyof T]: Wide<T[K]> }
    : T extends object
      ? { -readonly [K in keyof T]: Wide<T[K]> }
      : T;

/** The same as what a function gives back: arrays may be readonly. */
export type Given<T> = T extends Tensor
  ? Tensor
  : T extends object
    ? { readonly [K in keyof T]: Given<T[K]> }
    : T;

export const flat = (op: string, what: string, x: unknown): Flat =>
  flatten(`${op}: ${what}`, x, (i) => `[${i}]`);

/** Throws a GraphError or ShapeError unless `b` has the structure and the types of `a`. */
export function requireSame(op: string, aName: string, a: Flat, bName: string, b: Flat): void {
  const [ka, kb] = [structureKey(a.template), structureKey(b.template)];
  if (ka !== kb) {
    throw new GraphError({
      op,
      problem: `${aName} has the structure ${ka}, ${bName} has ${kb} (T: a tensor)`,
      remedy: 'give the same structure; what changes must be a tensor',
    });
  }
  a.tensors.forEach((x, i) => {
    const y = b.tensors[i];
    const path = a.paths[i] === '' ? '' : `${a.paths[i]} of `;
    const types = `${path}${aName} is ${typeText(x)}, of ${bName} ${typeText(y)}`;
    if (!sameShape(x.shape, y.shape)) {
      throw new ShapeError({ op, problem: types, remedy: 'give the same shapes' });
    }
    if (x.dtype === y.dtype && x.device === y.device) return;
    throw new GraphError({
      op,
      problem: types,
      remedy: `give the same dtype, e.g. with .to('${x.dtype}')`,
    });
  });
}

const typeText = (t: Tensor): string => `${t.dtype}${formatShape(t.shape)}`;

/** Throws unless `x` is a tensor of one element, which decides. */
export function requirePredicate(op: string, what: string, x: unknown): Tensor {
  if (!(x instanceof Tensor)) {
    throw new DtypeError({
      op,
      problem: `${what} is ${given(x)}, not a tensor of one element`,
      remedy: 'compare tensors, e.g. x.sum().gt(0); for what JavaScript knows use if or while',
    });
  }
  if (x.numel === 1) return x;
  throw new ShapeError({
    op,
    problem: `${what} has ${x.numel} elements, and one decides`,
    operands: [x.spec],
    remedy: 'reduce it, e.g. with all(), any() or sum(); for a choice by element use where',
  });
}

/** Reads a predicate. */
export const holds = (t: Tensor): boolean => isTrue(noGrad(() => t.data({ copy: false })[0]));

/** The size of the leading dimension that all have; throws a ShapeError otherwise. */
export function leadingSize(op: string, { tensors, paths }: Flat): number {
  const [first] = tensors;
  for (const [i, t] of tensors.entries()) {
    const name = paths[i] === '' ? 'xs' : `xs${paths[i].startsWith('[') ? '' : '.'}${paths[i]}`;
    if (t.rank === 0) {
      throw new ShapeError({
        op,
        problem: `${name} has no dimension to go along`,
        operands: [t.spec],
      });
    }
    if (t.shape[0] === first.shape[0]) continue;
    throw new ShapeError({
      op,
      problem: `${name} has ${t.shape[0]} slices, and the first has ${first.shape[0]}`,
      operands: [first.spec, t.spec],
    });
  }
  return first.shape[0];
}
