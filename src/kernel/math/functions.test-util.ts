/** The functions under test: kernel, references, domains, and the bounds their docs promise. */
import { erf } from './erf.ts';
import { evaluate, type MathFn, wasmModes } from './evaluate.test-util.ts';
import { EXACT } from './exact.test-util.ts';
import { exp, expm1 } from './exp.ts';
import { log, log1p } from './log.ts';
import { cos, sin } from './sin-cos.ts';
import { tanh } from './tanh.ts';

export interface UnderTest {
  readonly name: 'exp' | 'expm1' | 'log' | 'log1p' | 'sin' | 'cos' | 'tanh' | 'erf';
  readonly fn: MathFn;
  /** In float64; erf's is its own float64 kernel, which is tested against BigInt. */
  readonly reference: (xs: Float32Array) => ArrayLike<number>;
  readonly exact: (x: number) => bigint;
  /** |x| up to which the bound holds. */
  readonly limit: readonly [f32: number, f64: number];
  readonly ulp: readonly [f32: number, f64: number];
  /** Where float64 is sampled most densely. */
  readonly range: readonly [number, number];
}

const each = (f: (x: number) => number) => (xs: Float32Array) => Float64Array.from(xs, f);
const erf64 = (xs: Float32Array) => evaluate(erf, wasmModes()[0], 2, Float64Array.from(xs));
const ALL = Infinity;

function under(
  name: UnderTest['name'],
  fn: MathFn,
  reference: UnderTest['reference'],
  ulp: readonly [number, number],
  range: readonly [number, number],
  limit: readonly [number, number] = [ALL, ALL],
): UnderTest {
  return { name, fn, reference, exact: EXACT[name], limit, ulp, range };
}

export const FUNCTIONS: readonly UnderTest[] = [
  under('exp', exp, each(Math.exp), [1.2, 1.2], [-745, 709]),
  under('expm1', expm1, each(Math.expm1), [1.5, 1.5], [-3, 3]),
  under('log', log, each(Math.log), [0.9, 0.9], [0.4, 3]),
  under('log1p', log1p, each(Math.log1p), [0.9, 0.9], [-1, 3]),
  under('sin', sin, each(Math.sin), [1.6, 1.6], [-9, 9], [1e5, 1e6]),
  under('cos', cos, each(Math.cos), [1.6, 1.6], [-9, 9], [1e5, 1e6]),
  under('tanh', tanh, each(Math.tanh), [1.4, 1.4], [-2, 2]),
  under('erf', erf, erf64, [1.6, 1.4], [-3, 3]),
];
