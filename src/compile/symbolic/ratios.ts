/**
 * Numbers that came from one open size by division: `c * (a n + b) / (d n + e)` of small numbers. A
 * form counts if it gives the number to the last bit in an order of evaluation that programs use, and
 * is evaluated in that order at each call.
 */

/** The number as a function of the size, as JavaScript evaluates it. */
export interface Ratio {
  readonly text: string;
  at(n: number): number;
}

interface Form extends Ratio {
  readonly cost: number;
}

/** Coefficients, and offsets below and above. */
const MOST = 8;
/** What is added above a plain multiple, or to one. */
const SHIFT = 64;

/** What is done with a ratio before it is seen. */
interface Wrap {
  readonly text: (inner: string) => string;
  readonly undo: (v: number) => number;
  readonly apply: (x: number) => number;
}

const WRAPS: readonly Wrap[] = [
  { text: (s) => s, undo: (v) => v, apply: (x) => x },
  { text: (s) => `sqrt(${s})`, undo: (v) => v * v, apply: Math.sqrt },
  { text: (s) => `1/sqrt(${s})`, undo: (v) => 1 / (v * v), apply: (x) => 1 / Math.sqrt(x) },
];

/** The simplest form of a positive number; null if there is none. `n` stands in for the size. */
export function ratioOf(v: number, name: string, n: number): Ratio | null {
  // A decimal that somebody wrote.
  if (Number(v.toPrecision(4)) === v) return null;
  // And a fraction of small numbers.
  const simple = simplest(v);
  if (simple !== null && simple.every((k) => k <= 8000)) return null;
  let best: Form | null = null;
  for (const wrap of WRAPS) {
    const bare = wrap !== WRAPS[0];
    for (const f of forms(wrap.undo(v), name, n, bare)) {
      // A root is about the ratio of other numbers, to the last bit at times: the shorter one is it.
      const cost = f.cost + (bare ? 1 : 0);
      if (wrap.apply(f.at(n)) !== v || (best !== null && cost >= best.cost)) continue;
      best = { text: wrap.text(f.text), cost, at: (size) => wrap.apply(f.at(size)) };
    }
  }
  return best;
}

/** Forms that are about `q`; `bare` ones have no factor, and little is added. */
function* forms(q: number, name: string, n: number, bare: boolean): Generator<Form> {
  for (let d = 0; d <= MOST; d++) {
    for (let a = d === 0 ? 1 : 0; a <= MOST; a++) {
      for (const c of bare ? [1] : factors(q, a, d, n)) {
        for (let e = d === 0 ? 1 : -MOST; e <= (bare && d === 0 ? 1 : MOST); e++) {
          const under = (q / c) * (d * n + e);
          const b = Math.round(under - a * n);
          const limit = !bare && (d === 0 || e === 0) ? SHIFT : MOST;
          if (Math.abs(b) > limit || a * e === b * d || (a === 0 && b !== 1)) continue;
          yield* orders(name, c, a, b, d, e);
        }
      }
    }
  }
}

/** Short decimals that the number may have been multiplied by. */
function factors(q: number, a: number, d: number, n: number): Set<number> {
  const close = d === 0 ? SHIFT : 3 * SHIFT;
  const found = new Set<number>();
  for (let e = 1; e <= (d === 0 ? MOST : 1); e++) {
    const near = (q * (d === 0 ? e : a === 0 ? d * n : d)) / (a === 0 ? 1 : d === 0 ? a * n : a);
    if (near < (d === 0 ? 0.05 : 1e-9) || near > 100) continue;
    for (let digits = 1; digits <= 2; digits++) {
      const c = Number(near.toPrecision(digits));
      if (Math.abs(near / c - 1) * n <= close) found.add(c);
    }
  }
  return found;
}

/** Ways to write it down. */
function* orders(
  name: string,
  c: number,
  a: number,
  b: number,
  d: number,
  e: number,
): Generator<Form> {
  const size = a + Math.abs(b) + d + Math.abs(e) + (c === 1 ? 0 : 2 + String(c).length);
  const num = sumText(a, name, b);
  const den = sumText(d, name, e);
  const over = (n: number): number => a * n + b;
  const under = (n: number): number => d * n + e;
  const text = d === 0 && e === 1 ? `${c}*(${num})` : `${c === 1 ? '' : `${c}*`}(${num})/(${den})`;
  yield { text, cost: size, at: (n) => (c * over(n)) / under(n) };
  if (c !== 1) {
    yield { text: `${c}*((${num})/(${den}))`, cost: size, at: (n) => c * (over(n) / under(n)) };
    const parts = Math.round(1 / c);
    if (parts > 1 && Math.abs(parts * c - 1) < 1e-15) {
      yield {
        text: `(${num})/(${den})/${parts}`,
        cost: size,
        at: (n) => over(n) / under(n) / parts,
      };
    }
  }
  if (d === 0) {
    const [k, r] = [(c * a) / e, (c * b) / e];
    yield { text, cost: size + 0.5, at: (n) => (c * a * n) / e + r };
    yield { text, cost: size + 0.5, at: (n) => k * n + r };
    yield { text, cost: size + 0.5, at: (n) => k * (n + b / a) };
    return;
  }
  // A constant and a little: 1 - 1/n
  const [k, r] = [a / d, b - (a * e) / d];
  yield { text, cost: size + 0.5, at: (n) => c * k + (c * r) / under(n) };
  yield { text, cost: size + 0.5, at: (n) => c * k + (c * (r / d)) / (n + e / d) };
  yield { text, cost: size + 0.5, at: (n) => c * (k + r / under(n)) };
  yield { text, cost: size + 0.5, at: (n) => c * k + c * r * (1 / under(n)) };
}

const sumText = (a: number, name: string, b: number): string => {
  if (a === 0) return String(b);
  const first = a === 1 ? name : `${a}*${name}`;
  return b === 0 ? first : `${first}${b < 0 ? '' : '+'}${b}`;
};

/** The simplest fraction that is `q` to the last bits, if it is simple; by continued fractions. */
export function simplest(q: number): readonly [number, number] | null {
  let [a0, b0, a1, b1] = [0, 1, 1, 0];
  let x = q;
  for (let i = 0; i < 20; i++) {
    const n = Math.floor(x);
    [a0, a1] = [a1, n * a1 + a0];
    [b0, b1] = [b1, n * b1 + b0];
    if (a1 * b1 > 2 ** 26) return null;
    if (a1 > 0 && Math.abs(a1 / b1 - q) <= q * 2 ** -50) return [a1, b1];
    if (x === n) return null;
    x = 1 / (x - n);
  }
  return null;
}

/** Whether it is a number of few digits, give or take what float32 rounds. */
export const isShort = (v: number, digits: number): boolean =>
  Math.abs(Number(v.toPrecision(digits)) / v - 1) < 2 ** -22;
