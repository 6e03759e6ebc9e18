/**
 * The product of literal sizes, worked out by the type checker: long multiplication on decimal
 * digits, least significant first. A few dozen instantiations a product.
 */
import type { Shape } from '../base/index.ts';

/** Tuples as long as the digit. */
interface Unary {
  0: [];
  1: [0];
  2: [0, 0];
  3: [0, 0, 0];
  4: [0, 0, 0, 0];
  5: [0, 0, 0, 0, 0];
  6: [0, 0, 0, 0, 0, 0];
  7: [0, 0, 0, 0, 0, 0, 0];
  8: [0, 0, 0, 0, 0, 0, 0, 0];
  9: [0, 0, 0, 0, 0, 0, 0, 0, 0];
}
type Digit = keyof Unary;
type Digits = readonly Digit[];
type ToDigit<S extends string> = S extends `${infer D extends Digit}` ? D : never;

type DigitsOf<S extends string, Out extends Digits = []> = S extends `${infer H}${infer R}`
  ? DigitsOf<R, [ToDigit<H>, ...Out]>
  : Out;

type Join<X extends Digits, Out extends string = ''> = X extends readonly [
  infer H extends Digit,
  ...infer R extends Digits,
]
  ? Join<R, `${H}${Out}`>
  : Out;

/** As many copies of T as digit D says. */
interface Copies<T extends 0[]> {
  0: [];
  1: T;
  2: [...T, ...T];
  3: [...T, ...T, ...T];
  4: [...T, ...T, ...T, ...T];
  5: [...T, ...T, ...T, ...T, ...T];
  6: [...T, ...T, ...T, ...T, ...T, ...T];
  7: [...T, ...T, ...T, ...T, ...T, ...T, ...T];
  8: [...T, ...T, ...T, ...T, ...T, ...T, ...T, ...T];
  9: [...T, ...T, ...T, ...T, ...T, ...T, ...T, ...T, ...T];
}

type Tens<N extends number> = `${N}` extends `${infer T extends Digit}${Digit}` ? T : 0;
type Ones<N extends number> = `${N}` extends `${Digit}${infer O extends Digit}`
  ? O
  : N extends Digit
    ? N
    : never;
type Length<T extends 0[]> = T['length'] & number;

type TimesDigit<
  X extends Digits,
  D extends Digit,
  Carry extends Digit = 0,
  Out extends Digits = [],
> = X extends readonly [infer H extends Digit, ...infer R extends Digits]
  ? Length<[...Copies<Unary[H]>[D], ...Unary[Carry]]> extends infer N extends number
    ? TimesDigit<R, D, Tens<N>, [...Out, Ones<N>]>
    : never
  : Carry extends 0
    ? Out
    : [...Out, Carry];

type Plus<
  X extends Digits,
  Y extends Digits,
  Carry extends Digit = 0,
  Out extends Digits = [],
> = X extends readonly [infer H extends Digit, ...infer R extends Digits]
  ? Y extends readonly [infer I extends Digit, ...infer Q extends Digits]
    ? Length<[...Unary[H], ...Unary[I], ...Unary[Carry]]> extends infer N extends number
      ? Plus<R, Q, Tens<N>, [...Out, Ones<N>]>
      : never
    : Plus<X, [0], Carry, Out>
  : Y extends readonly [Digit, ...Digit[]]
    ? Plus<[0], Y, Carry, Out>
    : Carry extends 0
      ? Out
      : [...Out, Carry];

type TimesDigits<X extends Digits, Y extends Digits, Sum extends Digits = []> = Y extends readonly [
  infer H extends Digit,
  ...infer R extends Digits,
]
  ? TimesDigits<[0, ...X], R, Plus<Sum, TimesDigit<X, H>>>
  : Sum;

type ToNumber<S extends string> = S extends `${infer N extends number}` ? N : number;

type Times<A extends number, B extends number> = A extends 1
  ? B
  : B extends 1
    ? A
    : A extends 0
      ? 0
      : B extends 0
        ? 0
        : DigitsOf<`${A}`> extends infer X extends Digits
          ? DigitsOf<`${B}`> extends infer Y extends Digits
            ? TimesDigits<X, Y> extends infer P extends Digits
              ? ToNumber<Join<P>>
              : never
            : never
          : never;

/** The number of elements of a shape; `number` where a size is not known. */
export type Product<S extends Shape, Out extends number = 1> = number extends S['length']
  ? number
  : S extends readonly [infer H extends number, ...infer R extends Shape]
    ? number extends H
      ? number
      : Product<R, Times<Out, H>>
    : Out;
