/** Distributions made from random bits. All are stateless: equal states give equal numbers. */
import { checkShape, type DType, given, type Shape, ValueError } from '../../base/index.ts';
import { apply } from '../apply.ts';
import { floatOf } from '../element.ts';
import { type Attrs, attrs, defineOp } from '../op.ts';
import type { Operand, Value } from '../value.ts';
import { add } from './add.ts';
import { shiftRight } from './bitwise.ts';
import { cast } from './cast.ts';
import { ge, lt } from './compare.ts';
import { div } from './div.ts';
import { log } from './log.ts';
import { mul } from './mul.ts';
import { type RandomAttrs, type RandomState, randomBits, randomOperands } from './random-bits.ts';
import { floor } from './rounding.ts';
import { cos } from './sin-cos.ts';
import { sqrt } from './sqrt.ts';
import { sub } from './sub.ts';
import { where } from './where.ts';

const stateOf = (xs: readonly Operand[]): RandomState => xs as unknown as RandomState;

/** The top 24 bits of random word `word`, as float32, which holds them exactly. */
const bits24 = (shape: Shape, state: RandomState, word: number): Value =>
  cast(shiftRight(randomBits(shape, state, word), 8), 'float32');

export const UNIFORM = defineOp<RandomAttrs>({
  name: 'uniform',
  infer: (_, { shape }) => ({ shape, dtype: 'float32' }),
  decompose: (state, { shape }) => mul(bits24(shape, stateOf(state), 0), 2 ** -24),
});

/**
 * Uniform float32 numbers from 0 (included) to 1 (not included): multiples of 2^-24, equal on
 * every device.
 *
 * @example
 * uniform([2], [42, 0, 0, 0]).shape; // [2]
 */
export function uniform(shape: Shape, state: RandomState, device?: string): Value {
  checkShape(shape, 'uniform');
  return apply(UNIFORM, randomOperands(state), attrs({ shape, device }))[0];
}

export const NORMAL = defineOp<RandomAttrs>({
  name: 'normal',
  infer: (_, { shape }) => ({ shape, dtype: 'float32' }),
  decompose(state, { shape }) {
    // From 2^-24 to 1: its logarithm is finite.
    const u = mul(add(bits24(shape, stateOf(state), 0), 1), 2 ** -24);
    const angle = mul(bits24(shape, stateOf(state), 1), (2 * Math.PI) / 2 ** 24);
    return mul(sqrt(mul(log(u), -2)), cos(angle));
  },
});

/**
 * Normal float32 numbers of mean 0 and variance 1, by `sqrt(-2 log u) * cos(2 pi v)`.
 *
 * Source: Box & Muller, A Note on the Generation of Random Normal Deviates, 1958.
 *
 * @example
 * normal([2], [42, 0, 0, 0]).shape; // [2]
 */
export function normal(shape: Shape, state: RandomState, device?: string): Value {
  checkShape(shape, 'normal');
  return apply(NORMAL, randomOperands(state), attrs({ shape, device }))[0];
}

export const RANDINT = defineOp<RandomAttrs>({
  name: 'randint',
  infer: (_, { shape }) => ({ shape, dtype: 'int32' }),
  decompose([low, span, ...state], { shape }) {
    const word = cast(randomBits(shape, stateOf(state)), 'float64');
    // Signed words, moved up: whole numbers below 2^32, then a fraction of the span.
    const scaled = mul(mul(add(word, 2 ** 31), 2 ** -32), span);
    return cast(add(floor(scaled), low), 'int32');
  },
});

/**
 * Random int32 whole numbers from `low` up to but not including `high`, equal on every device.
 *
 * Numerics: `low + floor(u * (high - low))` with a 32-bit u, in float64; a number is at most
 * `(high - low) / 2^32` likelier than another.
 * Throws ValueError unless `low < high` are whole int32 numbers.
 *
 * @example
 * randint([2], 0, 10, [42, 0, 0, 0]).dtype; // 'int32'
 */
export function randint(
  shape: Shape,
  low: number,
  high: number,
  state: RandomState,
  device?: string,
): Value {
  checkShape(shape, 'randint');
  const whole = Number.isInteger(low) && Number.isInteger(high);
  if (!whole || low >= high || low < -(2 ** 31) || high > 2 ** 31) {
    throw new ValueError({
      op: 'randint',
      problem: `there is no int32 from ${given(low)} up to but not including ${given(high)}`,
      remedy: 'write randint(low, high, shape) with whole numbers, low < high',
    });
  }
  return apply(RANDINT, [low, high - low, ...randomOperands(state)], attrs({ shape, device }))[0];
}

export const BERNOULLI = defineOp<RandomAttrs>({
  name: 'bernoulli',
  infer: (_, { shape }) => ({ shape, dtype: 'bool' }),
  decompose: ([p, ...state], { shape }) => lt(uniform(shape, stateOf(state)), p),
});

/**
 * Bools that are true with probability `p`, a number or a tensor that broadcasts to `shape`.
 *
 * @example
 * bernoulli([2], 0.5, [42, 0, 0, 0]).dtype; // 'bool'
 */
export function bernoulli(shape: Shape, p: Operand, state: RandomState, device?: string): Value {
  checkShape(shape, 'bernoulli');
  return apply(BERNOULLI, [p, ...randomOperands(state)], attrs({ shape, device }))[0];
}

/** Bits of the operands that the gradient reads: all but x. */
const ALL_BUT_X = 0b111110;

/** `1 - p`, not in float32 as two numbers would give it: float64 would lose half its digits. */
const shareKept = (p: Operand, dtype: DType): Operand =>
  typeof p === 'number' ? 1 - p : cast(sub(1, cast(p, 'float64')), dtype);

export const DROPOUT = defineOp<Attrs | null>({
  name: 'dropout',
  onnx: 'Dropout',
  infer: ([x]) => ({ shape: x.shape, dtype: floatOf(x.dtype) }),
  decompose([x, p, ...state]) {
    const keep = ge(uniform((x as Value).shape, stateOf(state)), p);
    return where(keep, div(x, shareKept(p, floatOf((x as Value).dtype))), 0);
  },
  saves: ALL_BUT_X,
  // The same state gives the same mask: nothing of x's size is kept.
  gradient(ctx, g) {
    const rest = [1, 2, 3, 4, 5].map((i) => ctx.input(i));
    ctx.give(0, apply(DROPOUT, [g, ...rest])[0]);
  },
});

/**
 * Element by element 0 with probability `p`, else `x / (1 - p)`. The gradient makes the mask again
 * from the same state.
 *
 * Dtypes: a float stays, integers and bools give float32. Throws ValueError unless 0 <= p <= 1.
 *
 * Source: Srivastava et al., Dropout, JMLR 2014.
 *
 * @example
 * dropout(ones([4]), 0.5, [42, 0, 0, 0]).shape; // [4]
 */
export function dropout(x: Value, p: Operand, state: RandomState): Value {
  if (typeof p === 'number' && !(p >= 0 && p <= 1)) {
    throw new ValueError({
      op: 'dropout',
      problem: `probability ${p} is not between 0 and 1`,
      operands: [x],
    });
  }
  return apply(DROPOUT, [x, p, ...randomOperands(state)])[0];
}
