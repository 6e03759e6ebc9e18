import {
  checkOptions,
  formatShape,
  given,
  numelOf,
  ShapeError,
  sameShape,
  ValueError,
} from '../../base/index.ts';
import { apply2 } from '../apply.ts';
import { floatOf, promoteTypes, requireTensor, unbroadcast } from '../element.ts';
import { type Attrs, attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { cast } from './cast.ts';
import { div } from './div.ts';
import { elementComposite } from './grad-composite.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { sub } from './sub.ts';
import { sum } from './sum.ts';

export type Reduction = 'mean' | 'sum' | 'none';

interface LossAttrs extends Attrs {
  readonly reduction: Reduction;
}

/** Throws a DtypeError unless the loss's operands are tensors. */
export function requireTensors(op: string, x: unknown, target: unknown): void {
  requireTensor(op, 'prediction', x);
  requireTensor(op, 'target', target);
}

/** The reduction, 'mean' if it is left out; throws a ValueError for another name. */
export function reductionOf(op: string, reduction: Reduction = 'mean'): Reduction {
  if (reduction === 'mean' || reduction === 'sum' || reduction === 'none') return reduction;
  throw new ValueError({
    op,
    problem: `reduction is 'mean', 'sum' or 'none', not ${given(reduction)}`,
  });
}

/** The losses of each element, reduced as asked. */
export function reduceLoss(
  losses: Value,
  reduction: Reduction,
  count = numelOf(losses.shape),
): Value {
  if (reduction === 'none') return losses;
  const total = sum(losses);
  return reduction === 'mean' ? div(total, count) : total;
}

const mseGrad = elementComposite('mseGrad', (g: Value, x: Value, y: Value, scale: number | Value) =>
  mul(mul(sub(x, y), scale), g),
);

export const MSE = defineOp<LossAttrs>({
  name: 'mse',
  infer(xs, { reduction }) {
    const [x, y] = xs;
    if (!sameShape(x.shape, y.shape)) {
      throw new ShapeError({
        op: 'mse',
        problem: `prediction ${formatShape(x.shape)} and target ${formatShape(y.shape)} differ`,
        operands: xs,
        remedy: 'reshape or expand one of them: silent broadcasting hides mistakes here',
      });
    }
    return { shape: reduction === 'none' ? x.shape : [], dtype: floatOf(promoteTypes(xs)) };
  },
  decompose([x, y], { reduction }) {
    const dtype = floatOf(promoteTypes([x as Value, y as Value]));
    const off = sub(cast(x as Value, dtype), y);
    return reduceLoss(mul(off, off), reduction);
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [x, y] = [ctx.input(0) as Value, ctx.input(1) as Value];
    const d = mseGrad(g, x, y, ctx.attrs.reduction === 'mean' ? 2 / numelOf(x.shape) : 2);
    if (ctx.needs(0)) unbroadcast(ctx, 0, d);
    if (ctx.needs(1)) unbroadcast(ctx, 1, neg(d), true);
  },
});

/**
 * Mean of the squared differences, `mean((x - target)^2)`; their sum or the squares themselves with
 * another `reduction`.
 *
 * Shapes: equal; gives a 0-d tensor, or the same shape with 'none'. Dtypes: promoted together;
 * integers give float32. Throws ShapeError when the shapes differ.
 *
 * @example
 * mse(tensor([1, 2]), tensor([1, 4])).item(); // 2
 */
export function mse(
  x: Value,
  target: Value,
  options: { readonly reduction?: Reduction } = {},
): Value {
  requireTensors('mse', x, target);
  checkOptions('mse', options, ['reduction']);
  return apply2(MSE, x, target, attrs({ reduction: reductionOf('mse', options.reduction) }));
}
