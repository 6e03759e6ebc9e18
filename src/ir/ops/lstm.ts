import { formatShape, type Shape, ShapeError, sameShape, type Type } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { floatOf, promoteTypes, requireTensor } from '../element.ts';
import { type Attrs, attrs, defineOp, SAVE } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { add } from './add.ts';
import { cast } from './cast.ts';
import { concat, stack } from './concat.ts';
import { copy } from './copy.ts';
import { matmul } from './matmul.ts';
import { mul } from './mul.ts';
import { transpose } from './permute.ts';
import { asMatrix, squeeze, unsqueeze } from './reshape.ts';
import { sigmoid } from './sigmoid.ts';
import { narrow } from './slice.ts';
import { sub } from './sub.ts';
import { tanh } from './tanh.ts';

interface LstmAttrs extends Attrs {
  /** From the last step to the first. */
  readonly reverse: boolean;
}

const sameFloat = (operands: readonly Operand[]): Value[] => {
  const dtype = floatOf(promoteTypes(operands as readonly Value[]));
  return operands.map((v) => cast(v as Value, dtype));
};

/** The steps in the order in which the cell takes them. */
const orderOf = (steps: number, { reverse }: LstmAttrs): number[] =>
  Array.from({ length: steps }, (_, i) => (reverse ? steps - 1 - i : i));

const at = (x: Value, step: number): Value => squeeze(narrow(x, 0, step, 1), 0);

/** The four gates, side by side in the last dimension. */
function gatesOf(x: Value): readonly [i: Value, f: Value, u: Value, o: Value] {
  const size = x.shape[x.shape.length - 1] / 4;
  const part = (k: number): Value => narrow(x, -1, k * size, size);
  return [part(0), part(1), part(2), part(3)];
}

/** Slope of the sigmoid and of tanh by their values. */
const slopeOfSigmoid = (y: Value): Value => mul(y, sub(1, y));
const slopeOfTanh = (y: Value): Value => sub(1, mul(y, y));

/**
 * Operands (gradients of h, c and the gates; the gates, c, c0, weight); gives those of x, h0 and c0.
 * Each step's comes from its own and from what the next one passes back.
 */
const LSTM_GRAD = defineOp<LstmAttrs>({
  name: 'lstmGrad',
  infer: ([g, , , gates, , c0]) => [
    { shape: gates.shape, dtype: g.dtype },
    { shape: c0.shape, dtype: g.dtype },
    { shape: c0.shape, dtype: g.dtype },
  ],
  decompose(operands, a) {
    const [g, gCell, gGates, gates, cells, c0, weight] = sameFloat(operands);
    const steps = gates.shape[0];
    const order = orderOf(steps, a);
    const slopes = new Array<Value>(steps);
    let [passed, passedCell]: (Value | null)[] = [null, null];
    for (const [k, t] of [...order.entries()].reverse()) {
      const [i, f, u, o] = gatesOf(at(gates, t));
      const [gi, gf, gu, go] = gatesOf(at(gGates, t));
      const shown = tanh(at(cells, t));
      const dHidden = passed === null ? at(g, t) : add(matmul(passed, weight), at(g, t));
      const own = add(at(gCell, t), mul(mul(dHidden, o), slopeOfTanh(shown)));
      const dCell: Value = passedCell === null ? own : add(own, passedCell);
      const before = k === 0 ? c0 : at(cells, order[k - 1]);
      passed = concat(
        [
          mul(add(mul(dCell, u), gi), slopeOfSigmoid(i)),
          mul(add(mul(dCell, before), gf), slopeOfSigmoid(f)),
          mul(add(mul(dCell, i), gu), slopeOfTanh(u)),
          mul(add(mul(dHidden, shown), go), slopeOfSigmoid(o)),
        ],
        -1,
      );
      slopes[t] = passed;
      passedCell = mul(dCell, f);
    }
    return [stack(slopes), matmul(passed as Value, weight), passedCell as Value];
  },
});

/** Operands (x, weight, h0, c0); gives (h, c, gates) of all steps. */
export const LSTM_OP = defineOp<LstmAttrs>({
  name: 'lstm',
  infer(xs) {
    const dtype = floatOf(promoteTypes(xs));
    const shape = checkShapes(xs);
    const type: Type = { shape, dtype };
    return [type, type, { shape: xs[0].shape, dtype }];
  },
  decompose(operands, a) {
    const [x, weight, h0, c0] = sameFloat(operands);
    const steps = x.shape[0];
    // Once, so that each step reads it row by row.
    const w = copy(transpose(weight));
    const results: (readonly [Value, Value, Value])[] = new Array(steps);
    let [h, c] = [h0, c0];
    for (const t of orderOf(steps, a)) {
      const [zi, zf, zu, zo] = gatesOf(add(matmul(h, w), at(x, t)));
      const [i, f, u, o] = [sigmoid(zi), sigmoid(zf), tanh(zu), sigmoid(zo)];
      c = add(mul(f, c), mul(i, u));
      h = mul(o, tanh(c));
      results[t] = [h, c, concat([i, f, u, o], -1)];
    }
    return [0, 1, 2].map((k) => stack(results.map((r) => r[k])));
  },
  saves: SAVE.in1 | SAVE.in2 | SAVE.in3 | SAVE.out0 | SAVE.out1 | SAVE.out2,
  gradient(ctx, g, [, gCell, gGates]) {
    const [weight, h0, c0] = [ctx.input(1), ctx.input(2), ctx.input(3)] as Value[];
    const [h, c, gates] = [ctx.output(0), ctx.output(1), ctx.output(2)] as Value[];
    const own = [g, gCell, gGates, gates, c, c0, weight];
    const [dx, dh0, dc0] = apply(LSTM_GRAD, own, ctx.attrs);
    const to = (i: number, value: Value): Value => cast(value, ctx.inputType(i).dtype);
    if (ctx.needs(1)) {
      // The hidden states that each step started from; one product for all steps.
      const start = unsqueeze(cast(h0, h.dtype), 0);
      const count = h.shape[0] - 1;
      const before = ctx.attrs.reverse
        ? concat([narrow(h, 0, 1, count), start])
        : concat([start, narrow(h, 0, 0, count)]);
      ctx.give(1, to(1, matmul(transpose(asMatrix(dx)), asMatrix(before))));
    }
    ctx.give(0, to(0, dx));
    ctx.give(2, to(2, dh0));
    ctx.give(3, to(3, dc0));
  },
});

/** The shape of the hidden states of all steps. */
function checkShapes(xs: readonly Type[]): Shape {
  const [x, weight, h0, c0] = xs.map((t) => t.shape);
  const [steps, batch, gates] = x;
  const hidden = gates / 4;
  const wanted: readonly (readonly [string, Shape, Shape])[] = [
    ['the weight', weight, [gates, hidden]],
    ['h0', h0, [batch, hidden]],
    ['c0', c0, [batch, hidden]],
  ];
  const refuse = (problem: string): never => {
    throw new ShapeError({
      op: 'lstm',
      problem,
      operands: xs,
      remedy: 'x is [steps, batch, 4 H], the weight [4 H, H], h0 and c0 are [batch, H]',
    });
  };
  if (x.length !== 3 || !Number.isInteger(hidden) || steps === 0) {
    refuse(`x is ${formatShape(x)}, not [steps, batch, 4 H] of one step at least`);
  }
  for (const [what, shape, fits] of wanted) {
    if (!sameShape(shape, fits))
      refuse(`${what} is ${formatShape(shape)}, not ${formatShape(fits)}`);
  }
  return [steps, batch, hidden];
}

/**
 * A long short-term memory over the steps of a sequence. With `i, f, g, o` the four equal parts of
 * `x[t] + h[t-1] weight^T` along the last dimension: `c[t] = sigmoid(f) c[t-1] + sigmoid(i) tanh(g)`,
 * `h[t] = sigmoid(o) tanh(c[t])`. Gives `[h, c]` of all steps; with `reverse` the last step is the
 * first to be taken.
 *
 * `x` is the inputs' share of the gates, `linear(input, weightIh, bias)`, made for all steps at
 * once. Shapes: x `[steps, batch, 4 H]`, weight `[4 H, H]`, h0 and c0 `[batch, H]`; h and c
 * `[steps, batch, H]`. Dtypes: promoted together; integers give float32. Throws ShapeError when the
 * sizes do not fit.
 *
 * Source: Hochreiter & Schmidhuber, Long Short-Term Memory, 1997, with the forget gate of Gers,
 * Schmidhuber & Cummins, Learning to Forget, 2000; the gates' order is PyTorch's.
 *
 * @example
 * const [h, c] = lstm(zeros([1, 1, 4]), zeros([4, 1]), zeros([1, 1]), tensor([[2]]));
 * c.toArray(); // [[[1]]]
 */
export function lstm(
  x: Value,
  weight: Value,
  h0: Value,
  c0: Value,
  options: { readonly reverse?: boolean } = {},
): readonly [h: Value, c: Value] {
  requireTensor('lstm', "inputs' share", x);
  requireTensor('lstm', 'weight', weight);
  requireTensor('lstm', 'h0', h0);
  requireTensor('lstm', 'c0', c0);
  const out = apply(LSTM_OP, [x, weight, h0, c0], attrs({ reverse: options.reverse ?? false }));
  return [out[0], out[1]];
}
