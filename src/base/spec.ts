/**
 * Specs: the interned signature of a tensor. Two tensors with the same dtype, shape, strides and
 * device share one Spec object, so that the dispatcher compares one pointer.
 */
import type { DType } from './dtype.ts';
import { contiguousStrides, isContiguous, numelOf, type Shape } from './shape.ts';

/** Shape and dtype: all that shape inference may look at. */
export interface Type {
  readonly shape: Shape;
  readonly dtype: DType;
  /** A JavaScript number among the operands: it yields to a tensor's dtype in promotion. */
  readonly weak?: 'int' | 'float' | undefined;
}

export class Spec implements Type {
  readonly id: number;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly device: string;
  readonly numel: number;
  readonly contiguous: boolean;
  readonly weak: 'int' | 'float' | undefined;

  constructor(
    id: number,
    dtype: DType,
    shape: Shape,
    strides: readonly number[],
    device: string,
    weak?: 'int' | 'float',
  ) {
    // Every tensor of this signature shares them: a write would corrupt all.
    Object.freeze(shape);
    Object.freeze(strides);
    this.id = id;
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides;
    this.device = device;
    this.numel = numelOf(shape);
    this.contiguous = isContiguous(shape, strides);
    this.weak = weak;
  }
}

const MAX_INTERNED = 1 << 16;
const table = new Map<string, Spec>();
let nextId = 2;

/** JavaScript numbers as operands: 0-d, yielding in promotion. */
export const WEAK_INT = new Spec(0, 'int32', [], [], '', 'int');
export const WEAK_FLOAT = new Spec(1, 'float32', [], [], '', 'float');

/**
 * The interned Spec. The table is bounded: after it is emptied, an equal Spec may exist twice, so
 * identity is a fast path and never proof of difference.
 */
export function specOf(
  dtype: DType,
  shape: Shape,
  strides?: readonly number[],
  device = 'cpu',
): Spec {
  const key = `${dtype}|${shape}|${strides === undefined ? '' : strides}|${device}`;
  let s = table.get(key);
  if (s !== undefined) return s;
  if (table.size >= MAX_INTERNED) table.clear();
  const dense = contiguousStrides(shape);
  const same = strides === undefined || strides.every((n, i) => n === dense[i]);
  s = same ? table.get(`${dtype}|${shape}||${device}`) : undefined;
  if (s === undefined) {
    s = new Spec(nextId++, dtype, [...shape], same ? dense : [...(strides ?? [])], device);
    if (same) table.set(`${dtype}|${shape}||${device}`, s);
  }
  table.set(key, s);
  return s;
}

/** How many Specs are interned now. */
export const internedSpecs = (): number => table.size;
