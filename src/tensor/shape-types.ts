/**
 * Shapes as types. Literal sizes are computed with, a size of type `number` is known at run time
 * only and fits anything, a shape of unknown rank is plain `Shape`. A `Check...` type is `unknown`
 * where operands fit, else a {@link ShapeError} whose parameter reads as a sentence.
 */
import type { Shape } from '../base/index.ts';
import type { Product } from './size-product.ts';

export type { Shape };

/** Intersected with a parameter's type, so that an argument of the wrong shape is refused. */
export interface ShapeError<Message extends string> {
  readonly 'shape error': Message;
}

/** The shape of a single element. */
export type Scalar = readonly [];
type Empty = readonly [];
type IsWide<N extends number> = number extends N ? true : false;
/** Whether the rank is known. */
type IsFixed<S extends Shape> = number extends S['length'] ? false : true;

/** `2×3`, for messages. */
export type Sizes<S extends Shape> = S extends Empty
  ? 'scalar'
  : S extends readonly [infer H extends number]
    ? Size<H>
    : S extends readonly [infer H extends number, ...infer R extends Shape]
      ? `${Size<H>}×${Sizes<R>}`
      : '?';
type Size<N extends number> = IsWide<N> extends true ? '?' : `${N}`;

type Reverse<S extends Shape, Out extends Shape = Empty> = S extends readonly [
  infer H extends number,
  ...infer R extends Shape,
]
  ? Reverse<R, readonly [H, ...Out]>
  : Out;

// ---- broadcasting

type BroadcastSize<A extends number, B extends number> =
  IsWide<A> extends true
    ? IsWide<B> extends true
      ? number
      : B extends 1
        ? number
        : B
    : IsWide<B> extends true
      ? A extends 1
        ? number
        : A
      : A extends B
        ? A
        : A extends 1
          ? B
          : B extends 1
            ? A
            : never;

type BroadcastReversed<
  A extends Shape,
  B extends Shape,
  Out extends Shape = Empty,
> = A extends readonly [infer H extends number, ...infer R extends Shape]
  ? B extends readonly [infer I extends number, ...infer Q extends Shape]
    ? BroadcastReversed<R, Q, readonly [BroadcastSize<H, I>, ...Out]>
    : BroadcastReversed<R, Empty, readonly [H, ...Out]>
  : B extends readonly [infer I extends number, ...infer Q extends Shape]
    ? BroadcastReversed<Empty, Q, readonly [I, ...Out]>
    : Out;

/** The shape that two operands broadcast to; sizes that do not fit are `never`. */
export type Broadcast<A extends Shape, B extends Shape> = B extends Empty
  ? A
  : IsFixed<A> extends true
    ? IsFixed<B> extends true
      ? BroadcastReversed<Reverse<A>, Reverse<B>>
      : Shape
    : Shape;

type HasNever<S extends Shape> = S extends readonly [
  infer H extends number,
  ...infer R extends Shape,
]
  ? [H] extends [never]
    ? true
    : HasNever<R>
  : false;

export type CheckBroadcast<A extends Shape, B extends Shape> =
  HasNever<Broadcast<A, B>> extends true
    ? ShapeError<`cannot broadcast ${Sizes<A>} with ${Sizes<B>}`>
    : unknown;

// ---- matrix products

/** The shape of `a.matmul(b)`: vectors and batches as in NumPy. */
export type MatMul<A extends Shape, B extends Shape> =
  IsFixed<A> extends true ? (IsFixed<B> extends true ? MatMulFixed<A, B> : Shape) : Shape;

type MatMulFixed<A extends Shape, B extends Shape> = A extends readonly [number]
  ? B extends readonly [number]
    ? Empty
    : B extends readonly [...infer L extends Shape, number, infer N extends number]
      ? readonly [...L, N]
      : Shape
  : A extends readonly [...infer L extends Shape, infer M extends number, number]
    ? B extends readonly [number]
      ? readonly [...L, M]
      : B extends readonly [...infer P extends Shape, number, infer N extends number]
        ? readonly [...Broadcast<L, P>, M, N]
        : Shape
    : Shape;

/** The size of B that A's last size must equal. */
type InnerSize<B extends Shape> = B extends readonly [infer K extends number]
  ? K
  : B extends readonly [...Shape, infer K extends number, number]
    ? K
    : number;
type LastSize<A extends Shape> = A extends readonly [...Shape, infer K extends number] ? K : number;
type Same<A extends number, B extends number> =
  IsWide<A> extends true ? true : IsWide<B> extends true ? true : A extends B ? true : false;

export type CheckMatMul<A extends Shape, B extends Shape> = A extends Empty
  ? ShapeError<'matmul: the left operand is a scalar; use mul'>
  : B extends Empty
    ? ShapeError<'matmul: the right operand is a scalar; use mul'>
    : Same<LastSize<A>, InnerSize<B>> extends false
      ? ShapeError<`matmul: ${Sizes<A>} by ${Sizes<B>}: inner dimensions ${LastSize<A>} and ${InnerSize<B>} differ`>
      : HasNever<MatMul<A, B>> extends true
        ? ShapeError<`matmul: ${Sizes<A>} by ${Sizes<B>}: the batch dimensions do not broadcast`>
        : unknown;

// ---- attention

type SwapLast<S extends Shape> = S extends readonly [
  ...infer L extends Shape,
  infer M extends number,
  infer N extends number,
]
  ? readonly [...L, N, M]
  : Shape;

/** The shape of attention: that of `(q k^T) v`. */
export type Attention<Q extends Shape, K extends Shape, V extends Shape> = MatMul<
  MatMul<Q, SwapLast<K>>,
  V
>;

export type CheckAttention<Q extends Shape, K extends Shape, V extends Shape> =
  Same<LastSize<Q>, LastSize<K>> extends false
    ? ShapeError<`attention: a query has ${LastSize<Q>} features, a key ${LastSize<K>}`>
    : Same<LastSize<SwapLast<K>>, LastSize<SwapLast<V>>> extends false
      ? ShapeError<`attention: there are ${LastSize<SwapLast<K>>} keys, ${LastSize<SwapLast<V>>} values`>
      : unknown;

// ---- dimensions by number

type DropLast<
  S extends Shape,
  N extends number,
  Count extends Empty[] = [],
> = Count['length'] extends N
  ? S
  : S extends readonly [...infer R extends Shape, number]
    ? DropLast<R, N, [...Count, Empty]>
    : never;

/** A dimension counted from the front as a number; `never` where it is out of range. */
type FrontDim<S extends Shape, D extends number> = D extends unknown
  ? `${D}` extends `-${infer N extends number}`
    ? DropLast<S, N>['length']
    : D
  : never;

/** The size of dimension `D`. */
type SizeAt<S extends Shape, D extends number> =
  IsWide<D> extends true ? number : S[FrontDim<S, D>] extends infer N extends number ? N : number;

/** Whether shapes and dimensions are both known. */
type Known<S extends Shape, D extends number> =
  IsFixed<S> extends true ? (IsWide<D> extends true ? false : true) : false;

type Swap<S extends Shape, I extends number, J extends number> = {
  readonly [K in keyof S]: K extends `${I}` ? S[J] : K extends `${J}` ? S[I] : S[K];
};
type AsShape<T> = T extends Shape ? T : Shape;

export type Transpose<S extends Shape, D0 extends number, D1 extends number> =
  Known<S, D0> extends true
    ? Known<S, D1> extends true
      ? AsShape<Swap<S, FrontDim<S, D0>, FrontDim<S, D1>>>
      : Shape
    : Shape;

export type Permute<S extends Shape, P extends Shape> =
  IsFixed<S> extends true
    ? IsFixed<P> extends true
      ? AsShape<{ readonly [K in keyof P]: SizeAt<S, P[K]> }>
      : Shape
    : Shape;

export type CheckPermute<S extends Shape, P extends Shape> =
  IsFixed<S> extends true
    ? IsFixed<P> extends true
      ? P['length'] extends S['length']
        ? unknown
        : ShapeError<`permute: ${P['length']} dimensions listed for a tensor of rank ${S['length']}`>
      : unknown
    : unknown;

// ---- reductions

/** Dimensions of a reduction: all of them if left out. */
export type Dims = number | readonly number[] | undefined;

type ReduceAt<
  S extends Shape,
  D extends number,
  Keep extends boolean,
  Out extends Shape = Empty,
  I extends Empty[] = [],
> = S extends readonly [infer H extends number, ...infer R extends Shape]
  ? I['length'] extends D
    ? ReduceAt<R, D, Keep, Keep extends true ? readonly [...Out, 1] : Out, [...I, Empty]>
    : ReduceAt<R, D, Keep, readonly [...Out, H], [...I, Empty]>
  : Out;

/** The shape left when dimensions `D` are reduced. */
export type Reduce<S extends Shape, D extends Dims, Keep extends boolean> =
  IsFixed<S> extends false
    ? D extends undefined
      ? Keep extends false
        ? Empty
        : Shape
      : Shape
    : boolean extends Keep
      ? Shape
      : D extends undefined
        ? ReduceAt<S, number, Keep>
        : D extends number
          ? IsWide<D> extends true
            ? Shape
            : ReduceAt<S, FrontDim<S, D>, Keep>
          : D extends Empty
            ? S
            : D extends Shape
              ? IsWide<D[number]> extends true
                ? Shape
                : ReduceAt<S, FrontDim<S, D[number]>, Keep>
              : Shape;

/** Whether dimension `D` exists. */
export type CheckDim<S extends Shape, D extends Dims> = D extends number
  ? Known<S, D> extends true
    ? HasDim<S, D> extends true
      ? unknown
      : ShapeError<`dimension ${D} is out of range for rank ${S['length']}`>
    : unknown
  : unknown;

type HasDim<S extends Shape, D extends number> = [FrontDim<S, D>] extends [never]
  ? false
  : `${D}` extends `-${string}`
    ? true
    : `${D}` extends keyof S
      ? true
      : false;

// ---- other shapes of the same elements

type HasMinusOne<S extends Shape> = -1 extends S[number]
  ? IsWide<S[number]> extends true
    ? false
    : true
  : false;
/** Replaces the -1 by `N`. */
type Fill<S extends Shape, N extends number> = AsShape<{
  readonly [K in keyof S]: S[K] extends -1 ? N : S[K];
}>;

/** What a -1 stands for: the sizes of S that T does not repeat at its two ends. */
type Rest<S extends Shape, T extends Shape> = T extends readonly [-1]
  ? Product<S>
  : T extends readonly [infer H extends number, ...infer R extends Shape]
    ? H extends -1
      ? S extends readonly [...infer P extends Shape, infer N extends number]
        ? R extends readonly [...infer Q extends Shape, infer M extends number]
          ? N extends M
            ? IsWide<N> extends true
              ? number
              : Rest<P, readonly [-1, ...Q]>
            : number
          : number
        : number
      : S extends readonly [infer N extends number, ...infer P extends Shape]
        ? N extends H
          ? IsWide<N> extends true
            ? number
            : Rest<P, R>
          : number
        : number
    : number;

export type Reshape<S extends Shape, T extends Shape> =
  IsFixed<T> extends false
    ? Shape
    : -1 extends T[number]
      ? HasMinusOne<T> extends true
        ? Fill<T, Rest<S, T>>
        : FillWide<T>
      : T;
type FillWide<T extends Shape> = AsShape<{
  readonly [K in keyof T]: T[K] extends -1 ? number : T[K];
}>;

export type CheckReshape<S extends Shape, T extends Shape> =
  IsFixed<S> extends true
    ? IsFixed<T> extends true
      ? -1 extends T[number]
        ? unknown
        : Same<Product<S>, Product<T>> extends true
          ? unknown
          : ShapeError<`reshape: ${Sizes<S>} has ${Product<S>} elements, ${Sizes<T>} has ${Product<T>}`>
      : unknown
    : unknown;

type FlattenAt<
  S extends Shape,
  From extends number,
  To extends number,
  Head extends Shape = Empty,
  I extends Empty[] = [],
> = S extends readonly [infer H extends number, ...infer R extends Shape]
  ? I['length'] extends From
    ? FlattenTo<R, To, Head, readonly [H], I>
    : FlattenAt<R, From, To, readonly [...Head, H], [...I, Empty]>
  : Shape;
type FlattenTo<
  S extends Shape,
  To extends number,
  Head extends Shape,
  Middle extends Shape,
  I extends Empty[],
> = I['length'] extends To
  ? readonly [...Head, Product<Middle>, ...S]
  : S extends readonly [infer H extends number, ...infer R extends Shape]
    ? FlattenTo<R, To, Head, readonly [...Middle, H], [...I, Empty]>
    : Shape;

export type Flatten<S extends Shape, From extends number, To extends number> = S extends Empty
  ? readonly [1]
  : Known<S, From> extends true
    ? Known<S, To> extends true
      ? FlattenAt<S, FrontDim<S, From>, FrontDim<S, To>>
      : Shape
    : Shape;

type SqueezeAll<S extends Shape, Out extends Shape = Empty> = S extends readonly [
  infer H extends number,
  ...infer R extends Shape,
]
  ? IsWide<H> extends true
    ? Shape
    : SqueezeAll<R, H extends 1 ? Out : readonly [...Out, H]>
  : Out;

export type Squeeze<S extends Shape, D extends number | undefined> =
  IsFixed<S> extends false
    ? Shape
    : D extends number
      ? IsWide<D> extends true
        ? Shape
        : IsWide<SizeAt<S, D>> extends true
          ? Shape
          : SizeAt<S, D> extends 1
            ? ReduceAt<S, FrontDim<S, D>, false>
            : S
      : SqueezeAll<S>;

type InsertAt<
  S extends Shape,
  D extends number,
  Out extends Shape = Empty,
  I extends Empty[] = [],
> = I['length'] extends D
  ? readonly [...Out, 1, ...S]
  : S extends readonly [infer H extends number, ...infer R extends Shape]
    ? InsertAt<R, D, readonly [...Out, H], [...I, Empty]>
    : Shape;

export type Unsqueeze<S extends Shape, D extends number> =
  Known<S, D> extends true ? InsertAt<S, FrontDim<readonly [...S, 1], D>> : Shape;

/** The target of `expand`, its -1 unknown. */
export type Expand<T extends Shape> = IsFixed<T> extends true ? FillWide<T> : Shape;

/** The shape with the size of dimension `D` replaced. */
export type WithSize<S extends Shape, D extends number, N extends number> =
  Known<S, D> extends true ? AsShape<SetSize<S, FrontDim<S, D>, N>> : Shape;
type SetSize<S extends Shape, I extends number, N extends number> = {
  readonly [K in keyof S]: K extends `${I}` ? N : S[K];
};

// ---- indexing

/** The shape of `x.at(...items)` for numbers, slices and new axes; else unknown. */
export type At<S extends Shape, Items extends readonly unknown[], Out extends Shape = Empty> =
  IsFixed<S> extends false
    ? Shape
    : Items extends readonly [infer H, ...infer R]
      ? H extends null
        ? At<S, R, readonly [...Out, 1]>
        : H extends '...'
          ? Shape
          : S extends readonly [infer N extends number, ...infer P extends Shape]
            ? H extends number
              ? At<P, R, Out>
              : H extends ':'
                ? At<P, R, readonly [...Out, N]>
                : H extends string
                  ? string extends H
                    ? Shape
                    : At<P, R, readonly [...Out, number]>
                  : Shape
            : Shape
      : Items extends readonly []
        ? readonly [...Out, ...S]
        : Shape;

// ---- layers

/** The shape of a linear layer's result. */
export type Linear<S extends Shape, Out extends number> = S extends readonly [
  ...infer L extends Shape,
  number,
]
  ? readonly [...L, Out]
  : Shape;

export type CheckLinear<S extends Shape, In extends number> =
  IsFixed<S> extends true
    ? Same<LastSize<S>, In> extends true
      ? unknown
      : ShapeError<`linear: ${Sizes<S>}: the last dimension must be ${In}, not ${LastSize<S>}`>
    : unknown;

/** A convolution's result on NCHW: channels are known, image sizes at run time. */
export type Conv2d<S extends Shape, OutChannels extends number> = S extends readonly [
  infer N extends number,
  number,
  number,
  number,
]
  ? readonly [N, OutChannels, number, number]
  : Shape;

export type CheckConv2d<S extends Shape, InChannels extends number> =
  IsFixed<S> extends false
    ? unknown
    : S extends readonly [number, infer C extends number, number, number]
      ? Same<C, InChannels> extends true
        ? unknown
        : ShapeError<`conv2d: ${Sizes<S>}: ${InChannels} channels expected, not ${C}`>
      : ShapeError<`conv2d: takes images N×C×H×W, not ${Sizes<S>}`>;

/** Pooling keeps batch and channels. */
export type Pool2d<S extends Shape> = S extends readonly [...infer L extends Shape, number, number]
  ? readonly [...L, number, number]
  : Shape;
