/** Shapes through modules one after another, worked out by the type checker. */
import type {
  CheckConv2d,
  CheckLinear,
  Conv2d as Conv2dShape,
  Flatten as FlattenShape,
  Linear as LinearShape,
  Pool2d,
  Shape,
  Tensor,
} from '../tensor/index.ts';
import type { AvgPool2d } from './avg-pool2d.ts';
import type { Conv2d } from './conv2d.ts';
import type { Embedding } from './embedding.ts';
import type { Flatten } from './flatten.ts';
import type { Linear } from './linear.ts';
import type { MaxPool2d } from './max-pool2d.ts';
import type { Module } from './module.ts';
import type { Sequential } from './sequential.ts';

/** Any module that gives back the shape it takes. */
interface KeepsShape {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
}

/** The shape that module M makes of S; unknown for modules of the user's own. */
type Through<S extends Shape, M> =
  M extends Linear<number, infer Out>
    ? LinearShape<S, Out>
    : M extends Conv2d<number, infer Out>
      ? Conv2dShape<S, Out>
      : M extends MaxPool2d | AvgPool2d
        ? Pool2d<S>
        : M extends Flatten<infer From, infer To>
          ? FlattenShape<S, From, To>
          : M extends Sequential<infer Inner>
            ? Chain<S, Inner>
            : M extends Embedding<number, infer Out>
              ? readonly [...S, Out]
              : M extends KeepsShape
                ? S
                : Shape;

/** `unknown` if module M takes S, else an error that says why not. */
type Check<S extends Shape, M> =
  M extends Linear<infer In, number>
    ? CheckLinear<S, In>
    : M extends Conv2d<infer In, number>
      ? CheckConv2d<S, In>
      : M extends Sequential<infer Inner>
        ? CheckChain<S, Inner>
        : unknown;

/** The shape that modules make of S, one after another. */
export type Chain<S extends Shape, Modules extends readonly Module[]> = Modules extends readonly [
  infer First,
  ...infer Rest extends readonly Module[],
]
  ? Chain<Through<S, First>, Rest>
  : Modules extends readonly []
    ? S
    : Shape;

/** The first error among modules one after another, or `unknown`. */
export type CheckChain<
  S extends Shape,
  Modules extends readonly Module[],
> = Modules extends readonly [infer First, ...infer Rest extends readonly Module[]]
  ? unknown extends Check<S, First>
    ? CheckChain<Through<S, First>, Rest>
    : Check<S, First>
  : unknown;
