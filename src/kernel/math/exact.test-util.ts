/**
 * The functions in BigInt fixed point, 2^-SCALE a unit: references far more exact than float64,
 * denormals included. Plain series; slow (about a millisecond a value).
 */
import { toFixed } from './ulp.test-util.ts';

export const SCALE = 1280;
const S = BigInt(SCALE);
const ONE = 1n << S;

const mul = (a: bigint, b: bigint): bigint => (a * b) >> S;
const div = (a: bigint, b: bigint): bigint => (a << S) / b;

/** 2 atanh(p/q), |p/q| < 1. */
function atanh2(p: bigint, q: bigint): bigint {
  const s = div(p, q);
  const z = mul(s, s);
  let sum = 0n;
  let power = s;
  for (let k = 1n; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k;
    power = mul(power, z);
  }
  return 2n * sum;
}

const LN2 = atanh2(1n, 3n);

/** arctan(1/n). */
function arcCot(n: bigint): bigint {
  let sum = 0n;
  let power = ONE / n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += (k & 2n) === 0n ? power / k : -(power / k);
    power /= n * n;
  }
  return sum;
}

/** Machin's formula. */
const PI = 16n * arcCot(5n) - 4n * arcCot(239n);

function nearest(a: bigint, b: bigint): bigint {
  const doubled = (2n * a) / b;
  return doubled >= 0n ? (doubled + 1n) / 2n : (doubled - 1n) / 2n;
}

/** exp of a fixed-point number minus 1. */
function expm1Fixed(x: bigint): bigint {
  const n = nearest(x, LN2);
  const r = x - n * LN2;
  let sum = 0n;
  let term = r;
  for (let k = 2n; term !== 0n && term !== -1n; k++) {
    sum += term;
    term = mul(term, r) / k;
  }
  if (n === 0n) return sum;
  const whole = sum + ONE;
  return (n > 0n ? whole << n : whole >> -n) - ONE;
}

function lnFixed(x: bigint): bigint {
  const k = BigInt(x.toString(2).length - 1) - S;
  const m = k >= 0n ? x : x << -k;
  const unit = k >= 0n ? ONE << k : ONE;
  // m / unit is in [1, 2).
  return atanh2(m - unit, m + unit) + k * LN2;
}

/** sin(x + quarter * pi/2). */
function sinFixed(x: bigint, quarter: bigint): bigint {
  const n = nearest(2n * x, PI);
  const r = x - (n * PI) / 2n;
  const turn = BigInt.asUintN(2, n + quarter);
  const odd = (turn & 1n) === 1n;
  const z = mul(r, r);
  let sum = 0n;
  let term = odd ? ONE : r;
  for (let k = odd ? 2n : 3n; term !== 0n && term !== -1n; k += 2n) {
    sum += term;
    term = -mul(term, z) / (k * (k - 1n));
  }
  return turn >= 2n ? -sum : sum;
}

function squareRoot(n: bigint): bigint {
  let x = 1n << BigInt((n.toString(2).length / 2 + 1) | 0);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

const TWO_BY_ROOT_PI = div(2n * ONE, squareRoot(PI << S));

function erfFixed(x: bigint): bigint {
  const z = mul(x, x);
  let sum = 0n;
  let term = x;
  for (let k = 1n; term !== 0n && term !== -1n; k++) {
    sum += term / (2n * k - 1n);
    term = -mul(term, z) / k;
  }
  return mul(sum, TWO_BY_ROOT_PI);
}

const fixed = (x: number): bigint => toFixed(x, SCALE);

/** f(x) as a multiple of 2^-SCALE; arguments finite and inside the domain. */
export const EXACT = {
  exp: (x: number) => expm1Fixed(fixed(x)) + ONE,
  expm1: (x: number) => expm1Fixed(fixed(x)),
  log: (x: number) => lnFixed(fixed(x)),
  log1p: (x: number) =>
    Math.abs(x) < 0.4 ? atanh2(fixed(x), 2n * ONE + fixed(x)) : lnFixed(ONE + fixed(x)),
  sin: (x: number) => sinFixed(fixed(x), 0n),
  cos: (x: number) => sinFixed(fixed(x), 1n),
  tanh: (x: number) => {
    const e = expm1Fixed(2n * fixed(x));
    return div(e, e + 2n * ONE);
  },
  erf: (x: number) => erfFixed(fixed(x)),
  pow: (x: number, y: number) => expm1Fixed(mul(lnFixed(fixed(x)), fixed(y))) + ONE,
} as const;
