/**
 * What a fused kernel computes for one element, as a small graph of expressions. Ops write theirs
 * through a {@link Tracer}; structurally equal expressions are one object, so that fused ops
 * share loads and common parts, and their text is the kernel's identity in the cache.
 */
import type { DType, Shape } from '../../base/index.ts';
import type { Combine, ElementBuilder } from '../../ir/index.ts';

/**
 * Elements that a kernel reads (or counts) along its space: strides in elements, one a dimension
 * of the space, 0 where it does not vary.
 */
export interface Stream {
  readonly id: number;
  readonly strides: readonly number[];
  /** Memory of this value, from element `offset`; null for a pure position. */
  readonly memory: { readonly root: Root; readonly offset: number; readonly dtype: DType } | null;
}

/** Stands for a buffer: a graph value; the scheduler asks the caller where it lies. */
export type Root = object;

interface Base {
  readonly id: number;
  readonly dtype: DType;
  /** The phase in which it can be computed: 1 + the deepest reduction below it. */
  readonly level: number;
}

export type Expr = Base &
  (
    | { readonly kind: 'constant'; readonly value: number | bigint | boolean }
    | { readonly kind: 'scalar'; readonly input: number }
    | { readonly kind: 'load'; readonly stream: Stream }
    /** Element `index` along `stride` of the stream, faulting outside 0 <= index < size. */
    | {
        readonly kind: 'gather';
        readonly stream: Stream;
        readonly index: Expr;
        readonly size: number;
        readonly stride: number;
        readonly position: Expr;
      }
    | { readonly kind: 'position'; readonly stream: Stream }
    | { readonly kind: 'reduced'; readonly reduction: Reduction }
    | {
        readonly kind: 'op';
        readonly fn: keyof ElementBuilder;
        readonly args: readonly (Expr | number)[];
        /** Where `philox` counts; null for all other functions. */
        readonly position: Expr | null;
      }
  );

export interface Reduction {
  readonly combine: Combine;
  readonly operand: Expr;
  /** Linear position within the reduced dimensions, for argmax and argmin. */
  readonly position: Expr | null;
}

/** Makes expressions, one object for each structure. */
export class ExprPool {
  private readonly known = new Map<string, Expr>();
  private readonly streams = new Map<string, Stream>();
  private readonly roots = new Map<Root, number>();

  private make<T extends object>(key: string, rest: T, dtype: DType, level: number): Expr {
    const full = `${key}:${dtype}`;
    let e = this.known.get(full);
    if (e === undefined) {
      e = { id: this.known.size, dtype, level, ...rest } as unknown as Expr;
      this.known.set(full, e);
    }
    return e;
  }

  stream(memory: Stream['memory'], strides: readonly number[]): Stream {
    let root = -1;
    if (memory !== null) {
      root = this.roots.get(memory.root) ?? this.roots.size;
      this.roots.set(memory.root, root);
    }
    const key = memory === null ? `${strides}` : `${root}+${memory.offset}:${strides}`;
    let s = this.streams.get(key);
    if (s === undefined) {
      s = { id: this.streams.size, strides, memory };
      this.streams.set(key, s);
    }
    return s;
  }

  constant(value: number | bigint | boolean, dtype: DType): Expr {
    const text = Object.is(value, -0) ? '-0' : String(value);
    return this.make(`c${text}`, { kind: 'constant', value }, dtype, 0);
  }

  scalar(input: number, dtype: DType): Expr {
    return this.make(`s${input}`, { kind: 'scalar', input }, dtype, 0);
  }

  load(stream: Stream): Expr {
    return this.make(
      `l${stream.id}`,
      { kind: 'load', stream },
      (stream.memory as { dtype: DType }).dtype,
      0,
    );
  }

  position(strides: readonly number[]): Expr {
    const stream = this.stream(null, strides);
    return this.make(`p${stream.id}`, { kind: 'position', stream }, 'int32', 0);
  }

  gather(stream: Stream, index: Expr, size: number, stride: number, position: Expr): Expr {
    return this.make(
      `g${stream.id},${index.id},${size},${stride},${position.id}`,
      { kind: 'gather', stream, index, size, stride, position },
      (stream.memory as { dtype: DType }).dtype,
      index.level,
    );
  }

  reduced(combine: Combine, operand: Expr, position: Expr | null, dtype: DType): Expr {
    const reduction: Reduction = { combine, operand, position };
    const key = `r${combine},${operand.id},${position?.id}`;
    return this.make(key, { kind: 'reduced', reduction }, dtype, operand.level + 1);
  }

  op(
    fn: keyof ElementBuilder,
    args: readonly (Expr | number)[],
    dtype: DType,
    position: Expr | null = null,
  ): Expr {
    let level = 0;
    for (const a of args) if (typeof a !== 'number') level = Math.max(level, a.level);
    const text = args.map((a) => (typeof a === 'number' ? a : `e${a.id}`));
    return this.make(
      `${fn}(${text})${position?.id ?? ''}`,
      { kind: 'op', fn, args, position },
      dtype,
      level,
    );
  }

  cast(a: Expr, dtype: DType): Expr {
    return a.dtype === dtype ? a : this.op('cast', [a], dtype);
  }
}

const COMPARISONS = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge']);

/** The {@link ElementBuilder} that makes expressions; `position` is asked for on first use. */
export function tracer(pool: ExprPool, position: () => Expr): ElementBuilder {
  const build = {
    constant: (value: number | bigint | boolean, dtype: DType) => pool.constant(value, dtype),
    cast: (a: Expr, dtype: DType) => pool.cast(a, dtype),
    index: () => position(),
    select: (c: Expr, a: Expr, b: Expr) => pool.op('select', [c, a, b], a.dtype),
    philox: (word: number, ...words: Expr[]) =>
      pool.op('philox', [word, ...words], 'int32', position()),
  };
  return new Proxy(build, {
    get(target, name: string) {
      if (Object.hasOwn(target, name)) return target[name as keyof typeof target];
      return (a: Expr, b?: Expr | number) =>
        pool.op(
          name as keyof ElementBuilder,
          b === undefined ? [a] : [a, b],
          COMPARISONS.has(name) ? 'bool' : a.dtype,
        );
    },
  }) as unknown as ElementBuilder;
}

/** The expressions directly below one. */
export function argsOf(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case 'op': {
      const args = e.args.filter((a): a is Expr => typeof a !== 'number');
      return e.position === null ? args : [...args, e.position];
    }
    case 'gather':
      return [e.index, e.position];
    default:
      return [];
  }
}

/** Row-major strides of an op's output laid along the space; `map` leads its dims there. */
export function positionStrides(shape: Shape, map: readonly number[], rank: number): number[] {
  const strides = new Array<number>(rank).fill(0);
  let n = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (map[d] >= 0) strides[map[d]] = n;
    n *= shape[d];
  }
  return strides;
}
