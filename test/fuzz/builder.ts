/** Builds a program while running it: shapes and dtypes of what is there decide what may follow. */
import { arrayOf, type DType, GradusError, isFloat, isInt, numelOf } from '../../src/base/index.ts';
import type { Tensor } from '../../src/index.ts';
import { sequence } from '../conformance/sequence.ts';
import { type Flag, flagOf, Ref, refsOf, runStep, type Step } from './steps.ts';

/** `index` counts from the end too, `label` does not. */
export type Fill = 'plain' | 'special' | 'index' | 'label';
/** `big`: one call whose operands are large enough for every schedule, and for threads. */
export type Mode = 'fwd' | 'special' | 'grad' | 'big';

const SPECIAL = [0, -0, 1, -1, 0.5, -2.5, 1e-40, 5e-324, -3e-39, 3e38, 1e300, 88.8, -104, 16777217];
const SIZES = [1, 1, 2, 3, 3, 4, 5, 7, 8, 11, 13, 17];

/** A step to try, or null where nothing there fits. */
export type Maker = (b: Builder) => Step | null;

/** Elements of an operand from which on views of views cost too much. */
const LARGE = 3000;

/** Integers that float32 does not hold. */
const hasLongIntegers = (t: Tensor): boolean =>
  isInt(t.dtype) && Array.from(t.data(), Number).some((x) => Math.abs(x) > 2 ** 24);

export class Builder {
  readonly mode: Mode;
  readonly steps: Step[] = [];
  readonly tensors: Tensor[] = [];
  readonly flags: Flag[] = [];
  /** What was refused, by error; the same on all engines. */
  readonly refused: string[] = [];
  private readonly next: () => number;

  constructor(mode: Mode, seed: number) {
    this.mode = mode;
    this.next = sequence(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ (seed >>> 3));
    for (let i = 0; i < 8; i++) this.next();
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(xs: readonly T[]): T {
    return xs[this.int(0, xs.length - 1)];
  }

  size(): number {
    if (this.chance(0.04)) return this.pick([0, 0, 31, 67, 131]);
    return this.pick(SIZES);
  }

  shape(maxRank = 4, limit = 1500): number[] {
    const out = Array.from({ length: this.int(0, maxRank) }, () => this.size());
    while (numelOf(out) > limit) out[out.indexOf(Math.max(...out))] = this.pick([1, 2, 3]);
    return out;
  }

  order(n: number): number[] {
    const out = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  dtype(): DType {
    if (this.mode === 'grad') return 'float64';
    if (this.mode === 'special') return this.pick(['float32', 'float64'] as const);
    return this.pick([
      'float32',
      'float32',
      'float32',
      'float64',
      'float64',
      'int32',
      'int64',
      'bool',
    ] as const);
  }

  /** Adds a step and runs it; null if it was refused. */
  add(step: Step): number | null {
    let out: Tensor;
    try {
      out = runStep(step, this.tensors);
      out.data({ copy: false }); // errors found while running belong to this step
    } catch (e) {
      if (!(e instanceof GradusError)) throw e;
      this.refused.push(`${step.fn}: ${e.name}: ${e.message.split('\n')[0]}`);
      return null;
    }
    this.steps.push(step);
    this.tensors.push(out);
    const operands = [...refsOf(step.args)].map((i) => this.flags[i]);
    // The reference computes with such integers as they are; kernels round them to float32 first.
    const rounds = out.dtype === 'float32' && step.kind !== 'move' && step.fn !== 'cast';
    const unlike = rounds && refsOf(step.args).some((i) => hasLongIntegers(this.tensors[i]));
    this.flags.push(unlike ? 'skip' : flagOf(step, out.dtype, operands));
    return this.steps.length - 1;
  }

  /** As `add`, of a step that cannot be refused. */
  must(step: Step): number {
    const at = this.add(step);
    if (at === null) throw new Error(`refused: ${this.refused.at(-1)}`);
    return at;
  }

  private element(dtype: DType, fill: Fill, size: number): number {
    const u = this.next();
    if (fill === 'index') return this.int(-size, size - 1);
    if (fill === 'label') return this.int(0, size - 1);
    if (dtype === 'bool') return u < 0.5 ? 0 : 1;
    if (!isFloat(dtype)) return u < 0.02 ? this.pick([2 ** 31 - 1, -(2 ** 31)]) : this.int(-9, 9);
    if (fill === 'special' && u < 0.5) {
      return this.chance(0.4) ? this.pick([Number.NaN, Infinity, -Infinity]) : this.pick(SPECIAL);
    }
    if (u < 0.05) return 0;
    return u < 0.5 ? this.int(-48, 48) / 16 : this.next() * 6 - 3;
  }

  /** An operand of this shape that is a view of views of its elements. */
  operand(shape: readonly number[], dtype: DType, fill: Fill = 'plain', size = 0): number {
    const depth = this.pick([0, 0, 1, 1, 2, 3]);
    const most = numelOf(shape) > LARGE ? (this.mode === 'big' ? 1 : 0) : 3;
    return this.layOut([...shape], Math.min(depth, most), (base) => {
      const data = new (arrayOf(dtype))(numelOf(base));
      for (let i = 0; i < data.length; i++) {
        const x = this.element(dtype, fill, size);
        data[i] = dtype === 'int64' ? BigInt(x) : x;
      }
      const at = this.must({ fn: 'data', args: [data, { dtype }], kind: 'move' });
      return this.view('reshape', at, base);
    });
  }

  private view(fn: string, at: number, ...args: unknown[]): number {
    return this.must({ fn, args: [new Ref(at), ...args], kind: 'move' });
  }

  /** A view of shape `shape` of a base, which is laid out itself. */
  private layOut(shape: number[], depth: number, make: (base: number[]) => number): number {
    const rank = shape.length;
    if (depth === 0) return make(shape);
    const base = (s: number[]): number => {
      return this.layOut(s, numelOf(s) > LARGE ? 0 : depth - 1, make);
    };
    if (rank === 0) return this.view('at', base([this.int(1, 4)]), this.pick([0, -1]));
    const d = this.int(0, rank - 1);
    const items = (item: unknown): unknown[] => shape.map((_, i) => (i === d ? item : ':'));
    switch (this.int(0, 6)) {
      case 0: {
        const order = this.order(rank);
        const before: number[] = [];
        order.forEach((from, to) => {
          before[from] = shape[to];
        });
        return this.view('permute', base(before), order);
      }
      case 1:
        return this.view('flip', base(shape), this.chance(0.5) ? [d] : this.order(rank));
      case 2: {
        const start = this.int(0, 3);
        const whole = base(shape.with(d, shape[d] + start + this.int(0, 2)));
        return this.view('narrow', whole, d, start, shape[d]);
      }
      case 3: {
        const start = this.int(0, 1);
        const whole = base(shape.with(d, shape[d] * 2 + start));
        return this.view('at', whole, ...items(`${start}::2`));
      }
      case 4: {
        if (shape[d] === 0) return base(shape);
        const whole = base(shape.with(d, shape[d] * 3));
        return this.view('at', whole, ...items('::-3'));
      }
      case 5:
        return this.view('expand', base(shape.with(d, 1)), shape);
      default: {
        const whole = base(shape.toSpliced(d, 0, 3));
        const picked = [...shape.slice(0, d).map(() => ':'), this.pick([0, 1, -1])];
        return this.view('at', whole, ...picked);
      }
    }
  }

  /** Some value so far for which `fits` holds, or -1. */
  some(fits: (t: Tensor) => boolean): number {
    const good = this.tensors.map((_, i) => i).filter((i) => fits(this.tensors[i]));
    if (good.length === 0) return -1;
    // The latest are likelier: programs grow deep.
    return this.chance(0.6) ? good[good.length - 1] : this.pick(good);
  }
}
