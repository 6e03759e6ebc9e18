import { checkOptions, given, type Shape, ValueError } from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { noGrad, Parameter, randn, type Tensor } from '../tensor/index.ts';
import { checkSize } from './check-sizes.ts';
import { Module } from './module.ts';

export interface EmbeddingOptions {
  /** The entry of padding: zeros at first, and never trained. Negative ones count from the end. */
  readonly paddingIdx?: number | null;
}

const OP = 'nn.embedding';

/** See {@link embedding}. */
export class Embedding<In extends number = number, Out extends number = number> extends Module {
  readonly numEmbeddings: In;
  readonly embeddingDim: Out;
  readonly paddingIdx: number | null;
  /** `[numEmbeddings, embeddingDim]`. */
  readonly weight: Tensor<readonly [In, Out]>;

  constructor(numEmbeddings: In, embeddingDim: Out, options: EmbeddingOptions = {}) {
    super();
    checkSize(OP, 'numEmbeddings', numEmbeddings);
    checkSize(OP, 'embeddingDim', embeddingDim);
    checkOptions(OP, options, ['paddingIdx']);
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = checkPadding(numEmbeddings, options.paddingIdx ?? null);
    this.weight = Parameter(noGrad(() => this.initial()));
  }

  /** Normal numbers, zeros in the entry of padding. */
  private initial(): Tensor<readonly [In, Out]> {
    const shape = [this.numEmbeddings, this.embeddingDim] as const;
    const values = randn(shape as Shape);
    if (this.paddingIdx === null) return values as Tensor<readonly [In, Out]>;
    const rows = ops.reshape(ops.iota(shape[0]), [shape[0], 1]);
    return ops.where(ops.ne(rows, this.paddingIdx), values, 0) as Tensor<readonly [In, Out]>;
  }

  override config(): readonly unknown[] {
    return [this.numEmbeddings, this.embeddingDim, { paddingIdx: this.paddingIdx }];
  }

  forward<S extends Shape>(index: Tensor<S>): Tensor<readonly [...S, Out]> {
    const { weight, paddingIdx } = this;
    return ops.embedding(weight, index, { paddingIdx }) as Tensor<readonly [...S, Out]>;
  }

  protected override describe(): string {
    const padding = this.paddingIdx === null ? '' : `, padding ${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}

function checkPadding(entries: number, index: number | null): number | null {
  if (index === null) return null;
  if (Number.isSafeInteger(index) && index >= -entries && index < entries) {
    return index < 0 ? index + entries : index;
  }
  throw new ValueError({
    op: OP,
    problem: `paddingIdx must be a whole number from ${-entries} to ${entries - 1}, not ${given(index)}`,
  });
}

/**
 * A table of learned vectors, picked by number: `y[..., :] = weight[index[...], :]`.
 *
 * Shapes: an index of any shape gives `[...index.shape, embeddingDim]`. Dtypes: the index int32 or
 * int64. The weight starts with standard normal numbers, as in PyTorch. Throws ValueError for sizes
 * that are no whole numbers from 1; forward throws IndexError for an index below 0 or from
 * `numEmbeddings` on, DtypeError for an index that is not of integers.
 *
 * @example
 * const table = nn.embedding(1000, 64);
 * table.forward(tensor([[1, 5, 2]], { dtype: 'int32' })).shape; // [1, 3, 64]
 */
export const embedding = <In extends number, Out extends number>(
  numEmbeddings: In,
  embeddingDim: Out,
  options: EmbeddingOptions = {},
): Embedding<In, Out> => new Embedding(numEmbeddings, embeddingDim, options);
