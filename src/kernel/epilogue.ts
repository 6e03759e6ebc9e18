/** Elementwise work fused onto a contraction: applied to its result before it is stored. */
import type { DType } from '../base/index.ts';
import type { KernelBuilder } from './builder.ts';
import type { Reg } from './ir.ts';
import type { BufferRef } from './launch.ts';

/** An extra operand of an epilogue: a buffer read at the output's position, or a scalar. */
export interface EpilogueOperand {
  readonly source: BufferRef | { readonly kind: 'scalar'; readonly input: number };
  readonly dtype: DType;
  /**
   * Elements per step along each dimension of the contraction's output (as the op's output shape
   * has them). Along the dimensions that form the tile's vector axis (gemm: the last one; conv:
   * OH and OW together) an operand is dense or constant; the fuser admits no other.
   */
  readonly strides: readonly number[];
}

export interface Epilogue {
  /** Equal keys mean equal expressions and operand dtypes; part of the kernel's key. */
  readonly key: string;
  readonly operands: readonly EpilogueOperand[];
  /** The dtype stored. */
  readonly dtype: DType;
  /** From the accumulated value (scalar or vector) and the operands at the same lanes. */
  apply(b: KernelBuilder, accumulated: Reg, operands: readonly Reg[]): Reg;
}
