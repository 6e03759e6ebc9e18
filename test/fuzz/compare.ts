/** Two engines' results of one program, compared as its flags say. */
import { arrayOf, type DType, formatShape } from '../../src/base/index.ts';
import { ulpDistance } from '../../src/testing/tolerance.ts';
import type { Outcome, Result } from './fuzz.ts';

export interface Difference {
  readonly index: number;
  /** Times what is allowed. */
  readonly by: number;
  readonly what: string;
  readonly lines: readonly string[];
}

function elements(data: string, dtype: DType): ArrayLike<number | bigint> {
  const bytes = new Uint8Array(Buffer.from(data, 'base64'));
  return new (arrayOf(dtype))(bytes.buffer) as ArrayLike<number | bigint>;
}

/** The results that differ, the earliest first, and how far off the worst allowed one is. */
export function compare(
  got: Outcome,
  want: Outcome,
  bits: boolean,
): { differences: Difference[]; worst: number } {
  const { index } = got;
  const differences: Difference[] = [];
  const report = (by: number, what: string, lines = got.lines): void => {
    differences.push({ index, by, what, lines });
  };
  for (const what of got.wrong) report(Infinity, what);
  if (!bits) for (const what of want.wrong) report(Infinity, `reference: ${what}`, want.lines);
  if (differences.length > 0) return { differences, worst: 0 };
  const plan = (o: Outcome): string => [...o.lines, ...o.refused].join('\n');
  if (plan(got) !== plan(want) || got.results.length !== want.results.length) {
    report(Infinity, `another program:\n${plan(want)}`);
    return { differences, worst: 0 };
  }
  let worst = 0;
  for (const [k, a] of got.results.entries()) {
    const b = want.results[k];
    const { by, what } = bits ? sameBits(a, b) : distance(a, b);
    if (by <= 1) worst = Math.max(worst, by);
    else {
      const text = `${a.name} ${a.dtype}${formatShape(a.shape)} (${a.flag}): ${what}`;
      const lines = a.needs.map((i) => got.lines[i]);
      report(by, text, lines);
      break; // what follows depends on it
    }
  }
  return { differences, worst };
}

interface Distance {
  readonly by: number;
  readonly what: string;
}
const NONE: Distance = { by: 0, what: '' };

function sameBits(a: Result, b: Result): Distance {
  if (a.data === b.data && a.dtype === b.dtype) return NONE;
  const [xs, ys] = [elements(a.data, a.dtype), elements(b.data, b.dtype)];
  const i = Array.from(xs).findIndex((x, k) => !Object.is(x, ys[k]));
  return i < 0 ? NONE : { by: Infinity, what: `element ${i}: ${xs[i]} and ${ys[i]}` };
}

function distance(a: Result, b: Result): Distance {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) {
    return { by: Infinity, what: `instead of ${b.dtype}${formatShape(b.shape)}` };
  }
  if (a.flag === 'skip') return NONE;
  const [xs, ys] = [elements(a.data, a.dtype), elements(b.data, b.dtype)];
  const limits = b.limits === undefined ? null : elements(b.limits, 'float64');
  let worst = NONE;
  for (let i = 0; i < ys.length; i++) {
    const by = offBy(xs[i], ys[i], a, Number(limits?.[i] ?? 0));
    if (by > worst.by) worst = { by, what: `element ${i}: ${xs[i]} instead of ${ys[i]}` };
  }
  return worst;
}

/** How far x is from y, in what is allowed; 0 and -0 are one, and so are all NaN. */
function offBy(x: number | bigint, y: number | bigint, r: Result, limit: number): number {
  if (x === y || (Number.isNaN(x) && Number.isNaN(y)) || limit === Infinity) return 0;
  if (typeof x === 'bigint' || typeof y === 'bigint' || r.flag === 'exact') return Infinity;
  if (r.flag === 'ulp') return ulpDistance(x, y, r.dtype as 'float32') / r.ulps;
  const by = Math.abs(x - y) / limit;
  return Number.isNaN(by) ? Infinity : by;
}
