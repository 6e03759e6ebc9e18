/** Nested arrays of JavaScript values, checked and flattened. */
import { DtypeError, given, isTensorLike, ShapeError } from '../base/index.ts';

type Kind = 'bool' | 'int64' | 'number';

export interface Nested {
  /** Row-major: all booleans, all bigints or all numbers. */
  readonly values: readonly (number | bigint | boolean)[];
  readonly shape: readonly number[];
  readonly kind: Kind;
}

/** Arrays nested deeper are a mistake, or hold themselves. */
const MAX_DEPTH = 64;

const isList = (x: unknown): x is ArrayLike<unknown> =>
  Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));

const path = (at: readonly number[]): string => `data${at.map((i) => `[${i}]`).join('')}`;

/**
 * Flattens nested arrays. Throws ShapeError where they are ragged, DtypeError for what is neither
 * number, boolean nor bigint, or for a mixture of those; both name the place.
 */
export function readNested(data: unknown, op: string): Nested {
  const shape: number[] = [];
  for (let x = data; isList(x); x = x[0]) {
    shape.push(x.length);
    if (shape.length > MAX_DEPTH) {
      throw new ShapeError({
        op,
        problem: `the arrays are nested more than ${MAX_DEPTH} deep`,
        remedy: 'does an array hold itself?',
      });
    }
    if (x.length === 0) break;
  }
  const values: (number | bigint | boolean)[] = [];
  let kind: Kind | null = null;
  const at: number[] = [];
  const visit = (x: unknown): void => {
    const depth = at.length;
    if (isList(x)) {
      if (depth >= shape.length) ragged(op, at, `is an array of length ${x.length}`, 'a value');
      if (x.length !== shape[depth]) {
        ragged(op, at, `has length ${x.length}`, `length ${shape[depth]}`);
      }
      for (let i = 0; i < x.length; i++) {
        at.push(i);
        visit(x[i]);
        at.pop();
      }
      return;
    }
    const own = kindOf(op, x, at);
    if (depth < shape.length) {
      ragged(op, at, `is the value ${String(x)}`, `an array of length ${shape[depth]}`);
    }
    if (kind !== null && own !== kind) mixed(op, at, own, kind);
    kind = own;
    values.push(x as number | bigint | boolean);
  };
  visit(data);
  return { values, shape, kind: kind ?? 'number' };
}

function kindOf(op: string, x: unknown, at: readonly number[]): Kind {
  if (typeof x === 'number') return 'number';
  if (typeof x === 'boolean') return 'bool';
  if (typeof x === 'bigint') return 'int64';
  throw new DtypeError({
    op,
    problem: `${path(at)} is ${what(x)}; elements are numbers, booleans or bigints`,
    remedy: isTensorLike(x) ? 'join tensors with stack or concat' : undefined,
  });
}

function what(x: unknown): string {
  if (typeof x === 'string') return `the string '${x}'`;
  return isTensorLike(x) ? 'a tensor' : given(x);
}

function ragged(op: string, at: readonly number[], has: string, wanted: string): never {
  throw new ShapeError({
    op,
    problem: `the arrays are ragged: ${path(at)} ${has}, where ${wanted} was expected`,
    remedy: 'all arrays at one depth must have the same length',
  });
}

const NAMES = { bool: 'a boolean', int64: 'a bigint', number: 'a number' };

function mixed(op: string, at: readonly number[], own: Kind, kind: Kind): never {
  throw new DtypeError({
    op,
    problem: `${path(at)} is ${NAMES[own]} among elements that are each ${NAMES[kind]}`,
    remedy: 'convert them so that all are of one kind',
  });
}
