/**
 * How a primitive becomes kernel code. An op says *what* one element, one reduction step or one
 * contraction is; `kernel/` turns that into loops. No op holds a loop.
 */
import type { DType, Shape, Spec, Type } from '../base/index.ts';
import type { ConvGeometry } from './conv-geometry.ts';

/** One element's value inside a kernel; opaque to ops. */
export interface Elem {
  readonly dtype: DType;
}

/**
 * Writes the expression for one element. Operands of a binary method have the same dtype; the
 * result has it too, but comparisons give `bool`. Integer `div` truncates toward zero, gives 0 for
 * a zero divisor and wraps for INT_MIN / -1. `min` and `max` propagate NaN. `and or xor not` take
 * bool or integers; shifts take integers.
 */
export interface ElementBuilder {
  constant(value: number | bigint | boolean, dtype: DType): Elem;
  add(a: Elem, b: Elem): Elem;
  sub(a: Elem, b: Elem): Elem;
  mul(a: Elem, b: Elem): Elem;
  div(a: Elem, b: Elem): Elem;
  /** Remainder with the sign of the dividend (JavaScript's `%`), integers only; x % 0 is 0. */
  rem(a: Elem, b: Elem): Elem;
  min(a: Elem, b: Elem): Elem;
  max(a: Elem, b: Elem): Elem;
  neg(a: Elem): Elem;
  abs(a: Elem): Elem;
  sqrt(a: Elem): Elem;
  floor(a: Elem): Elem;
  ceil(a: Elem): Elem;
  trunc(a: Elem): Elem;
  /** Rounds half to even. */
  round(a: Elem): Elem;
  exp(a: Elem): Elem;
  expm1(a: Elem): Elem;
  log(a: Elem): Elem;
  log1p(a: Elem): Elem;
  sin(a: Elem): Elem;
  cos(a: Elem): Elem;
  tanh(a: Elem): Elem;
  erf(a: Elem): Elem;
  pow(a: Elem, b: Elem): Elem;
  eq(a: Elem, b: Elem): Elem;
  ne(a: Elem, b: Elem): Elem;
  lt(a: Elem, b: Elem): Elem;
  le(a: Elem, b: Elem): Elem;
  gt(a: Elem, b: Elem): Elem;
  ge(a: Elem, b: Elem): Elem;
  and(a: Elem, b: Elem): Elem;
  or(a: Elem, b: Elem): Elem;
  xor(a: Elem, b: Elem): Elem;
  not(a: Elem): Elem;
  shl(a: Elem, bits: number): Elem;
  /** Logical (zero-filling) shift right. */
  shr(a: Elem, bits: number): Elem;
  /** `cond ? a : b`, per element; `cond` is bool. */
  select(cond: Elem, a: Elem, b: Elem): Elem;
  /** Numeric conversion: float to int truncates and saturates, NaN gives 0; to bool is `!= 0`. */
  cast(a: Elem, dtype: DType): Elem;
  /** Linear (row-major) position of this element in the op's output, as int32. */
  index(): Elem;
  /**
   * Word `word` (0-3) of Philox4x32-10 with counter (index(), 0, counterLo, counterHi) and key
   * (keyLo, keyHi), all int32 bit patterns; an int32.
   */
  philox(word: number, keyLo: Elem, keyHi: Elem, counterLo: Elem, counterHi: Elem): Elem;
}

export type Combine = 'sum' | 'prod' | 'max' | 'min' | 'argmax' | 'argmin';

/** Where a view of `spec` starts (in elements) and how it strides. */
export interface ViewOf {
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** A batched matrix product as strides: C[b,m,n] = sum over k of A[b,m,k] * B[b,k,n]. */
export interface GemmMap {
  /** Batch dimensions; strides in elements, 0 where an operand is broadcast. */
  readonly batch: readonly { readonly size: number; readonly a: number; readonly b: number }[];
  readonly m: { readonly size: number; readonly a: number };
  readonly n: { readonly size: number; readonly b: number };
  readonly k: { readonly size: number; readonly a: number; readonly b: number };
  // The output is dense, in the order batch, m, n.
}

/** Where an input lands in an assembled output: per dimension, first index and step. */
export interface Placement {
  readonly start: readonly number[];
  readonly step: readonly number[];
}

/** A window slid over the last two dimensions of [N, C, H, W]. */
export interface WindowMap {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

export type Lowering<A> =
  /** One output element from one element of each operand, broadcast; operands already cast. */
  | {
      readonly kind: 'element';
      expr(e: ElementBuilder, operands: readonly Elem[], attrs: A, out: Type): Elem;
    }
  /** Combines the elements along `dims`; `argmax`/`argmin` give the first position as int32. */
  | {
      readonly kind: 'reduce';
      readonly combine: Combine;
      dims(attrs: A, input: Type): readonly number[];
    }
  /** No work: another view of operand 0; `null` if strides cannot express it (then it copies). */
  | { readonly kind: 'view'; view(input: Spec, attrs: A): ViewOf | null }
  | { readonly kind: 'gemm'; map(a: Spec, b: Spec, attrs: A): GemmMap }
  /**
   * Convolution's three faces over operands: `forward` (x, w), `input` (dy, w) and
   * `weight` (x, dy).
   */
  | {
      readonly kind: 'conv';
      readonly face: 'forward' | 'input' | 'weight';
      geometry(inputs: readonly Type[], attrs: A): ConvGeometry;
    }
  /**
   * out[i, j, k] = x[i, index[i, j, k], k] with `dim` in the middle: index and output have one
   * shape, which beside `dim` may be smaller than x's. Operands (x, index), index int32/int64;
   * negative indices count from the end, others outside are faults.
   */
  | { readonly kind: 'gather'; dim(attrs: A): number }
  /** A copy of x with out[i, index[i, j, k], k] += src[i, j, k], in order; (x, index, src). */
  | { readonly kind: 'scatterAdd'; dim(attrs: A): number }
  /** The output filled with `fill` (skipped if null), then each operand copied to its place. */
  | {
      readonly kind: 'assemble';
      fill(attrs: A): number | null;
      place(inputs: readonly Type[], attrs: A): readonly Placement[];
    }
  /** Outputs (max, position of the first maximum as int32 in H*W); padding never wins. */
  | { readonly kind: 'maxWindow'; window(attrs: A): WindowMap }
  /**
   * Operands (positions as `maxWindow` gives them, dy): an image whose elements hold 0 and then
   * the gradients of the windows that chose them, added in the order of the windows.
   */
  | { readonly kind: 'maxWindowGrad'; window(attrs: A): WindowMap }
  /** No kernel: a choice or a loop, whose regions are run as graphs of their own. */
  | { readonly kind: 'regions' };
