/** The reference loops of reductions. */
import { contiguousStrides, isInt, numelOf, type Type } from '../base/index.ts';
import { forEachIndex, type NdArray, ndZeros, setElement } from './nd-array.ts';

interface Step {
  /** The value of no elements; `null` starts with the first element. */
  readonly start: number | null;
  step(acc: number, x: number): number;
  big?(acc: bigint, x: bigint): bigint;
}

interface Reduced {
  readonly dims: readonly number[];
}

/** Where each element of `x` goes in an output reduced over `dims`: strides, 0 along `dims`. */
function outputStrides(x: NdArray, dims: readonly number[]): number[] {
  const kept = contiguousStrides(x.shape.map((n, d) => (dims.includes(d) ? 1 : n)));
  return kept.map((s, d) => (dims.includes(d) ? 0 : s));
}

/** Folds the elements along `attrs.dims` from the first to the last. */
export function reduceReference({ start, step, big }: Step) {
  return ([x]: readonly NdArray[], { dims }: Reduced, outputs: readonly Type[]): NdArray => {
    const out = ndZeros(outputs[0].shape, outputs[0].dtype);
    const exact = big !== undefined && isInt(x.dtype);
    const first = start === null ? null : exact ? BigInt(start) : start;
    const acc = new Array<number | bigint | null>(numelOf(out.shape)).fill(first);
    const own = contiguousStrides(x.shape);
    forEachIndex(x.shape, [own, outputStrides(x, dims)], (_, [from, to]) => {
      const a = acc[to];
      const value = x.data[from];
      if (exact) acc[to] = a === null ? BigInt(value) : big(a as bigint, BigInt(value));
      else acc[to] = a === null ? Number(value) : step(a as number, Number(value));
    });
    for (const [i, a] of acc.entries()) setElement(out, i, a ?? 0);
    return out;
  };
}

/** Position along `attrs.dims[0]` of the first element that beats all others; a NaN beats all. */
export function argReference(beats: (x: number | bigint, best: number | bigint) => boolean) {
  return ([x]: readonly NdArray[], { dims }: Reduced, outputs: readonly Type[]): NdArray => {
    const out = ndZeros(outputs[0].shape, outputs[0].dtype);
    const best = new Array<number | bigint | null>(numelOf(out.shape)).fill(null);
    const own = contiguousStrides(x.shape);
    forEachIndex(x.shape, [own, outputStrides(x, dims)], (_, [from, to], index) => {
      const value = x.data[from];
      const before = best[to];
      const wins =
        before === null || (!Number.isNaN(before) && (Number.isNaN(value) || beats(value, before)));
      if (!wins) return;
      best[to] = value;
      out.data[to] = index[dims[0]];
    });
    return out;
  };
}
