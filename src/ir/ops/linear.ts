import { formatShape, numelOf, ShapeError, type Type } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { promoteTypes } from '../element.ts';
import { type Attrs, attrs, defineOp, type GradContext, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { matmul } from './matmul.ts';
import { transpose } from './permute.ts';
import { asMatrix, reshape } from './reshape.ts';
import { sum } from './sum.ts';

interface LinearAttrs extends Attrs {
  readonly bias: boolean;
}

/** Operands (x, w) or, with `bias`, (x, w, b). */
export const LINEAR = defineOp<LinearAttrs>({
  name: 'linear',
  onnx: 'Gemm',
  infer(xs) {
    const [x, w, b] = xs as readonly [Type, Type, Type?];
    const [out, inner] = w.shape;
    const bias = b === undefined || (b.shape.length === 1 && b.shape[0] === out);
    if (w.shape.length !== 2 || x.shape.length === 0 || x.shape.at(-1) !== inner || !bias) {
      throw new ShapeError({
        op: 'linear',
        problem:
          `input ${formatShape(x.shape)} does not fit weight ${formatShape(w.shape)}` +
          (b === undefined ? '' : ` and bias ${formatShape(b.shape)}`),
        operands: xs,
        remedy: remedy(x, w),
      });
    }
    return { shape: x.shape.with(-1, out), dtype: promoteTypes(xs) };
  },
  decompose([x, w, b]) {
    const y = matmul(asMatrix(x as Value), transpose(w as Value));
    const biased = b === undefined ? y : add(y, b);
    return reshape(biased, (x as Value).shape.with(-1, y.shape[1]));
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [x, w] = [ctx.input(0) as Value, ctx.input(1) as Value];
    if (ctx.needs(0)) give(ctx, 0, matmul(g, w));
    const flat = asMatrix(g);
    if (ctx.needs(1)) give(ctx, 1, matmul(transpose(flat), asMatrix(x)));
    if (ctx.attrs.bias && ctx.needs(2)) give(ctx, 2, sum(flat, 0));
  },
});

function remedy(x: Type, w: Type): string {
  if (w.shape.length !== 2) return 'the weight is a matrix [outputs, inputs]';
  const wanted = `the weight expects ${w.shape[1]} inputs in the last dimension`;
  if (x.shape.length > 2 && numelOf(x.shape.slice(1)) === w.shape[1]) {
    return `${wanted}: x.flatten(1) gives them`;
  }
  return w.shape[0] === x.shape.at(-1) ? `${wanted}: is it transposed?` : wanted;
}

const give = (ctx: GradContext<LinearAttrs>, i: number, g: Value): void =>
  ctx.give(i, cast(g, ctx.inputType(i).dtype));

/**
 * `x w^T + b`: a layer of `w.shape[0]` outputs.
 *
 * Shapes: x `[..., inputs]`, w `[outputs, inputs]`, b `[outputs]`; gives `[..., outputs]`. Dtypes:
 * promoted together. Throws ShapeError when the sizes do not fit.
 *
 * @example
 * linear(tensor([1, 2]), tensor([[1, 1]]), tensor([10])).toArray(); // [13]
 */
export const linear = (x: Value, w: Value, b?: Value | null): Value =>
  apply(LINEAR, b == null ? [x, w] : [x, w, b], attrs({ bias: b != null }))[0];
