/**
 * Numbers that came from open sizes, recognised by the stand-ins in them: whole ones as sums of
 * products of sizes, fractions such as `1 / (batch * 10)` and `1 / sqrt(len)`.
 */
import { isShort, ratioOf, simplest } from './ratios.ts';
import { isWellKnown, SMALLEST } from './sizes.ts';

/** A number that depends on open sizes. */
export interface SizeExpression {
  /** As `10*batch+1`. */
  readonly text: string;
  /** It was whole at the stand-in, by division: where it is not whole it cannot be told. */
  readonly divided?: boolean;
  at(size: (name: string) => number): number;
}

/** A product of open sizes. */
interface Monomial {
  readonly names: readonly string[];
  readonly value: number;
}

/** Added to or taken from a multiple of a size at most. */
const OFFSET = 64;
/** With an offset, no size comes more often than this. */
const TIMES = 4096;
/** Sizes are divided into so many parts at most, and as much is added before. */
const PARTS = 8;

export class Recogniser {
  /** Products of up to three sizes, the longest first. */
  private readonly monomials: readonly Monomial[];
  private readonly found = new Map<number, SizeExpression | null>();
  private readonly foundParts = new Map<number, SizeExpression | null>();

  private readonly sizes: ReadonlyMap<string, number>;

  constructor(sizes: ReadonlyMap<string, number>) {
    this.sizes = sizes;
    const one: Monomial = { names: [], value: 1 };
    const times = (list: readonly Monomial[]): Monomial[] =>
      list.flatMap((m) =>
        [...sizes]
          .filter(([name]) => m.names.length === 0 || name >= (m.names.at(-1) as string))
          .map(([name, prime]) => ({ names: [...m.names, name], value: m.value * prime })),
      );
    const first = times([one]);
    const second = times(first);
    this.monomials = [...times(second), ...second, ...first];
  }

  /** What the number is of open sizes; null for a constant. */
  recognise(v: number): SizeExpression | null {
    if (this.monomials.length === 0 || !Number.isFinite(v) || v === 0) return null;
    let e = this.found.get(v);
    if (e === undefined) {
      if (v < 0) e = negated(this.recognise(-v));
      else e = Number.isInteger(v) ? this.whole(v) : this.fraction(v);
      this.found.set(v, e);
    }
    return e;
  }

  /** What a number among operands is of open sizes, where whole ones may be parts of sizes too. */
  operand(v: number): SizeExpression | null {
    return this.recognise(v) ?? (v < 0 ? negated(this.part(-v)) : this.part(v));
  }

  /** A number that reads as made of an open size, and of which nobody can tell how. */
  isSuspicious(v: number): boolean {
    if (this.operand(v) !== null) return false;
    const size = Math.abs(v);
    return [size, 1 / size, 1 / Math.abs(1 - size)].some((x) => this.isNear(x));
  }

  private isNear(x: number): boolean {
    if (!Number.isFinite(x) || x < SMALLEST / 4 - OFFSET) return false;
    if (isShort(x, 3) || isShort(1 / x, 3) || isWellKnown(x)) return false;
    return this.monomials.some(({ value }) =>
      [1, 2, 3, 4, 1 / 2, 1 / 3, 1 / 4].some((c) => Math.abs(x - c * value) <= OFFSET),
    );
  }

  /** A whole number that is a part of a product of sizes, as (n-1)/2. */
  private part(v: number): SizeExpression | null {
    if (!Number.isInteger(v) || v < SMALLEST / 8 - 1) return null;
    let e = this.foundParts.get(v);
    if (e === undefined) {
      e = isShort(v, 2) || isWellKnown(v) ? null : this.partOf(v);
      this.foundParts.set(v, e);
    }
    return e;
  }

  private partOf(v: number): SizeExpression | null {
    for (let d = 2; d <= PARTS; d++) {
      for (const m of this.monomials) {
        const a = Math.round((v * d) / m.value);
        const b = v * d - a * m.value;
        if (a < 1 || a > PARTS || Math.abs(b) > PARTS) continue;
        const inner = linear([[a, m]], b);
        return {
          text: `(${inner.text})/${d}`,
          divided: true,
          at: (size) => inner.at(size) / d,
        };
      }
    }
    return null;
  }

  /** Whether a number is a whole multiple of sizes, or one next to it: no accident. */
  isMultiple(v: number): boolean {
    if (v < SMALLEST - 2 || !Number.isInteger(v)) return false;
    return this.monomials.some(({ names, value }) => {
      const c = Math.round(v / value);
      return v === c * value || (names.length === 1 && c <= 4 && Math.abs(v - c * value) <= 2);
    });
  }

  /** A fraction of an open size that was rounded, such as its half: it cannot be followed. */
  isRounded(v: number): boolean {
    if (!Number.isInteger(v) || v < SMALLEST / 8 || this.recognise(v) !== null) return false;
    const near = (x: number): boolean => Math.abs(x - v) <= 2;
    return this.monomials.some(
      (m) =>
        m.names.length === 1 &&
        [2, 3, 4, 8].some((d) => [1, 2, 3, 5].some((a) => near((a * m.value) / d))),
    );
  }

  private whole(v: number): SizeExpression | null {
    if (v < SMALLEST - OFFSET) return null;
    return this.multiple(v) ?? this.shifted(v) ?? this.sum(v);
  }

  /** `c * m` */
  private multiple(v: number): SizeExpression | null {
    const m = this.monomials.find((k) => v % k.value === 0);
    if (m === undefined) return null;
    const c = v / m.value;
    const inner = this.whole(c) ?? this.part(c);
    if (inner === null) return linear([[c, m]], 0);
    const text = `${nameOf(m)}*(${inner.text})`;
    const { divided } = inner;
    return { text, divided, at: (size) => product(m, size) * inner.at(size) };
  }

  /** `c * m + b`, or `c * (m + b)` */
  private shifted(v: number): SizeExpression | null {
    let best: { c: number; m: Monomial; b: number } | null = null;
    for (const m of this.monomials) {
      const c = Math.round(v / m.value);
      const b = v - c * m.value;
      if (c < 1 || c > TIMES || Math.abs(b) > OFFSET) continue;
      if (best === null || Math.abs(b) < Math.abs(best.b)) best = { c, m, b };
    }
    if (best !== null) return linear([[best.c, best.m]], best.b);
    for (const m of this.monomials) {
      for (let b = 1; b <= 16; b++) {
        for (const n of [m.value + b, m.value - b]) {
          if (v % n !== 0 || v / n > TIMES) continue;
          return linear([[v / n, m]], (v / n) * (n - m.value));
        }
      }
    }
    return null;
  }

  /** `a * m + b * n + d` of two products */
  private sum(v: number): SizeExpression | null {
    for (const m of this.monomials) {
      for (let a = 1; a <= 8; a++) {
        const rest = v - a * m.value;
        if (rest < SMALLEST - OFFSET) break;
        for (const n of this.monomials) {
          const b = Math.round(rest / n.value);
          const d = rest - b * n.value;
          if (n === m || b < 1 || b > 8 || Math.abs(d) > 8) continue;
          return linear(
            [
              [a, m],
              [b, n],
            ],
            d,
          );
        }
      }
    }
    return null;
  }

  /** Whether it came from no size: a fraction of others is not one of this size alone. */
  private isPlain(n: number): boolean {
    return this.operand(n) === null;
  }

  private fraction(v: number): SizeExpression | null {
    const given = this.fractionOfProduct(v);
    const exact = given?.at((name) => this.sizes.get(name) as number) === v;
    return (exact ? given : null) ?? this.ratio(v) ?? given ?? this.inverse(v);
  }

  /** `c * (a n + b) / (d n + e)` of one size */
  private ratio(v: number): SizeExpression | null {
    for (const [name, prime] of this.sizes) {
      const r = ratioOf(v, name, prime);
      if (r !== null) return { text: r.text, at: (size) => r.at(size(name)) };
    }
    // A count of elements by one less, or the other way round.
    const apart = v - 1;
    const count = Math.abs(Math.round(1 / apart));
    if (count < SMALLEST - OFFSET || count > 2 ** 26) return null;
    for (const n of [count, count + 1, count - 1]) {
      const sign = Math.sign(apart);
      const e = (n + sign) / n === v || 1 + sign / n === v ? this.whole(n) : null;
      if (e === null) continue;
      const text = `(${e.text}${sign < 0 ? '-' : '+'}1)/(${e.text})`;
      return { text, at: (size) => (e.at(size) + sign) / e.at(size) };
    }
    return null;
  }

  private fractionOfProduct(v: number): SizeExpression | null {
    for (const m of this.monomials) {
      const of = (q: number): readonly [number, number] | null => {
        const r = simplest(q);
        return r === null || !r.every((n) => this.isPlain(n)) ? null : r;
      };
      const size = (at: (name: string) => number) => product(m, at);
      const name = nameOf(m);
      let r = of(v * m.value);
      if (r !== null) {
        const [a, b] = r;
        return { text: `${a}/(${timesText(b, name)})`, at: (s) => a / (b * size(s)) };
      }
      r = of(v * v * m.value);
      if (r !== null) {
        const [a, b] = r;
        return {
          text: `sqrt(${a}/(${timesText(b, name)}))`,
          at: (s) => Math.sqrt(a / (b * size(s))),
        };
      }
      r = short(v / m.value);
      if (r !== null) {
        const [a, b] = r;
        return { text: `${a}*${name}/${b}`, at: (s) => (a * size(s)) / b };
      }
      r = short((v * v) / m.value);
      if (r !== null) {
        const [a, b] = r;
        return { text: `sqrt(${a}*${name}/${b})`, at: (s) => Math.sqrt((a * size(s)) / b) };
      }
    }
    return null;
  }

  /** `c / (a * n + b)`, such as the divisor of a variance */
  private inverse(v: number): SizeExpression | null {
    for (let c = 1; c <= 16; c++) {
      const w = c / v;
      const n = Math.round(w);
      if (n < SMALLEST - OFFSET || Math.abs(w - n) > w * 2 ** -50) continue;
      // One by a whole number is no six by six times that.
      if (c > 4 && n % c === 0) continue;
      const e = this.whole(n);
      if (e !== null) return { text: `${c}/(${e.text})`, at: (s) => c / e.at(s) };
    }
    return null;
  }
}

const product = (m: Monomial, at: (name: string) => number): number =>
  m.names.reduce((n, name) => n * at(name), 1);

const nameOf = (m: Monomial): string => m.names.join('*');
const timesText = (c: number, name: string): string => (c === 1 ? name : `${c}*${name}`);

function linear(terms: readonly (readonly [number, Monomial])[], b: number): SizeExpression {
  const sum = terms.map(([c, m]) => timesText(c, nameOf(m))).join('+');
  return {
    text: b === 0 ? sum : `${sum}${b < 0 ? '' : '+'}${b}`,
    at: (size) => terms.reduce((n, [c, m]) => n + c * product(m, size), b),
  };
}

const negated = (e: SizeExpression | null): SizeExpression | null =>
  e === null ? null : { ...e, text: `-(${e.text})`, at: (size) => -e.at(size) };

/** A fraction of few digits only. */
function short(q: number): readonly [number, number] | null {
  const r = simplest(q);
  return r !== null && r[0] <= 64 && r[1] <= 64 ? r : null;
}
