import { describe, expect, it } from 'vitest';
import { loadFixture } from '../../../test/fixtures/load.ts';
import { evaluate, type Floats, interpret, type MathFn, wasmModes } from './evaluate.test-util.ts';
import { FUNCTIONS } from './functions.test-util.ts';
import { pow } from './pow.ts';
import { ulpError32 } from './ulp.test-util.ts';

const modes = wasmModes();
const make = (lanes: number, xs: readonly number[]): Floats =>
  lanes > 2 ? Float32Array.from(xs) : Float64Array.from(xs);
const functionOf = (name: string): MathFn | undefined =>
  name === 'pow' ? pow : FUNCTIONS.find((f) => f.name === name)?.fn;

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const TABLE: Readonly<Record<string, readonly (readonly [x: number, result: number])[]>> = {
  exp: [
    [nan, nan],
    [inf, inf],
    [-inf, 0],
    [0, 1],
    [-0, 1],
    [1e30, inf],
    [-1e30, 0],
  ],
  expm1: [
    [nan, nan],
    [inf, inf],
    [-inf, -1],
    [0, 0],
    [-0, -0],
    [1e30, inf],
    [-1e30, -1],
  ],
  log: [
    [nan, nan],
    [inf, inf],
    [-inf, nan],
    [0, -inf],
    [-0, -inf],
    [1, 0],
    [-1, nan],
  ],
  log1p: [
    [nan, nan],
    [inf, inf],
    [-inf, nan],
    [0, 0],
    [-0, -0],
    [-1, -inf],
    [-1.5, nan],
  ],
  sin: [
    [nan, nan],
    [inf, nan],
    [-inf, nan],
    [0, 0],
    [-0, -0],
  ],
  cos: [
    [nan, nan],
    [inf, nan],
    [-inf, nan],
    [0, 1],
    [-0, 1],
  ],
  tanh: [
    [nan, nan],
    [inf, 1],
    [-inf, -1],
    [0, 0],
    [-0, -0],
    [1e30, 1],
    [-1e30, -1],
  ],
  erf: [
    [nan, nan],
    [inf, 1],
    [-inf, -1],
    [0, 0],
    [-0, -0],
    [1e30, 1],
    [-1e30, -1],
  ],
};

describe('special values', () => {
  for (const f of FUNCTIONS) {
    it(`${f.name}`, () => {
      for (const mode of modes) {
        for (const lanes of [4, 2]) {
          const rows = TABLE[f.name];
          const got = evaluate(
            f.fn,
            mode,
            lanes,
            make(
              lanes,
              rows.map((r) => r[0]),
            ),
          );
          expect([...got], `${mode.name} x${lanes}`).toEqual(rows.map((r) => r[1]));
        }
      }
    });
  }

  it('denormals: in f64, expm1 log1p sin tanh and erf give themselves', () => {
    const tiny = Float64Array.of(5e-324, -5e-324, 1e-310, -1e-310, 2 ** -1022);
    for (const name of ['expm1', 'log1p', 'sin', 'tanh']) {
      const got = evaluate(functionOf(name) as MathFn, modes[0], 2, tiny);
      expect([...got], `${name}`).toEqual([...tiny]);
    }
  });

  it('exp underflows through the denormals', () => {
    const [exp] = FUNCTIONS;
    const got = evaluate(exp.fn, modes[0], 2, Float64Array.of(-745.13, -745.14, -708.5, -740));
    expect([...got]).toEqual([5e-324, 0, Math.exp(-708.5), Math.exp(-740)]);
  });

  it('sin and cos of very large arguments stay in [-1, 1]', () => {
    const xs = Float64Array.from({ length: 600 }, (_, i) => 3.1 ** (20 + i));
    for (const name of ['sin', 'cos']) {
      const got = evaluate(functionOf(name) as MathFn, modes[0], 2, xs);
      for (const y of got) expect(Math.abs(y)).toBeLessThanOrEqual(1);
    }
  });
});

describe('pow', () => {
  const values = [0, -0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1.5, -1.5, inf, -inf, nan];
  const rest = [1e-310, -1e-310, 5e-324, 1e308, -1e308, 4503599627370497, 9007199254740992];
  const all = [...values, ...rest];

  for (const mode of modes) {
    it(`has IEEE 754's special cases, ${mode.name}`, () => {
      for (const lanes of [4, 2]) {
        const xs = make(
          lanes,
          all.flatMap((x) => all.map(() => x)),
        );
        const ys = make(
          lanes,
          all.flatMap(() => all),
        );
        const got = evaluate(pow, mode, lanes, xs, ys);
        for (let i = 0; i < xs.length; i++) {
          // JavaScript alone holds (+-1) ** +-infinity and 1 ** NaN to be NaN.
          const one = xs[i] === 1 || (xs[i] === -1 && Math.abs(ys[i]) === inf);
          const want = one ? 1 : xs[i] ** ys[i];
          const label = `${xs[i]} ** ${ys[i]} is ${want}, got ${got[i]}`;
          if (lanes === 4) expect(ulpError32(got[i], want), `${label}`).toBeLessThan(1.3);
          else if (want === 0 || !Number.isFinite(want)) expect(got[i], `${label}`).toBe(want);
          else expect(Math.abs(got[i] / want - 1), `${label}`).toBeLessThan(4e-16);
        }
      }
    });
  }
});

describe('every way to run gives the same bits', () => {
  const points = [0, -0, 1, -1, 0.3, -0.7, 2.5, 17, -30, 88.7, -100, 1e-40, 1e-30, 1e4, inf, nan];
  for (const f of [...FUNCTIONS, { name: 'pow', fn: pow }]) {
    it(`${f.name}`, () => {
      for (const mode of modes) {
        for (const lanes of [4, 2]) {
          const xs = make(
            lanes,
            points.flatMap((x) => points.map(() => x)),
          );
          const ys = make(
            lanes,
            points.flatMap(() => points),
          );
          const vector = evaluate(f.fn, mode, lanes, xs, ys);
          expect(interpret(f.fn, mode, xs, ys), `interpreter, ${mode.name}`).toEqual(vector);
          expect(evaluate(f.fn, mode, 1, xs, ys), `scalar, ${mode.name}`).toEqual(vector);
        }
      }
    });
  }
});

describe('recorded references (test/fixtures/transcendental.json)', () => {
  for (const c of loadFixture('transcendental').cases) {
    const fn = functionOf(c.op);
    if (fn === undefined) continue;
    it(`${c.name}`, () => {
      const [xs, ys = xs] = c.inputs.map((t) => Float32Array.from(t.data));
      const limit = FUNCTIONS.find((f) => f.name === c.op)?.limit[0] ?? Infinity;
      for (const mode of modes) {
        const got = evaluate(fn, mode, 4, xs, ys);
        for (let i = 0; i < xs.length; i++) {
          if (Number.isFinite(xs[i]) && Math.abs(xs[i]) > limit) continue;
          const label = `${c.op}(${xs[i]}, ${ys[i]}) gave ${got[i]}, ${mode.name}`;
          expect(ulpError32(got[i], c.outputs[0].data[i]), `${label}`).toBeLessThan(1.6);
        }
      }
    });
  }
});
