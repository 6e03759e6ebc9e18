/** Joins examples into a batch. */
import { formatShape, given, ShapeError, ValueError } from '../base/index.ts';
import { noGrad, stack, Tensor, tensor } from '../tensor/index.ts';

type Scalar = number | boolean | bigint;
type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/** What {@link collate} makes of examples of type T. */
export type Collated<T> =
  T extends Tensor<infer S>
    ? number extends S['length']
      ? Tensor
      : Tensor<readonly [number, ...S]>
    : T extends Scalar
      ? Tensor<readonly [number]>
      : T extends Numbers | readonly Scalar[]
        ? Tensor<readonly [number, number]>
        : T extends string
          ? string[]
          : T extends readonly unknown[] | object
            ? { -readonly [K in keyof T]: Collated<T[K]> }
            : T[];

/**
 * The batch of some examples, a loader's default: tensors are stacked; numbers (float32), booleans
 * (bool) and bigints (int64) become a tensor, lists of them and typed arrays its rows; objects and
 * other arrays are joined entry by entry; strings and what else there is become arrays.
 *
 * Labels that are JavaScript numbers become float32: make them `tensor(3, { dtype: 'int32' })` or
 * `Int32Array`s in the data set where whole numbers are wanted.
 *
 * Throws ShapeError or ValueError, which name the entry and the example, for examples that differ
 * in shape, dtype, length or kind.
 *
 * @example
 * collate([{ x: 1, name: 'a' }, { x: 2, name: 'b' }]); // { x: tensor([1, 2]), name: ['a', 'b'] }
 */
export function collate<T>(examples: readonly T[]): Collated<T> {
  if (!Array.isArray(examples) || examples.length === 0) {
    throw new ValueError({
      op: 'collate',
      problem: `takes a list of examples, not ${Array.isArray(examples) ? 'an empty one' : given(examples)}`,
    });
  }
  return noGrad(() => join(examples, '') as never) as Collated<T>;
}

const SCALARS = ['number', 'boolean', 'bigint'];
const isScalar = (x: unknown): x is Scalar => SCALARS.includes(typeof x);
const isNumbers = (x: unknown): x is Numbers => ArrayBuffer.isView(x) && !(x instanceof DataView);
const isPlain = (x: unknown): x is Record<string, unknown> => {
  if (typeof x !== 'object' || x === null) return false;
  const proto = Object.getPrototypeOf(x) as unknown;
  return proto === Object.prototype || proto === null;
};

function kindOf(x: unknown): string {
  if (x instanceof Tensor) return 'tensor';
  if (isNumbers(x)) return x.constructor.name;
  if (Array.isArray(x)) {
    return x.length > 0 && isScalar(x[0]) && x.every((e) => typeof e === typeof x[0])
      ? `list of ${typeof x[0]}s`
      : 'array';
  }
  return isPlain(x) ? 'object' : typeof x;
}

/** `path` is where in the examples: `.x`, `[1]`, or nothing for the examples themselves. */
function join(list: readonly unknown[], path: string): unknown {
  const [first] = list;
  const kind = kindOf(first);
  const other = list.findIndex((x) => kindOf(x) !== kind);
  if (other >= 0) {
    throw differ(ValueError, path, 'kind', 0, given(first), other, given(list[other]));
  }
  if (first instanceof Tensor) return joinTensors(list as Tensor[], path);
  if (isNumbers(first)) return joinRows(list as Numbers[], path);
  if (isScalar(first)) return tensor(list as number[]);
  if (Array.isArray(first)) {
    const lists = list as unknown[][];
    const odd = lists.findIndex((x) => x.length !== first.length);
    if (odd >= 0) {
      throw differ(ShapeError, path, 'length', 0, first.length, odd, lists[odd].length);
    }
    if (kind !== 'array') return tensor(lists as number[][]);
    return first.map((_, i) =>
      join(
        lists.map((x) => x[i]),
        `${path}[${i}]`,
      ),
    );
  }
  if (!isPlain(first)) return [...list];
  const objects = list as Record<string, unknown>[];
  const keys = Object.keys(first);
  const odd = objects.findIndex(
    (x) => Object.keys(x).length !== keys.length || keys.some((key) => !Object.hasOwn(x, key)),
  );
  if (odd >= 0) {
    const names = (x: object): string => `{ ${Object.keys(x).join(', ')} }`;
    throw differ(ValueError, path, 'entries', 0, names(first), odd, names(objects[odd]));
  }
  return Object.fromEntries(
    keys.map((key) => [
      key,
      join(
        objects.map((x) => x[key]),
        `${path}.${key}`,
      ),
    ]),
  );
}

function joinTensors(list: readonly Tensor[], path: string): Tensor {
  const [first] = list;
  const describe = (t: Tensor): string => `${t.dtype} ${formatShape(t.shape)}`;
  const odd = list.findIndex((t) => describe(t) !== describe(first));
  if (odd >= 0) {
    throw differ(ShapeError, path, 'shape', 0, describe(first), odd, describe(list[odd]));
  }
  return stack(list);
}

function joinRows(list: readonly Numbers[], path: string): Tensor {
  const [first] = list;
  const odd = list.findIndex((x) => x.length !== first.length);
  if (odd >= 0) {
    throw differ(ShapeError, path, 'length', 0, first.length, odd, list[odd].length);
  }
  const Kind = first.constructor as new (length: number) => Numbers;
  const all = new Kind(list.length * first.length);
  list.forEach((x, i) => all.set(x as never, i * first.length));
  return tensor(all as Float32Array).reshape([list.length, first.length]) as Tensor;
}

const differ = (
  Kind: typeof ShapeError | typeof ValueError,
  path: string,
  what: string,
  i: number,
  a: unknown,
  j: number,
  b: unknown,
): Error =>
  new Kind({
    op: 'collate',
    problem:
      `examples of one batch differ in the ${what} of ${path === '' ? 'the example' : `example${path}`}: ` +
      `number ${i} has ${a}, number ${j} ${b}`,
    remedy: 'make them alike with transform, or join them with a collate of your own',
  });
