/**
 * The whole suite again under compile(): a compiled function gives the bits that its lines give
 * eagerly, and no op runs by itself in a call after the first.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFloat } from '../../src/base/index.ts';
import { compile, devices, type Tensor, vjp } from '../../src/index.ts';
import { type Interpreter, interpreter, setInterpreter, type Value } from '../../src/ir/index.ts';
import { cases } from './cases.ts';
import { gradientCases } from './gradient-cases.ts';
import { layOut, valuesOf } from './harness.ts';

const eager = interpreter();
let ran = 0;
const count = (): number => ran++;
const counting: Interpreter = {
  apply1: (...a) => (count(), eager.apply1(...a)),
  apply2: (...a) => (count(), eager.apply2(...a)),
  apply: (...a) => (count(), eager.apply(...a)),
  update: (...a) => (count(), eager.update(...a)),
};
beforeAll(() => {
  setInterpreter(counting);
});
afterAll(() => {
  setInterpreter(eager);
});

// The reference rounds where a tensor is stored: between ops, that is, and not within a program.
const exact = !devices()[0].engine.startsWith('reference');

const list = (x: unknown): readonly Tensor[] => (Array.isArray(x) ? x : [x]) as readonly Tensor[];

function compare(got: readonly Tensor[], want: readonly Tensor[]): string | null {
  if (got.length !== want.length) return `${got.length} results instead of ${want.length}`;
  for (const [k, x] of got.entries()) {
    const y = want[k];
    if (x.dtype !== y.dtype || x.shape.join() !== y.shape.join()) {
      return `${x.dtype}[${x.shape}] instead of ${y.dtype}[${y.shape}]`;
    }
    const [xs, ys] = [x.data(), y.data()];
    for (let i = 0; i < xs.length; i++) {
      const [a, b] = [xs[i], ys[i]];
      const near =
        !exact &&
        isFloat(x.dtype) &&
        Math.abs(Number(a) - Number(b)) <= 1e-4 * (1 + Math.abs(Number(b)));
      if (!Object.is(a, b) && !near) return `element ${i} of ${k}: ${a} instead of ${b}`;
    }
  }
  return null;
}

/** Messages about a function compiled and run twice, on the same operands. */
function check(name: string, f: (...xs: Tensor[]) => unknown, xs: readonly Tensor[]): string[] {
  try {
    const want = list(f(...xs));
    const compiled = compile(f);
    const first = compare(list(compiled(...xs)), want);
    if (first !== null) return [`${name}: ${first}`];
    // Strided arguments are copied first: that is an op of its own.
    const dense = xs.map((x) => (x.spec.contiguous ? x : (x.clone() as Tensor)));
    const before = ran;
    const again = list(compiled(...dense));
    if (ran !== before) return [`${name}: ${ran - before} ops ran by themselves`];
    const second = compare(again, want);
    if (second !== null) return [`${name}, again: ${second}`];
    // Captured operands are constants: what is made of them is kept from call to call.
    const captured = compile(() => f(...dense));
    for (const call of ['captured', 'captured, again']) {
      const message = compare(list(captured()), want);
      if (message !== null) return [`${name}, ${call}: ${message}`];
    }
    return [];
  } catch (e) {
    return [`${name}: ${(e as Error).stack?.slice(0, 700)}`];
  }
}

describe('compiled functions', () => {
  const families = new Map<string, (typeof cases)[number][]>();
  for (const c of cases) {
    const family = c.name.split(' ')[0];
    families.set(family, [...(families.get(family) ?? []), c]);
  }
  for (const [family, all] of families) {
    test(`${family} (${all.length} cases)`, () => {
      const failures = all.flatMap((c) => {
        const xs = c.operands.map((o, k) => layOut(o, valuesOf(o, k)));
        return check(c.name, (...ys) => c.run(...(ys as Value[])), xs);
      });
      expect(failures.slice(0, 8)).toEqual([]);
    });
  }
});

describe('compiled gradients', () => {
  for (const c of gradientCases) {
    test(`${c.name}`, () => {
      const xs = c.operands.map((o, k) => layOut(o, valuesOf(o, k)));
      const places = xs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []));
      const f = (...all: Tensor[]): unknown => {
        const g = (...ys: Tensor[]) =>
          c.run(...all.map((x, i) => (places.includes(i) ? ys[places.indexOf(i)] : x))) as Tensor;
        const [y, pull] = vjp(g, ...places.map((i) => all[i]));
        return [y, ...pull(y.mul(0.37).add(0.81) as Tensor)];
      };
      expect(check(c.name, f, xs)).toEqual([]);
    });
  }
});
