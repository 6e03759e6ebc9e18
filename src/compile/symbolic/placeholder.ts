import { checkDType, checkOptions, type DType, given, ValueError } from '../../base/index.ts';
import { device, recording, type Tensor } from '../../tensor/index.ts';
import { standIn } from './sizes.ts';
import { symbolicTracer } from './tracer.ts';

/** Sizes: a number, or the name of one that is known at each call. */
export type OpenShape = readonly (number | string)[];

/** The shape as types tell it: a named size is some number. */
export type ShapeFor<S extends OpenShape> = {
  readonly [K in keyof S]: S[K] extends number ? S[K] : number;
};

export interface PlaceholderOptions {
  /** float32 unless given. */
  readonly dtype?: DType;
}

/**
 * An input of graphs that has no value yet. Ops, layers, losses and `grad` on it build a graph,
 * which {@link graph} makes callable.
 *
 * Shapes: a name is an open size, which each call decides anew; equal names are equal sizes, in every
 * placeholder. While the graph is built `x.shape` holds a number for it, a prime above 70000 that
 * stands in; numbers computed from it follow the size of each call: `x.shape[0] * 2 + 1`, products of
 * sizes, `1 / x.shape[0]`, fractions `c * (a * n + b) / (d * n + e)` of small numbers, square roots of
 * these. A rounded half of it is an error as a size; as a factor it is one at sizes at which it would
 * be rounded. A number that seems to be made of a size in another way is an error in `graph`.
 *
 * What cannot be told is computed once, with the stand-in, and is silently that number at each call:
 * `n % 2`, `Math.min(n, 100)`, `n > 10 ? a : b`, `Math.log(n)`, `Math.floor(n / 100)`, powers with
 * fractional exponents; so are fractions that met only tensors of no graph, `tensor([2]).mul(1 / n)`.
 * For these use `compile(fn, { dynamic })`, which records at several sizes.
 *
 * Dtypes: float32 unless given.
 *
 * Parameters and buffers that meet it, and what ops have computed from these, are read at each call.
 * Other tensors are constants; so are `detach()`ed parameters. Random ops draw anew at each call.
 * A module's training mode is that of the moment in which the graph is built. Reading a symbolic
 * tensor, `backward()` on it, or assigning it to a cell throws a GraphError.
 *
 * Throws ValueError for a name or a size that is none.
 *
 * @example
 * const x = placeholder('x', ['batch', 2]);
 * const f = graph(x, x.mul(2).sum(1));
 * f(tensor([[1, 2], [3, 4]])).toArray(); // [6, 14]
 */
export function placeholder<const S extends OpenShape>(
  name: string,
  shape: S,
  options: PlaceholderOptions = {},
): Tensor<ShapeFor<S>> {
  recording()?.refuse(
    'placeholder',
    'a compiled function has arguments, and no placeholders',
    'make the placeholder outside, or take an argument',
  );
  if (typeof name !== 'string' || name === '') {
    throw new ValueError({
      op: 'placeholder',
      problem: `the name is ${given(name)}`,
      remedy: "write placeholder('x', ['batch', 784])",
    });
  }
  if (!Array.isArray(shape)) {
    throw new ValueError({
      op: 'placeholder',
      problem: `the shape of ${name} is ${given(shape)}, not an array of sizes and names`,
      remedy: `write placeholder('${name}', ['batch', 784])`,
    });
  }
  checkOptions('placeholder', options, ['dtype']);
  const dtype = checkDType(options.dtype ?? 'float32', 'placeholder');
  for (const n of shape) {
    if (typeof n === 'string' || (Number.isSafeInteger(n) && n >= 0)) continue;
    throw new ValueError({
      op: 'placeholder',
      problem: `a size of ${name} is ${given(n)}: sizes are whole numbers from 0, or names`,
    });
  }
  const sizes = shape.map((n) => (typeof n === 'string' ? standIn(n) : n));
  const t = symbolicTracer(device()).placeholder(name, [...shape], sizes, dtype);
  return t as Tensor as Tensor<ShapeFor<S>>;
}
