/**
 * `x.at(...)`: NumPy's indexing in terms of views and one gather, so that gradients flow through.
 */
import {
  broadcastShapes,
  type DType,
  DtypeError,
  formatShape,
  given,
  IndexError,
  isInt,
  numelOf,
  type Shape,
  type TypedArray,
} from '../base/index.ts';
import * as ops from '../ir/index.ts';
import { isUnknown } from './abstract-handle.ts';
import { readNested } from './nested.ts';
import type { Tensor } from './tensor.ts';

/** Integers or booleans, nested as deep as they have dimensions. */
export type IndexArray = readonly (number | boolean | IndexArray)[];

/** A slice whose bounds are computed. Made by {@link slice}. */
export interface Slice {
  readonly start: number | null;
  readonly end: number | null;
  readonly step: number;
}

export type IndexItem = number | string | null | Slice | IndexArray | Tensor;

/** Makes a tensor of host elements; handed in, because the class itself uses this module. */
type Make = (data: TypedArray, dtype: DType, shape: Shape, device: string) => Tensor;

/**
 * A slice for `x.at(...)`: elements from `start` up to but not including `end`, every `step`-th.
 * Negative bounds count from the end, as in Python; `null` or nothing means the end in question.
 *
 * @example
 * x.at(slice(0, n), slice(null, null, -1));
 */
export function slice(start?: number | null, end?: number | null, step?: number | null): Slice {
  return new SliceItem(start ?? null, end ?? null, step ?? 1);
}

class SliceItem implements Slice {
  readonly start: number | null;
  readonly end: number | null;
  readonly step: number;

  constructor(start: number | null, end: number | null, step: number) {
    for (const n of [start, end, step]) {
      if (n !== null && !Number.isInteger(n)) fail(`a slice needs whole numbers, not ${given(n)}`);
    }
    if (step === 0) fail('a slice step cannot be 0');
    this.start = start;
    this.end = end;
    this.step = step;
  }
}

function fail(problem: string, x?: Tensor, remedy?: string): never {
  throw new IndexError({ op: 'at', problem, operands: x === undefined ? [] : [x], remedy });
}

/** An index with its place in the call, for messages. */
type Entry =
  | { readonly kind: 'pick'; readonly index: number; readonly place: number }
  | { readonly kind: 'slice'; readonly slice: Slice }
  | { readonly kind: 'axis' }
  | { readonly kind: 'rest' }
  | { readonly kind: 'array'; readonly index: Tensor; readonly place: number };

/** @internal `x.at(...items)`. */
export function indexed(x: Tensor, items: readonly IndexItem[], make: Make): Tensor {
  const entries = fillRest(x, readItems(x, items, make));
  const view = basicView(x, entries);
  const arrays = entries.filter((e) => e.kind === 'array');
  return arrays.length === 0 ? view : pickArrays(view, entries);
}

// ---- reading the items

function readItems(x: Tensor, items: readonly IndexItem[], make: Make): Entry[] {
  const entries: Entry[] = [];
  for (const [place, item] of items.entries()) {
    if (typeof item === 'number') entries.push({ kind: 'pick', index: item, place });
    else if (item === null) entries.push({ kind: 'axis' });
    else if (item === '...') entries.push({ kind: 'rest' });
    else if (typeof item === 'string') entries.push({ kind: 'slice', slice: parse(item, place) });
    else if (isSlice(item)) entries.push({ kind: 'slice', slice: readSlice(item, place) });
    else entries.push(...readArray(x, item as IndexArray | Tensor, place, entries, make));
  }
  return entries;
}

const SLICE = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/;

function parse(text: string, place: number): Slice {
  const m = SLICE.exec(text);
  if (m === null) {
    fail(
      `item ${place}, '${text}', is not a slice`,
      undefined,
      "write 'start:end', 'start:end:step', ':' or '...'; a position is a number",
    );
  }
  const bound = (s: string | undefined) => (s === undefined ? null : Number(s));
  return slice(bound(m[1]), bound(m[2]), bound(m[3]));
}

/** Any object with nothing but a slice's fields. */
const isSlice = (x: unknown): x is Partial<Slice> =>
  x instanceof SliceItem ||
  (typeof x === 'object' &&
    x !== null &&
    Object.getPrototypeOf(x) === Object.prototype &&
    !('dtype' in x));

function readSlice(x: Partial<Slice>, place: number): Slice {
  if (x instanceof SliceItem) return x;
  const other = Object.keys(x).find((key) => !['start', 'end', 'step'].includes(key));
  if (other !== undefined || Object.keys(x).length === 0) {
    const problem = other === undefined ? 'an empty object' : `an object with '${other}'`;
    fail(`item ${place} is ${problem}`, undefined, 'a slice is { start, end, step }');
  }
  return slice(x.start, x.end, x.step);
}

const isTensor = (x: unknown): x is Tensor =>
  typeof x === 'object' && x !== null && 'spec' in x && 'storage' in x;

/** An integer array, or the integer arrays that say where a mask holds. */
function readArray(
  x: Tensor,
  item: IndexArray | Tensor,
  place: number,
  before: readonly Entry[],
  make: Make,
): Entry[] {
  const entry = (index: Tensor): Entry => ({ kind: 'array', index, place });
  if (isTensor(item)) {
    if (item.dtype === 'bool') {
      const flags = item.data({ copy: false }) as Uint8Array;
      return maskEntries(x, flags, item.shape, place, before, make).map(entry);
    }
    if (isInt(item.dtype)) return [entry(ops.cast(item, 'int32') as Tensor)];
    throw new DtypeError({
      op: 'at',
      problem: `item ${place} is a ${item.dtype} tensor; an index holds integers or bools`,
      operands: [x, item],
      remedy: isMask(item)
        ? "a mask is bool: mask.to('bool'), or a comparison such as x.gt(0)"
        : "convert it: index.to('int32') for positions, mask.to('bool') for a mask",
    });
  }
  if (!Array.isArray(item)) {
    throw new DtypeError({
      op: 'at',
      problem: `item ${place} is ${given(item)}`,
      remedy: 'an item is a number, a slice, null, an array of integers or booleans, or a tensor',
    });
  }
  const { values, shape, kind } = readNested(item, 'at');
  if (kind === 'bool' && values.length > 0) {
    const flags = Uint8Array.from(values, Number);
    return maskEntries(x, flags, shape, place, before, make).map(entry);
  }
  const wrong = values.find((v) => !Number.isInteger(Number(v)));
  if (wrong !== undefined) fail(`item ${place} holds ${wrong}, which is not a whole number`, x);
  return [entry(make(Int32Array.from(values, Number), 'int32', shape, x.device))];
}

/** Whether floats are all 0 and 1: whoever gives those means a mask. */
const isMask = (x: Tensor): boolean =>
  (x.data({ copy: false }) as Float64Array).every((v) => v === 0 || v === 1);

function maskEntries(
  x: Tensor,
  flags: Uint8Array,
  shape: Shape,
  place: number,
  before: readonly Entry[],
  make: Make,
): Tensor[] {
  if (shape.length === 0) fail(`item ${place} is a 0-d mask: it says nothing of any dimension`, x);
  const rest = before.some((e) => e.kind === 'rest');
  if (!rest) {
    const first = before.filter((e) => e.kind !== 'axis').length;
    shape.forEach((n, i) => {
      const size = x.shape[first + i];
      if (size === n || size === undefined) return;
      fail(
        `item ${place}, a mask of shape ${formatShape(shape)}, has ${n} elements along ` +
          `dimension ${first + i} of size ${size}`,
        x,
      );
    });
  }
  const places: number[][] = shape.map(() => []);
  const at = shape.map(() => 0);
  for (const flag of flags) {
    if (flag !== 0) for (const [d, i] of at.entries()) places[d].push(i);
    for (let d = shape.length - 1; d >= 0; d--) {
      if (++at[d] < shape[d]) break;
      at[d] = 0;
    }
  }
  return places.map((p) => make(Int32Array.from(p), 'int32', [p.length], x.device));
}

const ALL: Slice = { start: null, end: null, step: 1 };
const takesDim = (e: Entry): boolean => e.kind !== 'axis' && e.kind !== 'rest';

/** Replaces `'...'` (at the end, if there is none) by slices of all remaining dimensions. */
function fillRest(x: Tensor, entries: readonly Entry[]): Entry[] {
  const taken = entries.filter(takesDim).length;
  const rests = entries.filter((e) => e.kind === 'rest').length;
  if (rests > 1) fail("an index can hold only one '...'", x);
  if (taken > x.rank) {
    fail(`${taken} indices for a tensor of rank ${x.rank}`, x, 'null adds an axis');
  }
  const fill = Array.from({ length: x.rank - taken }, (): Entry => ({ kind: 'slice', slice: ALL }));
  if (rests === 0) return [...entries, ...fill];
  return entries.flatMap((e) => (e.kind === 'rest' ? fill : [e]));
}

// ---- numbers, slices and new axes: one view

/** The view before arrays are applied: picked dimensions gone, new ones there. */
function basicView(x: Tensor, entries: readonly Entry[]): Tensor {
  const start: number[] = [];
  const step: number[] = [];
  const size: number[] = [];
  const shape: number[] = [];
  for (const e of entries) {
    if (e.kind === 'axis') {
      shape.push(1);
      continue;
    }
    const dim = start.length;
    const n = x.shape[dim];
    if (e.kind === 'pick') {
      start.push(normalize(e.index, n, dim, e.place, x));
      step.push(1);
      size.push(1);
      continue;
    }
    const [from, by, count] = e.kind === 'slice' ? resolve(e.slice, n) : [0, 1, n];
    start.push(count === 0 ? 0 : from);
    step.push(by);
    size.push(count);
    shape.push(count);
  }
  const whole = size.every((n, d) => n === x.shape[d] && step[d] === 1);
  return ops.reshape(whole ? x : ops.slice(x, start, step, size), shape) as Tensor;
}

function normalize(i: number, n: number, dim: number, place: number, x: Tensor): number {
  if (!Number.isInteger(i)) fail(`item ${place}, ${i}, is not a whole number`, x);
  const k = i < 0 ? i + n : i;
  if (k >= 0 && k < n) return k;
  return outOfRange(i, n, dim, place, x);
}

function outOfRange(i: number, n: number, dim: number, place: number, x: Tensor): never {
  return fail(
    `index ${i} (item ${place}) is out of range for dimension ${dim} of size ${n}`,
    x,
    n === 0 ? 'the dimension is empty' : `use ${-n} to ${n - 1}`,
  );
}

/** Python's rule: first index, step, number of elements. */
function resolve(s: Slice, n: number): [number, number, number] {
  const { step } = s;
  const low = step < 0 ? -1 : 0;
  const high = step < 0 ? n - 1 : n;
  const bound = (b: number) => Math.min(high, Math.max(low, b < 0 ? b + n : b));
  const from = s.start === null ? (step < 0 ? high : low) : bound(s.start);
  const to = s.end === null ? (step < 0 ? low : high) : bound(s.end);
  return [from, step, Math.max(0, Math.ceil((to - from) / step))];
}

// ---- arrays: one gather

function pickArrays(view: Tensor, entries: readonly Entry[]): Tensor {
  const dims: number[] = [];
  const indices: Tensor[] = [];
  let dim = 0;
  let source = 0;
  for (const e of entries) {
    if (e.kind === 'array') {
      indices.push(checkRange(e.index, view.shape[dim], source, e.place, view));
      dims.push(dim);
    }
    if (e.kind !== 'pick') dim++;
    if (e.kind !== 'axis') source++;
  }
  const shape = broadcastIndices(indices, view);
  const lead = leading(entries);
  if (indices.length === 1 && lead === dims[0]) return selectAlong(view, lead, indices[0]);
  const picked = gatherAt(view, dims, indices, shape);
  // The gather leaves the indexed dimensions in front, where NumPy has them if other items stood
  // between the arrays and numbers; else they go where the first of those stood.
  if (lead === 0) return picked;
  const rank = shape.length;
  const order = Array.from({ length: picked.rank }, (_, d) =>
    d < lead ? rank + d : d < lead + rank ? d - lead : d,
  );
  return ops.permute(picked, order) as Tensor;
}

/** One array: its dimensions take the place of dimension `dim`. */
function selectAlong(view: Tensor, dim: number, index: Tensor): Tensor {
  const flat = ops.reshape(index, [index.numel]);
  const shape = view.shape.toSpliced(dim, 1, ...index.shape);
  return ops.reshape(ops.indexSelect(view, dim, flat), shape) as Tensor;
}

/** How many dimensions stand before those of the arrays; 0 if items stand between them. */
function leading(entries: readonly Entry[]): number {
  const at = entries.flatMap((e, i) => (e.kind === 'array' || e.kind === 'pick' ? [i] : []));
  const adjacent = at.every((i, k) => i === at[0] + k);
  return adjacent ? at[0] : 0;
}

function broadcastIndices(indices: readonly Tensor[], view: Tensor): Shape {
  return indices
    .map((t): Shape => t.shape)
    .reduce((a, b) => {
      const both = broadcastShapes(a, b);
      if (both !== null) return both;
      return fail(
        `index arrays of shapes ${indices.map((t) => formatShape(t.shape)).join(' and ')} do not broadcast`,
        view,
      );
    });
}

function gatherAt(
  view: Tensor,
  dims: readonly number[],
  indices: readonly Tensor[],
  shape: Shape,
): Tensor {
  const sizes = dims.map((d) => view.shape[d]);
  const others = view.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const kept = others.map((d) => view.shape[d]);
  const wide = numelOf(sizes) > 2 ** 31 - 1;
  let linear: ops.Value | null = null;
  for (const [i, index] of indices.entries()) {
    const own = wide ? ops.cast(index, 'int64') : index;
    linear = linear === null ? own : ops.add(ops.mul(linear, sizes[i]), own);
  }
  const flat = ops.reshape(ops.expand(linear as ops.Value, shape), [numelOf(shape)]);
  const front = ops.permute(view, [...dims, ...others]);
  const merged = ops.reshape(front, [numelOf(sizes), ...kept]);
  return ops.reshape(ops.indexSelect(merged, 0, flat), [...shape, ...kept]) as Tensor;
}

/**
 * The index with its negative entries counted from the front. While a function is recorded the entries
 * are not known: those out of range become one that no dimension has, so that the gather tells of it.
 */
function checkRange(index: Tensor, n: number, dim: number, place: number, x: Tensor): Tensor {
  if (isUnknown(index)) {
    const i = ops.cast(index, 'int64');
    const counted = ops.where(ops.lt(i, 0), ops.add(i, n), i);
    const outside = ops.logicalOr(ops.lt(counted, 0), ops.ge(counted, n));
    return ops.where(outside, Math.max(1, numelOf(x.shape)), counted) as Tensor;
  }
  let negative = false;
  for (const i of index.data({ copy: false }) as Int32Array) {
    if (i < -n || i >= n) outOfRange(i, n, dim, place, x);
    negative ||= i < 0;
  }
  return negative ? (ops.where(ops.lt(index, 0), ops.add(index, n), index) as Tensor) : index;
}
