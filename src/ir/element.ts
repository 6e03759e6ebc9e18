/** What elementwise ops share: type rules, the reference loop, broadcasting's gradient. */
import {
  broadcastShapes,
  broadcastStrides,
  contiguousStrides,
  type DType,
  DtypeError,
  given,
  isFloat,
  isInt,
  isTensorLike,
  promote,
  type Shape,
  ShapeError,
  sameShape,
  type Type,
} from '../base/index.ts';
import { forEachIndex, type NdArray, ndZeros, setElement } from './nd-array.ts';
import type { GradContext } from './op.ts';
import { cast } from './ops/cast.ts';
import { sumTo } from './ops/sum.ts';
import type { Value } from './value.ts';

/**
 * The dtype operands meet at. Weak operands (JavaScript numbers) only lift the category: a
 * fraction makes an integer or bool tensor float32, a whole number makes a bool tensor int32.
 */
export function promoteTypes(inputs: readonly Type[]): DType {
  let strong: DType | null = null;
  let weak: 'int' | 'float' | null = null;
  for (const t of inputs) {
    if (t.weak !== undefined) weak = t.weak === 'float' ? 'float' : (weak ?? 'int');
    else strong = strong === null ? t.dtype : promote(strong, t.dtype);
  }
  if (strong === null) return 'float32';
  if (weak === 'float') return promote(strong, 'float32') === strong ? strong : 'float32';
  return weak === 'int' && strong === 'bool' ? 'int32' : strong;
}

/** The float dtype a function of reals is computed in: float32 for integers and bools. */
export const floatOf = (d: DType): DType => (isFloat(d) ? d : 'float32');

/** The shape all operands broadcast to; throws a ShapeError that names the op and every operand. */
export function broadcastTypes(op: string, inputs: readonly Type[]): Shape {
  let shape: Shape = inputs[0].shape;
  for (let i = 1; i < inputs.length; i++) {
    if (sameShape(shape, inputs[i].shape)) continue;
    const next = broadcastShapes(shape, inputs[i].shape);
    if (next === null) {
      throw new ShapeError({
        op,
        problem: `shapes ${inputs.map((t) => `[${t.shape.join(', ')}]`).join(' and ')} do not broadcast`,
        operands: inputs,
        remedy:
          'sizes are aligned from the last dimension and must be equal or 1; ' +
          'reshape or unsqueeze one operand',
      });
    }
    shape = next;
  }
  return shape;
}

/** Type rules of a unary op that computes with reals: integers and bools become float32. */
export const floatUnary = {
  infer: ([x]: readonly Type[]): Type => ({ shape: x.shape, dtype: floatOf(x.dtype) }),
  operands: (_: readonly Type[], [out]: readonly Type[]): DType[] => [out.dtype],
};

/** Type rules of a unary op that keeps its operand's dtype; bools are refused. */
export const numericUnary = (op: string) => ({
  infer([x]: readonly Type[]): Type {
    refuseBool(op, [x]);
    return { shape: x.shape, dtype: x.dtype };
  },
});

/** Type rules of a binary op on promoted operands; with `float`, integers become float32. */
export const promotedBinary = (op: string, float = false) => ({
  infer(xs: readonly Type[]): Type {
    const dtype = promoteTypes(xs);
    return { shape: broadcastTypes(op, xs), dtype: float ? floatOf(dtype) : dtype };
  },
  operands: (xs: readonly Type[], [out]: readonly Type[]): DType[] => xs.map(() => out.dtype),
});

/** Throws a DtypeError if the operands meet at bool. */
export function refuseBool(op: string, xs: readonly Type[], remedy?: string): void {
  if (promoteTypes(xs) !== 'bool' || xs.some((x) => x.weak !== undefined)) return;
  throw new DtypeError({
    op,
    problem: 'not defined for bool',
    operands: xs,
    remedy: remedy ?? `convert first: x.to('int32')`,
  });
}

/** Throws a DtypeError unless the operand called `what` is a tensor. */
export function requireTensor(op: string, what: string, x: unknown, remedy?: string): void {
  if (isTensorLike(x)) return;
  throw new DtypeError({
    op,
    problem: `the ${what} is ${given(x)}, not a tensor`,
    remedy: remedy ?? 'wrap numbers and arrays with tensor(...)',
  });
}

/** Throws a DtypeError unless `index` can number elements. */
export function requireIndex(op: string, index: Type, operands: readonly Type[]): void {
  if (isInt(index.dtype)) return;
  throw new DtypeError({
    op,
    problem: `indices must be int32 or int64, not ${index.dtype}`,
    operands,
    remedy: "convert them: index.to('int32')",
  });
}

/**
 * Gives operand `i` the gradient `g` in the operand's own type: summed over the dimensions it was
 * broadcast along, converted to its dtype. `fresh` tells that nobody else holds `g`.
 */
export function unbroadcast(ctx: GradContext<unknown>, i: number, g: Value, fresh = false): void {
  const target = ctx.inputType(i);
  const same = sameShape(g.shape, target.shape);
  const own = same && g.dtype === target.dtype;
  const summed = same ? g : sumTo(g, target.shape);
  const value = g.dtype === target.dtype ? summed : cast(summed, target.dtype);
  if (own && !fresh) ctx.alias(i, value);
  else ctx.give(i, value);
}

type Scalar = (...xs: number[]) => number;
type BigScalar = (...xs: bigint[]) => bigint | boolean;

/**
 * The reference of an elementwise op from its meaning on one element. `f` computes in float64,
 * `big` exactly where all operands are integers; results wrap to the output's width.
 */
export function elementReference(f: Scalar, big?: BigScalar) {
  return (inputs: readonly NdArray[], _attrs: unknown, outputs: readonly Type[]): NdArray => {
    const out = ndZeros(outputs[0].shape, outputs[0].dtype);
    const steps = inputs.map((x) =>
      broadcastStrides(x.shape, contiguousStrides(x.shape), out.shape),
    );
    const exact = big !== undefined && inputs.length > 0 && inputs.every((x) => isInt(x.dtype));
    forEachIndex(out.shape, steps, (at, offsets) => {
      const xs = inputs.map((x, i) => x.data[offsets[i]]);
      setElement(out, at, exact ? big(...xs.map(BigInt)) : f(...xs.map(Number)));
    });
    return out;
  };
}
