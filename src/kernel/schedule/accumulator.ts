/** How each reduction starts, takes an element, and joins what lanes and chunks have gathered. */
import type { Combine } from '../../ir/index.ts';
import type { KernelBuilder } from '../builder.ts';
import type { Elem, Reg } from '../ir.ts';

/** The registers of one accumulator: a value, and a position for argmax and argmin. */
export type State = readonly Reg[];

export class Accumulator {
  readonly width: number;
  private readonly b: KernelBuilder;
  private readonly combine: Combine;
  private readonly elem: Elem;

  constructor(b: KernelBuilder, combine: Combine, elem: Elem) {
    this.b = b;
    this.combine = combine;
    this.elem = elem;
    this.width = this.isArg ? 2 : 1;
  }

  private get isArg(): boolean {
    return this.combine === 'argmax' || this.combine === 'argmin';
  }

  /** The state of no elements. */
  start(lanes: number): State {
    const value = this.b.splat(this.b.const(this.elem, this.identity()), lanes);
    if (!this.isArg) return [value];
    return [value, this.b.splat(this.b.const('i32', 0), lanes)];
  }

  private identity(): number | bigint {
    const low = this.combine === 'max' || this.combine === 'argmax';
    if (this.combine === 'sum' || this.combine === 'prod') {
      const n = this.combine === 'sum' ? 0 : 1;
      return this.elem === 'i64' ? BigInt(n) : n;
    }
    if (this.elem === 'i32') return low ? -(2 ** 31) : 2 ** 31 - 1;
    if (this.elem === 'i64') return low ? -(2n ** 63n) : 2n ** 63n - 1n;
    return low ? -Infinity : Infinity;
  }

  /** Takes one more element, which comes after all before it. */
  take(state: State, value: Reg, position: Reg | null): State {
    if (position === null) return this.join(state, [value]);
    const [best, at] = state;
    const wins = this.b.binary('and', this.beats(value, best), this.ordered(best));
    return [this.b.select(wins, value, best), this.b.select(wins, position, at)];
  }

  /** Joins two states over disjoint elements. */
  join(x: State, y: State): State {
    const { b } = this;
    switch (this.combine) {
      case 'sum':
        return [b.add(x[0], y[0])];
      case 'prod':
        return [b.mul(x[0], y[0])];
      case 'max':
        return [b.max(x[0], y[0])];
      case 'min':
        return [b.min(x[0], y[0])];
      default: {
        // y wins if it is better, or equally good (both NaN, too) and earlier.
        const better = b.binary('and', this.beats(y[0], x[0]), this.ordered(x[0]));
        const worse = b.binary('and', this.beats(x[0], y[0]), this.ordered(y[0]));
        const earlier = b.compare('lt', y[1], x[1]);
        const even = b.binary('and', b.unary('not', worse), earlier);
        const wins = b.binary('or', better, even);
        return [b.select(wins, y[0], x[0]), b.select(wins, y[1], x[1])];
      }
    }
  }

  /** The lanes of a vector state joined into one scalar state. */
  horizontal(state: State): State {
    const lanes = state[0].type.lanes;
    if (lanes === 1) return state;
    const fns = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const;
    if (!this.isArg) {
      return [this.b.horizontal(fns[this.combine as keyof typeof fns], state[0])];
    }
    let all = state.map((r) => this.b.extract(r, 0));
    for (let lane = 1; lane < lanes; lane++) {
      all = [
        ...this.join(
          all,
          state.map((r) => this.b.extract(r, lane)),
        ),
      ];
    }
    return all;
  }

  /** `a` better than `b`, or NaN. */
  private beats(a: Reg, b: Reg): Reg {
    const fn = this.combine === 'argmax' ? 'gt' : 'lt';
    const better = this.b.compare(fn, a, b);
    if (this.elem !== 'f32' && this.elem !== 'f64') return better;
    return this.b.binary('or', better, this.b.compare('ne', a, a));
  }

  /** Not NaN: a NaN is never displaced. */
  private ordered(a: Reg): Reg {
    return this.b.compare('eq', a, a);
  }
}
