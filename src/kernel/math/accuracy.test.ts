import { describe, expect, it } from 'vitest';
import { evaluate, wasmModes } from './evaluate.test-util.ts';
import { EXACT, SCALE } from './exact.test-util.ts';
import { FUNCTIONS, type UnderTest } from './functions.test-util.ts';
import { pow } from './pow.ts';
import { float32Sweep, ulpError32, ulpError64, uniform, type Worst } from './ulp.test-util.ts';

const modes = wasmModes();
const REPORT = process.env.GRADUS_DEBUG !== undefined;

function note(worst: Worst, ulp: number, at: () => string): void {
  if (ulp > worst.ulp) Object.assign(worst, { ulp, at: at() });
}

function check(label: string, worst: Worst, bound: number): void {
  if (REPORT) console.log(`${label}: ${worst.ulp.toFixed(3)} ULP at ${worst.at}`);
  expect(worst.ulp, `${label}: ${worst.ulp} ULP at ${worst.at}`).toBeLessThanOrEqual(bound);
}

const newWorst = (): Worst => ({ ulp: 0, at: 'nowhere' });

it('has a fused mode to test', (context) => {
  if (modes.length < 2) context.skip('this engine has no relaxed SIMD: unfused results only');
});

describe('float32 against float64 over every 4099th bit pattern', () => {
  for (const f of FUNCTIONS) {
    it(`${f.name}`, () => {
      const worst = modes.map(newWorst);
      for (const xs of float32Sweep(4099)) {
        const reference = f.reference(xs);
        for (const [m, mode] of modes.entries()) {
          const got = evaluate(f.fn, mode, 4, xs);
          for (let i = 0; i < xs.length; i++) {
            if (Math.abs(xs[i]) > f.limit[0] && Number.isFinite(xs[i])) {
              if (!(Math.abs(got[i]) <= 1)) note(worst[m], Infinity, () => `${xs[i]}`);
              continue;
            }
            note(worst[m], ulpError32(got[i], reference[i]), () => `${xs[i]}`);
          }
        }
      }
      modes.forEach((mode, m) => check(`${f.name} f32 ${mode.name}`, worst[m], f.ulp[0]));
    });
  }
});

/** Values inside a function's domain: uniform in its range, then over all exponents. */
function samples64(f: UnderTest, count: number): Float64Array {
  const next = uniform(7n);
  const [lo, hi] = f.range;
  const xs = Float64Array.from({ length: count }, (_, i) => {
    if (i % 2 === 0) return lo + (hi - lo) * next();
    const size = 2 ** (f.limit[1] < Infinity ? next() * 80 - 60 : next() * 2097 - 1074);
    return next() < 0.5 ? size : -size;
  });
  return xs.filter((x) => Math.abs(x) <= f.limit[1] && inDomain(f.name, x));
}

function inDomain(name: UnderTest['name'], x: number): boolean {
  if (name === 'log') return x > 0;
  if (name === 'log1p') return x > -1;
  if (name === 'exp' || name === 'expm1') return x > -745 && x < 709.7;
  // Beyond, they are +-1; the series would be long.
  return name === 'tanh' ? Math.abs(x) < 25 : name !== 'erf' || Math.abs(x) < 7;
}

describe('float64 against BigInt', () => {
  for (const f of FUNCTIONS) {
    it(`${f.name}`, () => {
      const xs = samples64(f, 1200);
      expect(xs.length).toBeGreaterThan(400);
      const got = modes.map((mode) => evaluate(f.fn, mode, 2, xs));
      const worst = modes.map(newWorst);
      for (let i = 0; i < xs.length; i++) {
        const exact = f.exact(xs[i]);
        modes.forEach((_, m) =>
          note(worst[m], ulpError64(got[m][i], exact, SCALE), () => `${xs[i]}`),
        );
      }
      modes.forEach((mode, m) => check(`${f.name} f64 ${mode.name}`, worst[m], f.ulp[1]));
    });
  }
});

/** Bases of three sorts (below 2, near 1, any) with exponents up to overflow and underflow. */
function powSamples(count: number, exponents: number, epsilon: number): readonly number[][] {
  const next = uniform(11n);
  const pairs: number[][] = [];
  for (let i = 0; i < count; i++) {
    const x = [2 * next(), 1 + (next() - 0.5) * epsilon, 2 ** ((next() - 0.5) * exponents)][i % 3];
    const reach = (exponents / 2 + 22) / Math.log2(x);
    pairs.push([x, (2 * next() - 1) * reach]);
  }
  return pairs.filter(([x, y]) => x > 0 && Number.isFinite(y));
}

describe('pow', () => {
  it('float32 within 1.3 ULP', () => {
    const worst = modes.map(newWorst);
    for (let round = 0; round < 2; round++) {
      const pairs = powSamples(1 << 17, 256, round === 0 ? 2 ** -14 : 0.5);
      const xs = Float32Array.from(pairs, (p) => p[0]);
      const ys = Float32Array.from(pairs, (p) => p[1]);
      modes.forEach((mode, m) => {
        const got = evaluate(pow, mode, 4, xs, ys);
        for (let i = 0; i < xs.length; i++) {
          note(worst[m], ulpError32(got[i], xs[i] ** ys[i]), () => `${xs[i]} ** ${ys[i]}`);
        }
      });
    }
    modes.forEach((mode, m) => check(`pow f32 ${mode.name}`, worst[m], 1.3));
  });

  it('float64 within 1.7 ULP', () => {
    const pairs = powSamples(900, 2046, 2 ** -30).filter(([x, y]) => {
      const exponent = y * Math.log2(x);
      return exponent > -1074 && exponent < 1023.9;
    });
    const xs = Float64Array.from(pairs, (p) => p[0]);
    const ys = Float64Array.from(pairs, (p) => p[1]);
    const got = modes.map((mode) => evaluate(pow, mode, 2, xs, ys));
    const worst = modes.map(newWorst);
    for (let i = 0; i < xs.length; i++) {
      const exact = EXACT.pow(xs[i], ys[i]);
      modes.forEach((_, m) =>
        note(worst[m], ulpError64(got[m][i], exact, SCALE), () => `${xs[i]} ** ${ys[i]}`),
      );
    }
    modes.forEach((mode, m) => check(`pow f64 ${mode.name}`, worst[m], 1.7));
  });
});
