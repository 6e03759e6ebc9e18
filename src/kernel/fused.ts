/** Multiply-add rounded once, in plain JavaScript. */

/** fround(a * b + c) of float32 values, with one rounding. */
export function fma32(a: number, b: number, c: number): number {
  // The product is exact in float64. Rounding the sum to odd keeps the second rounding correct.
  const product = a * b;
  const sum = product + c;
  if (!Number.isFinite(sum)) return Math.fround(sum);
  const part = sum - product;
  const error = product - (sum - part) + (c - part);
  if (error === 0) return Math.fround(sum);
  bits.setFloat64(0, sum);
  const word = bits.getBigInt64(0);
  if ((word & 1n) === 0n) bits.setBigInt64(0, error > 0 === sum > 0 ? word + 1n : word - 1n);
  return Math.fround(bits.getFloat64(0));
}

/** a * b + c of float64 values, with one rounding. */
export function fma64(a: number, b: number, c: number): number {
  if (!Number.isFinite(a) || !Number.isFinite(b) || a === 0 || b === 0) return a * b + c;
  if (!Number.isFinite(c)) return c;
  const x = decompose(a);
  const y = decompose(b);
  const z = decompose(c);
  const product = { mantissa: x.mantissa * y.mantissa, exponent: x.exponent + y.exponent };
  const exponent = Math.min(product.exponent, z.exponent);
  const sum =
    (product.mantissa << BigInt(product.exponent - exponent)) +
    (z.mantissa << BigInt(z.exponent - exponent));
  return sum < 0n ? -compose(-sum, exponent) : compose(sum, exponent);
}

const bits = new DataView(new ArrayBuffer(8));
const FRACTION = (1n << 52n) - 1n;
const LEAST_EXPONENT = -1074;

/** x = mantissa * 2^exponent exactly. */
function decompose(x: number): { mantissa: bigint; exponent: number } {
  bits.setFloat64(0, x);
  const word = bits.getBigUint64(0);
  const biased = Number((word >> 52n) & 0x7ffn);
  const fraction = word & FRACTION;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return {
    mantissa: x < 0 ? -mantissa : mantissa,
    exponent: LEAST_EXPONENT + Math.max(biased, 1) - 1,
  };
}

/** mantissa * 2^exponent, rounded half to even; the mantissa is not negative. */
function compose(mantissa: bigint, exponent: number): number {
  const length = mantissa.toString(2).length;
  const drop = Math.max(length - 53, LEAST_EXPONENT - exponent, 0);
  let kept = mantissa >> BigInt(drop);
  const rest = mantissa - (kept << BigInt(drop));
  const half = drop === 0 ? 1n : 1n << BigInt(drop - 1);
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  let power = exponent + drop;
  let value = Number(kept);
  for (; power > 1000 && Number.isFinite(value); power -= 900) value *= 2 ** 900;
  // Exact: the power is at least the least exponent, and `kept` has at most 53 bits.
  return value * 2 ** power;
}
