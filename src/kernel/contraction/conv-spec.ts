/** One face of a convolution, as the fuser asks for it. */
import type { DType } from '../../base/index.ts';
import type { ConvGeometry } from '../../ir/index.ts';
import type { Epilogue } from '../epilogue.ts';
import type { BufferRef } from '../launch.ts';
import type { Temp } from './arguments.ts';

export interface ConvSpec {
  readonly name: string;
  readonly face: 'forward' | 'input' | 'weight';
  readonly geometry: ConvGeometry;
  readonly dtype: DType;
  /** The operands in the op's order: (x, w), (dy, w) or (x, dy). */
  readonly a: BufferRef;
  readonly b: BufferRef;
  /** In elements; the output is dense. */
  readonly aStrides: readonly number[];
  readonly bStrides: readonly number[];
  readonly out: BufferRef;
  readonly epilogue: Epilogue | null;
  /** If b holds constant weights: memory that keeps what is made of them. */
  readonly keep?: Temp | null;
}
