/** Methods that other ops make up: typed wrappers of functions in `ir/ops`, documented there. */
import * as ops from '../ir/index.ts';
import { type Keep, keep } from './keepdim.ts';
import type { CheckDim, Dims, Reduce, Shape } from './shape-types.ts';
import type { Tensor } from './tensor.ts';

export abstract class DerivedMethods {
  /** With `value` wherever the bool `mask`, which broadcasts, holds. */
  maskedFill<A extends Shape>(this: Tensor<A>, mask: Tensor, value: number | Tensor): Tensor<A> {
    return ops.maskedFill(this, mask, value) as Tensor<A>;
  }

  /** The vector norm `sum(|x|^p)^(1/p)` along `dim`, or of all. */
  norm<A extends Shape, const D extends Dims = undefined, K extends boolean = false>(
    this: Tensor<A>,
    p = 2,
    dim?: D & CheckDim<A, D>,
    keepdim?: Keep<K>,
  ): Tensor<Reduce<A, D, K>> {
    return ops.norm(this, p, dim, keep('norm', keepdim)) as Tensor<Reduce<A, D, K>>;
  }

  /** Whether the element is neither infinite nor NaN. */
  isfinite<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.isfinite(this) as Tensor<A>;
  }

  /** Whether the element is infinite. */
  isinf<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.isinf(this) as Tensor<A>;
  }

  /** The logarithm to base 2. */
  log2<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.log2(this) as Tensor<A>;
  }

  /** The logarithm to base 10. */
  log10<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.log10(this) as Tensor<A>;
  }

  /** The tangent, of radians. */
  tan<A extends Shape>(this: Tensor<A>): Tensor<A> {
    return ops.tan(this) as Tensor<A>;
  }

  /** Broadcast to the shape of `other` without copying. */
  expandAs<B extends Shape>(this: Tensor, other: Tensor<B>): Tensor<B> {
    ops.requireTensor('expandAs', 'operand', other);
    return ops.expand(this, other.shape) as Tensor<B>;
  }

  /** Repeated `repeats[d]` times along each dimension, as in NumPy. */
  tile(this: Tensor, repeats: Shape): Tensor {
    return ops.tile(this, repeats) as Tensor;
  }

  /** {@link tile} by PyTorch's name. */
  repeat(this: Tensor, repeats: Shape): Tensor {
    return ops.tile(this, repeats) as Tensor;
  }

  /** The lower triangle of the last two dimensions, 0 above. */
  tril<A extends Shape>(this: Tensor<A>, diagonal = 0): Tensor<A> {
    return ops.tril(this, diagonal) as Tensor<A>;
  }

  /** The upper triangle of the last two dimensions, 0 below. */
  triu<A extends Shape>(this: Tensor<A>, diagonal = 0): Tensor<A> {
    return ops.triu(this, diagonal) as Tensor<A>;
  }
}
