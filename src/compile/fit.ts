/**
 * Numbers that depend on open sizes, from what they are at a few: an integer is an affine function of
 * the sizes; a constant of the graph may also be the reciprocal of one (a mean's), or n / (n - 1)
 * (an unbiased variance's).
 */

/** A number as a function of the open sizes; null where it fits none. */
export type Fitted = (sizes: readonly number[]) => number;

/** Values at sizes `s`, at `s` with the i-th doubled for each i, and at `3 s`. */
export interface Samples<T> {
  readonly base: T;
  readonly doubled: readonly T[];
  readonly tripled: T;
}

export const mapSamples = <T, U>(s: Samples<T>, f: (x: T) => U): Samples<U> => ({
  base: f(s.base),
  doubled: s.doubled.map(f),
  tripled: f(s.tripled),
});

export function allOf<T>({ base, doubled, tripled }: Samples<T>): T[] {
  return [base, ...doubled, tripled];
}

/** Forms `v = make(u)` of a number, with `u` affine. */
const FORMS: readonly { of(v: number): number; make(u: number): number }[] = [
  { of: (v) => v, make: (u) => u },
  { of: (v) => 1 / v, make: (u) => 1 / u },
  { of: (v) => 1 / (v - 1), make: (u) => (u + 1) / u },
];

/** The function of the sizes that gives these samples, or null. */
export function fitNumber(samples: Samples<number>, at: readonly number[]): Fitted | null {
  const { base } = samples;
  if (allOf(samples).every((v) => Object.is(v, base))) return () => base;
  const whole = allOf(samples).every(Number.isInteger);
  for (const { of, make } of whole ? FORMS.slice(0, 1) : FORMS) {
    const u = mapSamples(samples, of);
    // Doubling adds the size itself.
    const slopes = u.doubled.map((v, i) => round((v - u.base) / at[i]));
    const start = round(u.base - slopes.reduce((sum, a, i) => sum + a * at[i], 0));
    const fit: Fitted = (sizes) => make(slopes.reduce((sum, a, i) => sum + a * sizes[i], start));
    const three = at.map((n) => 3 * n);
    if (near(fit(three), samples.tripled) && near(fit(at), base)) return fit;
  }
  return null;
}

/** Slopes and starts are short decimals; what floats add to them is noise. */
const round = (x: number): number => {
  const y = Math.round(x * 2 ** 20) / 2 ** 20;
  return Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x)) ? y : x;
};

const near = (a: number, b: number): boolean =>
  a === b ||
  (Number.isFinite(a) &&
    Number.isFinite(b) &&
    Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b)));
