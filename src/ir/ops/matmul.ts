import {
  broadcastShapes,
  broadcastStrides,
  contiguousStrides,
  formatShape,
  type Shape,
  ShapeError,
  type Spec,
  type Type,
} from '../../base/index.ts';
import { apply2 } from '../apply.ts';
import { promoteTypes, refuseBool, unbroadcast } from '../element.ts';
import type { GemmMap } from '../lowering.ts';
import { forEachIndex, type NdArray, ndZeros, setElement } from '../nd-array.ts';
import { defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { mul } from './mul.ts';
import { transpose } from './permute.ts';
import { asMatrix, unsqueeze } from './reshape.ts';
import { sum } from './sum.ts';

type Strided = Pick<Spec, 'shape' | 'strides'>;

/** C[batch, m, n] = sum over k of A[batch, m, k] * B[batch, k, n], as strides. */
function gemmMap(a: Strided, b: Strided): GemmMap {
  const [ra, rb] = [a.shape.length, b.shape.length];
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)) ?? [];
  const lead = (x: Strided) =>
    broadcastStrides(x.shape.slice(0, -2), x.strides.slice(0, -2), batch);
  const [batchA, batchB] = [lead(a), lead(b)];
  const row = rb === 1 ? 0 : rb - 2;
  return {
    batch: batch.map((size, d) => ({ size, a: batchA[d], b: batchB[d] })),
    m: ra === 1 ? { size: 1, a: 0 } : { size: a.shape[ra - 2], a: a.strides[ra - 2] },
    n: rb === 1 ? { size: 1, b: 0 } : { size: b.shape[rb - 1], b: b.strides[rb - 1] },
    k: { size: a.shape[ra - 1], a: a.strides[ra - 1], b: b.strides[row] },
  };
}

function inferShape(a: Type, b: Type): Shape {
  const [ra, rb] = [a.shape.length, b.shape.length];
  const text = `${formatShape(a.shape)} by ${formatShape(b.shape)}`;
  if (ra === 0 || rb === 0) {
    throw new ShapeError({
      op: 'matmul',
      problem: `${text}: a 0-d tensor is no matrix`,
      operands: [a, b],
      remedy: 'use mul to scale',
    });
  }
  const inner = [a.shape[ra - 1], b.shape[rb === 1 ? 0 : rb - 2]];
  if (inner[0] !== inner[1]) {
    throw new ShapeError({
      op: 'matmul',
      problem: `${text}: inner dimensions ${inner[0]} and ${inner[1]} differ`,
      operands: [a, b],
      remedy: transposeRemedy(a.shape, b.shape),
    });
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (batch === null) {
    throw new ShapeError({
      op: 'matmul',
      problem: `${text}: the batch dimensions do not broadcast`,
      operands: [a, b],
      remedy: 'all but the last two dimensions are aligned from the right and equal or 1',
    });
  }
  return [...batch, ...(ra === 1 ? [] : [a.shape[ra - 2]]), ...(rb === 1 ? [] : [b.shape[rb - 1]])];
}

function transposeRemedy(a: Shape, b: Shape): string {
  const k = a[a.length - 1];
  if (b.length > 1 && b[b.length - 1] === k) {
    return 'transpose the second operand: a.matmul(b.transpose())';
  }
  if (a.length > 1 && a[a.length - 2] === b[Math.max(0, b.length - 2)]) {
    return 'transpose the first operand: a.transpose().matmul(b)';
  }
  return 'the last size of the first operand must equal the last but one of the second';
}

function matmulReference(
  [a, b]: readonly NdArray[],
  _: unknown,
  [{ shape, dtype }]: readonly Type[],
): NdArray {
  const out = ndZeros(shape, dtype);
  const dense = (x: NdArray) => ({ shape: x.shape, strides: contiguousStrides(x.shape) });
  const { batch, m, n, k } = gemmMap(dense(a), dense(b));
  const sizes = [...batch.map((d) => d.size), m.size, n.size];
  const stepsA = [...batch.map((d) => d.a), m.a, 0];
  const stepsB = [...batch.map((d) => d.b), 0, n.b];
  const exact = dtype === 'int32' || dtype === 'int64';
  forEachIndex(sizes, [stepsA, stepsB], (at, [i, j]) => {
    let total: number | bigint = exact ? 0n : 0;
    for (let t = 0; t < k.size; t++) {
      const [x, y] = [a.data[i + t * k.a], b.data[j + t * k.b]];
      if (exact) total = (total as bigint) + BigInt(x) * BigInt(y);
      else total = (total as number) + Number(x) * Number(y);
    }
    setElement(out, at, total);
  });
  return out;
}

export const MATMUL = defineOp({
  name: 'matmul',
  onnx: 'MatMul',
  infer(xs) {
    const shape = inferShape(xs[0], xs[1]);
    refuseBool('matmul', xs);
    return { shape, dtype: promoteTypes(xs) };
  },
  operands: (_, [out]) => [out.dtype, out.dtype],
  reference: matmulReference,
  lower: { kind: 'gemm', map: gemmMap },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [a, b] = [ctx.input(0) as Value, ctx.input(1) as Value];
    const [ra, rb] = [a.shape.length, b.shape.length];
    if (ctx.needs(0)) unbroadcast(ctx, 0, gradLeft(g, b, ra), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, gradRight(g, a, rb), true);
  },
});

/** g b^T; where the left operand was a row, g is one. */
function gradLeft(g: Value, b: Value, rankA: number): Value {
  if (b.shape.length === 1) return mul(rankA === 1 ? g : unsqueeze(g, -1), b);
  // A batch of matrices times one row each: the row meets every batch alike.
  if (rankA === 1) return sumAllBut(-1, matmul(unsqueeze(g, -2), transpose(b)));
  return matmul(g, transpose(b));
}

/** a^T g; where the right operand was a column, g is one. */
function gradRight(g: Value, a: Value, rankB: number): Value {
  if (a.shape.length === 1) {
    return rankB === 1 ? mul(g, a) : mul(unsqueeze(a, -1), unsqueeze(g, -2));
  }
  if (rankB === 2) return matmul(transpose(asMatrix(a)), asMatrix(g));
  if (rankB > 2) return matmul(transpose(a), g);
  return sumAllBut(-2, matmul(transpose(a), unsqueeze(g, -1)));
}

function sumAllBut(dim: number, x: Value): Value {
  const kept = x.shape.length + dim;
  return sum(
    x,
    x.shape.map((_, d) => d).filter((d) => d !== kept),
  );
}

/**
 * Matrix product: `c[..., m, n] = sum over k of a[..., m, k] * b[..., k, n]`.
 *
 * Shapes: a 1-d operand is a row on the left, a column on the right, and its dimension vanishes;
 * all but the last two dimensions broadcast. Dtypes: promoted together; integers wrap.
 * Numerics: sums run in an order fixed by shape, dtype and ISA class; strided operands, such as
 * transposes, are not copied. Throws ShapeError when the sizes do not fit, DtypeError for bools.
 *
 * @example
 * tensor([[1, 2], [3, 4]]).matmul(tensor([1, 1])).toArray(); // [3, 7]
 */
export const matmul = (a: Value, b: Value): Value => apply2(MATMUL, a, b);
