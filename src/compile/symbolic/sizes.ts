/**
 * Open sizes. While a graph is built an open size is a number, as every size is: a prime that stands
 * in for it. What comes out of arithmetic with it is recognised afterwards (see recognise.ts).
 */
import { ValueError } from '../../base/index.ts';

/** The stand-in of each name. Names mean the same in every graph. */
const primes = new Map<string, number>();

/**
 * Stand-ins start here: above the sizes of most tensors, and low enough for the product of three,
 * and eight times that, to be an exact integer.
 */
export const SMALLEST = 70_000;
/** Stand-ins lie apart, so that sums with small numbers are not confused. */
const APART = 500;

/** Numbers that programs hold and that no stand-in may explain. */
const WELL_KNOWN = [
  ...Array.from({ length: 40 }, (_, i) => 2 ** i).flatMap((n) => [n - 1, n, n + 1]),
  ...Array.from({ length: 12 }, (_, i) => 10 ** i).flatMap((n) => [n, 2 * n, 5 * n]),
  65504,
  150528,
  100352,
  3628800,
  128256,
  86400,
];

/** Whether programs hold it, and it says nothing of sizes. */
export const isWellKnown = (v: number): boolean => WELL_KNOWN.includes(v);

/** The stand-in of an open size. */
export function standIn(name: string): number {
  const known = primes.get(name);
  if (known !== undefined) return known;
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new ValueError({
      op: 'placeholder',
      problem: `'${name}' is no name of a size`,
      remedy: "use letters, digits and _, as in 'batch'",
    });
  }
  let n = Math.max(SMALLEST, ...primes.values()) + APART + 1;
  while (!isPrime(n) || WELL_KNOWN.some((k) => explains(n, k)) || readsAsDecimal(n)) n++;
  primes.set(name, n);
  return n;
}

/** Names and stand-ins of every open size there is. */
export const openSizes = (): ReadonlyMap<string, number> => primes;

/** Whether `k` would be taken for a small multiple of `n` and a little. */
const explains = (n: number, k: number): boolean =>
  k > n - 64 && Math.abs(k - Math.round(k / n) * n) <= 64;

const SMALL = [1, 2, 3, 4, 5, 6, 7, 8];

/**
 * Whether a part of it is a number of two digits and zeros, or fractions of it and of small numbers
 * may be short decimals.
 */
const readsAsDecimal = (n: number): boolean =>
  SMALL.some((d) =>
    SMALL.some((a) => {
      const part = (a * n) / d;
      if (a % d !== 0 && Math.abs(part - Number(part.toPrecision(2))) <= 2) return true;
      return [d * n + a, d * n - a].some((k) => withoutTens(k) < 1000);
    }),
  );

function withoutTens(n: number): number {
  let k = n;
  for (const p of [2, 5]) while (k % p === 0) k /= p;
  return k;
}

function isPrime(n: number): boolean {
  if (n % 2 === 0) return false;
  for (let d = 3; d * d <= n; d += 2) if (n % d === 0) return false;
  return true;
}
