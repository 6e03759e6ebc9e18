import { formatShape, ShapeError, sameShape, type Type } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { floatOf, promoteTypes, requireTensor } from '../element.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { concat } from './concat.ts';
import { mul } from './mul.ts';
import { sigmoid } from './sigmoid.ts';
import { narrow } from './slice.ts';
import { sub } from './sub.ts';
import { tanh } from './tanh.ts';

/**
 * The four gates of both parts' sum. Each part is cut before the sum: cuts of what lies in memory
 * are free, cuts of a sum would send it through memory.
 */
function gatesOf(x: Value, h: Value): readonly [Value, Value, Value, Value] {
  const size = x.shape[x.shape.length - 1] / 4;
  const part = (k: number): Value =>
    add(narrow(x, -1, k * size, size), narrow(h, -1, k * size, size));
  return [sigmoid(part(0)), sigmoid(part(1)), tanh(part(2)), sigmoid(part(3))];
}

const sameFloat = (operands: readonly Operand[]): Value[] => {
  const dtype = floatOf(promoteTypes(operands as readonly Value[]));
  return operands.map((v) => cast(v as Value, dtype));
};

/** Slope of the sigmoid and of tanh by their values. */
const slopeOfSigmoid = (y: Value): Value => mul(y, sub(1, y));
const slopeOfTanh = (y: Value): Value => sub(1, mul(y, y));

/** Operands (gradients of h' and c', x, h, c, c'); gives those of the sum of x and h, and of c. */
const LSTM_CELL_GRAD = defineOp({
  name: 'lstmCellGrad',
  infer: ([g, , x, , c]) => [
    { shape: x.shape, dtype: g.dtype },
    { shape: c.shape, dtype: g.dtype },
  ],
  decompose(operands) {
    const [g, gCell, x, h, c, next] = sameFloat(operands);
    const [i, f, update, o] = gatesOf(x, h);
    const shown = tanh(next);
    const dNext = add(gCell, mul(mul(g, o), slopeOfTanh(shown)));
    const slopes = [
      mul(mul(dNext, update), slopeOfSigmoid(i)),
      mul(mul(dNext, c), slopeOfSigmoid(f)),
      mul(mul(dNext, i), slopeOfTanh(update)),
      mul(mul(g, shown), slopeOfSigmoid(o)),
    ];
    return [concat(slopes, -1), mul(dNext, f)];
  },
});

/** Operands (x, h, c); gives (h', c'). */
export const LSTM_CELL = defineOp({
  name: 'lstmCell',
  infer(xs) {
    const [x, h, c] = xs;
    const wide = c.shape.length === 0 ? [] : c.shape.with(-1, 4 * (c.shape.at(-1) as number));
    if (c.shape.length === 0 || !sameShape(x.shape, wide) || !sameShape(h.shape, wide)) {
      throw new ShapeError({
        op: 'lstmCell',
        problem:
          `gates of shapes ${formatShape(x.shape)} and ${formatShape(h.shape)} do not fit ` +
          `cells ${formatShape(c.shape)}`,
        operands: xs,
        remedy: 'the last size of the gates, i f g o, is four times that of the cells',
      });
    }
    const type: Type = { shape: c.shape, dtype: floatOf(promoteTypes(xs)) };
    return [type, type];
  },
  decompose(operands) {
    const [x, h, c] = sameFloat(operands);
    const [i, f, update, o] = gatesOf(x, h);
    const next = add(mul(f, c), mul(i, update));
    return [mul(o, tanh(next)), next];
  },
  // The gates are made again: kept, they would be four more tensors a step.
  saves: SAVE.in0 | SAVE.in1 | SAVE.in2 | SAVE.out1,
  gradient(ctx, g, [, gCell]) {
    const saved = [ctx.input(0), ctx.input(1), ctx.input(2), ctx.output(1)];
    const [gates, cell] = apply(LSTM_CELL_GRAD, [g, gCell, ...saved]);
    ctx.alias(0, cast(gates, ctx.inputType(0).dtype));
    ctx.alias(1, cast(gates, ctx.inputType(1).dtype));
    ctx.give(2, cast(cell, ctx.inputType(2).dtype));
  },
});

/**
 * One step of a long short-term memory. With `i, f, g, o` the four equal parts of `x + h` along
 * the last dimension: `c' = sigmoid(f) * c + sigmoid(i) * tanh(g)`, `h' = sigmoid(o) * tanh(c')`.
 * Gives `[h', c']`.
 *
 * `x` is the inputs' share of the gates, `h` the hidden state's: `lstmCell(linear(input, weightIh,
 * bias), linear(hidden, weightHh), c)`; the first may be computed for all steps at once. Shapes: x
 * and h `[..., 4 H]`, c, h' and c' `[..., H]`. Dtypes: promoted together; integers give float32.
 * Throws ShapeError when the sizes do not fit.
 *
 * Source: Hochreiter & Schmidhuber, Long Short-Term Memory, 1997, with the forget gate of Gers,
 * Schmidhuber & Cummins, Learning to Forget, 2000; the gates' order is PyTorch's.
 *
 * @example
 * const gates = zeros([4]);
 * lstmCell(gates, gates, tensor([2]))[1].toArray(); // [1]
 */
export function lstmCell(x: Value, h: Value, c: Value): readonly [Value, Value] {
  requireTensor('lstmCell', "inputs' share", x);
  requireTensor('lstmCell', "hidden state's share", h);
  requireTensor('lstmCell', 'cell', c);
  const out = apply(LSTM_CELL, [x, h, c]);
  return [out[0], out[1]];
}
