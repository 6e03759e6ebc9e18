import {
  checkOptions,
  formatShape,
  given,
  type Shape,
  ShapeError,
  sameShape,
} from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { ones, Parameter, type Tensor, zeros } from '../tensor/index.ts';
import { checkEps, checkFlag, checkSize } from './check-sizes.ts';
import { Module } from './module.ts';

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether the result is multiplied by a learned weight and a learned bias is added. Default true. */
  readonly elementwiseAffine?: boolean;
  /** Whether there is a bias beside the weight. Default true. */
  readonly bias?: boolean;
}

const OP = 'nn.layerNorm';

/** See {@link layerNorm}. */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  /** The shape that is normalised; ones at first. */
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;

  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    super();
    checkOptions(OP, options, ['eps', 'elementwiseAffine', 'bias']);
    const sizes: readonly unknown[] = Array.isArray(normalizedShape)
      ? normalizedShape
      : [normalizedShape];
    if (sizes.length === 0) {
      throw new ShapeError({ op: OP, problem: 'normalizedShape is empty: one size at least' });
    }
    const shape = sizes.map((n, i) =>
      checkSize(OP, sizes.length === 1 ? 'normalizedShape' : `normalizedShape[${i}]`, n),
    );
    this.normalizedShape = Object.freeze(shape);
    this.eps = checkEps(OP, options.eps);
    const affine = checkFlag(OP, 'elementwiseAffine', options.elementwiseAffine, true);
    const biased = checkFlag(OP, 'bias', options.bias, true);
    this.weight = affine ? Parameter(ones(shape) as Tensor) : null;
    this.bias = affine && biased ? Parameter(zeros(shape) as Tensor) : null;
  }

  override config(): readonly unknown[] {
    const flags = { elementwiseAffine: this.weight !== null, bias: this.bias !== null };
    return [this.normalizedShape, { eps: this.eps, ...flags }];
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    const shape = this.normalizedShape;
    const tail = x?.shape?.slice(Math.max(0, x.shape.length - shape.length));
    if (tail !== undefined && !sameShape(tail, shape)) {
      throw new ShapeError({
        op: 'layerNorm',
        problem: `expects ${formatShape(shape)} in the last dimensions, not ${given([...tail])}`,
        operands: [x],
      });
    }
    return ops.layerNorm(x, shape, this.weight, this.bias, { eps: this.eps }) as Tensor<S>;
  }

  protected override describe(): string {
    const parts = [this.normalizedShape.join('×')];
    if (this.eps !== 1e-5) parts.push(`eps ${this.eps}`);
    if (this.weight === null) parts.push('no weight');
    else if (this.bias === null) parts.push('no bias');
    return parts.join(', ');
  }
}

/**
 * Normalises the last dimensions, a row at a time: `(x - mean) / sqrt(variance + eps) * weight +
 * bias`, the variance divided by the number of elements.
 *
 * Shapes: `[..., ...normalizedShape]` gives the same; a number is one dimension; weight (ones at
 * first) and bias (zeros) `normalizedShape`. Dtypes: floats. Throws ValueError for sizes that are no
 * whole numbers from 1; forward throws ShapeError for other last dimensions.
 *
 * Source: Ba, Kiros & Hinton, Layer Normalization, 2016, equation 4.
 *
 * @example
 * const norm = nn.layerNorm(64);
 * norm.forward(randn([8, 10, 64])).shape; // [8, 10, 64]
 */
export const layerNorm = (
  normalizedShape: number | Shape,
  options: LayerNormOptions = {},
): LayerNorm => new LayerNorm(normalizedShape, options);
