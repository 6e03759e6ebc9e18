/** Errors in units in the last place, and sweeps over the floats. */

const f64 = new Float64Array(1);
const words = new Uint32Array(f64.buffer);

/** Both infinite, both NaN, or zeros of one sign: an error of 0; else one that no bound admits. */
const WRONG = 1e9;

function ulpExponent(reference: number, fraction: number, least: number): number {
  f64[0] = reference;
  const exponent = ((words[1] >>> 20) & 0x7ff) - 1023;
  return Math.max(exponent - fraction, least);
}

/** Distance of a float32 from the true value (a float64), in float32 ULPs of the true value. */
export function ulpError32(got: number, reference: number): number {
  if (Number.isNaN(reference) || Number.isNaN(got)) return Object.is(got, reference) ? 0 : WRONG;
  const rounded = Math.fround(reference);
  if (rounded === 0 && got === 0) return Object.is(got, rounded) ? 0 : WRONG;
  if (got === rounded && !Number.isFinite(got)) return 0;
  if (!Number.isFinite(reference)) return WRONG;
  // A value beside the overflow threshold: infinity counts as 2^128.
  const value = Number.isFinite(got) ? got : Math.sign(got) * 2 ** 128;
  return Math.abs(value - reference) / 2 ** ulpExponent(reference, 23, -149);
}

/** The same for a float64 against `bits` * 2^-scale, the true value as a big fixed-point number. */
export function ulpError64(got: number, exact: bigint, scale: number): number {
  if (!Number.isFinite(got)) return WRONG;
  const size = exact < 0n ? -exact : exact;
  const exponent = size.toString(2).length - 1 - scale;
  const ulp = BigInt(Math.max(exponent - 52, -1074) + scale);
  const error = toFixed(got, scale) - exact;
  // Keep 20 bits below the ULP.
  return Number(((error < 0n ? -error : error) << 20n) >> ulp) / 2 ** 20;
}

/** A finite float64 times 2^scale, exactly (scale >= 1074). */
export function toFixed(x: number, scale: number): bigint {
  f64[0] = x;
  const biased = (words[1] >>> 20) & 0x7ff;
  const low = (BigInt(words[1] & 0xfffff) << 32n) | BigInt(words[0]);
  const significand = biased === 0 ? low : low | (1n << 52n);
  const shifted = significand << BigInt(Math.max(biased, 1) - 1075 + scale);
  return x < 0 ? -shifted : shifted;
}

export interface Worst {
  ulp: number;
  at: string;
}

/** Every `stride`-th float32 bit pattern, in chunks (the array is reused). */
export function* float32Sweep(stride: number, chunk = 1 << 18): Generator<Float32Array> {
  const bits = new Uint32Array(chunk);
  let used = 0;
  for (let pattern = 0; pattern < 2 ** 32; pattern += stride) {
    bits[used++] = pattern;
    if (used === chunk) {
      yield new Float32Array(bits.buffer);
      used = 0;
    }
  }
  if (used > 0) yield new Float32Array(bits.buffer, 0, used);
}

/** Reproducible uniform numbers in [0, 1) with 53 bits (a 64-bit linear congruence). */
export function uniform(seed: bigint): () => number {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 11n) / 2 ** 53;
  };
}
