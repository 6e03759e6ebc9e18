/** A random program as data: calls of the public API that can be run again and printed. */

import { type DType, isFloat } from '../../src/base/index.ts';
import * as gradus from '../../src/index.ts';
import { type Tensor, tensor } from '../../src/index.ts';
import * as ir from '../../src/ir/index.ts';

/** The value that an earlier step made. */
export class Ref {
  readonly step: number;
  constructor(step: number) {
    this.step = step;
  }
}

/** How a step's result relates to the right one when its operands are right. */
export type Kind =
  /** Only moves elements. */
  | 'move'
  /** Rounds once at most, and small changes of operands change it little. */
  | 'exact'
  /** As exact, but discontinuous: of inexact operands it is not compared. */
  | 'jump'
  /** Within a documented number of ULP. */
  | 'ulp'
  /** Rounds several times, element by element. */
  | 'composite'
  /** Sums, or multiplies, many terms. */
  | 'sum'
  /** Sums among other things that round. */
  | 'layer';

export interface Step {
  /** A public function, `ir.` before an op's own; `at` for the method; `data` for elements. */
  readonly fn: string;
  readonly args: readonly unknown[];
  readonly kind: Kind;
  /** Which of several results. */
  readonly item?: number;
}

/** How a value is compared: bit by bit, in ULP, by tolerance, or not. */
export type Flag = 'exact' | 'ulp' | 'close' | 'skip';

const isRecord = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

export const refsOf = (x: unknown): number[] => {
  if (x instanceof Ref) return [x.step];
  if (isRecord(x)) return Object.values(x).flatMap(refsOf);
  return Array.isArray(x) ? x.flatMap(refsOf) : [];
};

type Call = (...args: unknown[]) => unknown;
const METHODS = new Set(['at']);
const FUNCTIONS = gradus as unknown as Record<string, Call>;
const OPS = ir as unknown as Record<string, Call>;

/** Runs one step on the values so far. */
export function runStep(
  s: Step,
  values: readonly Tensor[],
  change?: (x: Tensor) => Tensor,
): Tensor {
  const resolve = (x: unknown): unknown => {
    if (x instanceof Ref) return change?.(values[x.step]) ?? values[x.step];
    if (isRecord(x)) return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, resolve(v)]));
    return Array.isArray(x) ? x.map(resolve) : x;
  };
  if (s.fn === 'data') return tensor(s.args[0] as Float32Array, s.args[1] as object) as Tensor;
  const args = s.args.map(resolve);
  const out = METHODS.has(s.fn)
    ? (args[0] as Record<string, Call>)[s.fn](...args.slice(1))
    : (s.fn.startsWith('ir.') ? OPS[s.fn.slice(3)] : FUNCTIONS[s.fn])(...args);
  return (s.item === undefined ? out : (out as Tensor[])[s.item]) as Tensor;
}

/** What the result's flag is, from its operands'. */
export function flagOf(s: Step, dtype: DType, operands: readonly Flag[]): Flag {
  if (operands.includes('skip')) return 'skip';
  const exact = operands.every((f) => f === 'exact');
  // The quotient is rounded before its floor is taken: off by one where it is nearly whole.
  if (s.fn === 'floorDivide' && isFloat(dtype)) return 'skip';
  if (s.kind === 'jump' || !isFloat(dtype)) return exact ? 'exact' : 'skip';
  if (s.kind === 'move' || s.kind === 'exact') return exact ? 'exact' : 'close';
  return s.kind === 'ulp' && exact ? 'ulp' : 'close';
}

const printNumber = (x: number | bigint): string =>
  typeof x === 'bigint' ? `${x}n` : Object.is(x, -0) ? '-0' : String(x);

function printArg(x: unknown): string {
  if (x instanceof Ref) return `v${x.step}`;
  if (ArrayBuffer.isView(x)) {
    const all = x as unknown as ArrayLike<number | bigint>;
    const shown = Array.from({ length: Math.min(all.length, 64) }, (_, i) => printNumber(all[i]));
    const rest = all.length > 64 ? ` /* ... ${all.length} in all */` : '';
    return `new ${x.constructor.name}([${shown.join(', ')}${rest}])`;
  }
  if (Array.isArray(x)) return `[${x.map(printArg).join(', ')}]`;
  if (typeof x === 'object' && x !== null) {
    return `{ ${Object.entries(x)
      .map(([k, v]) => `${k}: ${printArg(v)}`)
      .join(', ')} }`;
  }
  if (typeof x === 'number' || typeof x === 'bigint') return printNumber(x);
  return typeof x === 'string' ? `'${x}'` : String(x);
}

/** The step as a line of TypeScript. */
export function printStep(s: Step, at: number): string {
  const [first, ...rest] = s.args.map(printArg);
  const call = METHODS.has(s.fn)
    ? `${first}.${s.fn}(${rest.join(', ')})`
    : `${s.fn === 'data' ? 'tensor' : s.fn}(${[first, ...rest].join(', ')})`;
  return `const v${at} = ${call}${s.item === undefined ? '' : `[${s.item}]`};`;
}
