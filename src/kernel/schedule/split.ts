/**
 * Reductions over the outermost dimensions, of many elements: these dimensions are cut into rows
 * (the last may be shorter), whose results lie in memory until a second kernel reduces those. Rows
 * are tiles for threads like all others; and where the innermost dimension is kept, memory is read
 * nearly in order. Where rows end follows from the shape alone, and so does the order of every sum.
 *
 * A kernel of several phases becomes two for each, then one that stores elements, if any are.
 */
import type { DType, Shape } from '../../base/index.ts';
import { type Expr, type ExprPool, positionStrides, type Stream } from './expr.ts';
import { exprsOf, type FusedKernel, type Store } from './plan.ts';

/** Elements of a row where all dimensions are reduced: its kernel's loop must be long. */
export const PART = 2 ** 14;
/**
 * Where some are kept: so many places in memory are read side by side, in order. Hundreds of them,
 * which go down whole columns, leave most of the memory's speed unused.
 */
export const SIDE_BY_SIDE = 8;
/** Fewer elements, of all dimensions, do not make up for a second kernel; nor where some are kept. */
const LEAST = 2 ** 17;
const LEAST_KEPT = 2 ** 19;

export type Memory = NonNullable<Stream['memory']>;
type Reduced = Extract<Expr, { kind: 'reduced' }>;

const product = (sizes: readonly number[]): number => sizes.reduce((n, size) => n * size, 1);

/** Number of leading dimensions, those reduced; elements along them; elements of a row. */
function partsOf({ space, inner }: Pick<FusedKernel, 'space' | 'inner'>): {
  lead: number;
  count: number;
  part: number;
} {
  const kept = inner.indexOf(false);
  const lead = kept < 0 ? space.length : kept;
  const count = product(space.slice(0, lead));
  return { lead, count, part: kept < 0 ? PART : SIDE_BY_SIDE };
}

/**
 * Whether reductions over a space are cut. By sizes alone: what else a kernel does must not change the
 * order of a sum.
 */
export function isCut(space: readonly number[], inner: readonly boolean[] | null): boolean {
  if (inner === null || space.length === 0) return false;
  const { lead, count, part } = partsOf({ space, inner });
  if (inner.includes(true, lead)) return false;
  const least = lead < space.length ? LEAST_KEPT : LEAST;
  return product(space) >= least && count >= 4 * part;
}

/** Whether a kernel is cut. The fuser puts no gather with a sum that is. */
export function isSplit(kernel: FusedKernel): boolean {
  const { space, inner, faults, stores } = kernel;
  if (faults !== undefined || !isCut(space, inner)) return false;
  const { lead } = partsOf(kernel);
  const exprs = exprsOf(stores);
  if (!exprs.some((e) => e.kind === 'reduced')) return false;
  const streams = exprs.flatMap((e) =>
    e.kind === 'load' || e.kind === 'position' ? [e.stream] : [],
  );
  return streams.every(({ strides }) =>
    space.every((n, d) => d === 0 || d >= lead || strides[d - 1] === strides[d] * n),
  );
}

/** The same as kernels to run in order. `temp` gives dense memory. */
export function split(
  kernel: FusedKernel,
  pool: ExprPool,
  temp: (dtype: DType, shape: Shape) => Memory,
): FusedKernel[] {
  return new Split(kernel, pool, temp).kernels();
}

class Split {
  private readonly kernel: FusedKernel;
  private readonly pool: ExprPool;
  private readonly temp: (dtype: DType, shape: Shape) => Memory;
  private readonly lead: number;
  private readonly count: number;
  private readonly part: number;
  private readonly rows: number;
  /** Sizes of the dimensions that are kept, and their strides in a dense result. */
  private readonly kept: readonly number[];
  private readonly dense: readonly number[];
  /** Where the results of reductions lie. */
  private readonly known = new Map<Expr, Memory>();

  constructor(kernel: FusedKernel, pool: ExprPool, temp: (dtype: DType, shape: Shape) => Memory) {
    this.kernel = kernel;
    this.pool = pool;
    this.temp = temp;
    const { lead, count, part } = partsOf(kernel);
    this.lead = lead;
    this.count = count;
    this.part = part;
    this.rows = Math.ceil(count / part);
    this.kept = kernel.space.slice(lead);
    const own = this.kept.map((_, d) => d);
    this.dense = positionStrides(this.kept, own, this.kept.length);
  }

  kernels(): FusedKernel[] {
    const { kernel, lead } = this;
    const { stores, space } = kernel;
    const all = exprsOf(stores).filter((e): e is Reduced => e.kind === 'reduced');
    const last = Math.max(...all.map((e) => e.level));
    const elements = stores.filter((s) => s.place === 'inner');
    const out: FusedKernel[] = [];
    for (let level = 1; level <= last; level++) {
      const own = all.filter((e) => e.level === level);
      const { rows, joined } = this.cut(own);
      const results: Store[] = [];
      if (level < last || elements.length > 0) {
        for (const [e, value] of joined) {
          const memory = this.temp(e.dtype, this.kept);
          this.known.set(e, memory);
          results.push({ value, stream: this.stream(memory, [0], this.dense), place: 'row' });
        }
      }
      if (level === last) results.push(...this.results(joined));
      const inner = [true, ...this.kept.map(() => false)];
      out.push(rows, {
        name: kernel.name,
        space: [this.rows, ...this.kept],
        inner,
        stores: results,
      });
    }
    if (elements.length === 0) return out;
    const zeros = new Array<number>(lead).fill(0);
    const whole = this.rewriter(
      (strides) => strides,
      (e) => this.result(e, zeros),
    );
    const written = elements.map((s) => ({ ...s, value: whole.rewrite(s.value) }));
    return [...out, { ...kernel, space, inner: space.map(() => true), stores: written }];
  }

  /** The kernel of the rows of some reductions, and what joins the results of all rows. */
  private cut(own: readonly Reduced[]): { rows: FusedKernel; joined: Map<Expr, Expr> } {
    const { kernel, pool, lead, part } = this;
    const lay = (strides: readonly number[]): number[] => {
      const each = strides[lead - 1];
      return [each * part, each, ...strides.slice(lead)];
    };
    const inRows = this.rewriter(lay, (e) => this.result(e, [0, 0]));
    const stores: Store[] = [];
    /** Keeps a result of each row; gives it as the kernel of all rows reads it. */
    const keep = (value: Expr): Expr => {
      const memory = this.temp(value.dtype, [this.rows, ...this.kept]);
      const step = product(this.kept);
      stores.push({ value, stream: this.stream(memory, [step, 0], this.dense), place: 'row' });
      return pool.load(this.stream(memory, [step], this.dense));
    };
    const joined = new Map<Expr, Expr>();
    for (const e of own) {
      const { combine, position, operand: x } = e.reduction;
      const operand = inRows.rewrite(x);
      let best: Expr;
      let at: Expr | null = null;
      if (position === null) best = keep(pool.reduced(combine, operand, null, e.dtype));
      else {
        const extreme = combine === 'argmax' ? 'max' : 'min';
        best = keep(pool.reduced(extreme, operand, null, operand.dtype));
        at = keep(pool.reduced(combine, operand, inRows.rewrite(position), e.dtype));
      }
      joined.set(e, pool.reduced(combine, best, at, e.dtype));
    }
    const { name } = kernel;
    const space = [this.rows, part, ...this.kept];
    const inner = [false, true, ...this.kept.map(() => false)];
    return { rows: { name, space, inner, stores, total: this.count }, joined };
  }

  /** What the kernel stores of its results. */
  private results(joined: ReadonlyMap<Expr, Expr>): Store[] {
    const { pool, lead } = this;
    const lay = (strides: readonly number[]): number[] => [0, ...strides.slice(lead)];
    const atOnce = this.rewriter(lay, (e) => joined.get(e) ?? this.result(e, [0]));
    return this.kernel.stores
      .filter((s) => s.place !== 'inner')
      .map(({ value, stream, place }) => ({
        value: atOnce.rewrite(value),
        stream: pool.stream(stream.memory, lay(stream.strides)),
        place,
      }));
  }

  private stream(memory: Memory, lead: readonly number[], rest: readonly number[]): Stream {
    return this.pool.stream(memory, [...lead, ...rest]);
  }

  /** A reduction that an earlier kernel has made. */
  private result(e: Expr, lead: readonly number[]): Expr {
    return this.pool.load(this.stream(this.known.get(e) as Memory, lead, this.dense));
  }

  private rewriter(lay: Lay, reduced: (e: Expr) => Expr): Rewriter {
    return new Rewriter(this.pool, lay, reduced);
  }
}

type Lay = (strides: readonly number[]) => readonly number[];

/** Expressions over another space, with reductions taken from elsewhere. */
class Rewriter {
  private readonly pool: ExprPool;
  private readonly lay: Lay;
  private readonly reduced: (e: Expr) => Expr;
  private readonly done = new Map<Expr, Expr>();

  constructor(pool: ExprPool, lay: Lay, reduced: (e: Expr) => Expr) {
    this.pool = pool;
    this.lay = lay;
    this.reduced = reduced;
  }

  rewrite(e: Expr): Expr {
    let out = this.done.get(e);
    if (out === undefined) {
      out = this.make(e);
      this.done.set(e, out);
    }
    return out;
  }

  private make(e: Expr): Expr {
    const { pool } = this;
    switch (e.kind) {
      case 'constant':
      case 'scalar':
        return e;
      case 'load':
        return pool.load(pool.stream(e.stream.memory, this.lay(e.stream.strides)));
      case 'position':
        return pool.position(this.lay(e.stream.strides));
      case 'reduced':
        return this.reduced(e);
      case 'op': {
        const args = e.args.map((a) => (typeof a === 'number' ? a : this.rewrite(a)));
        return pool.op(e.fn, args, e.dtype, e.position === null ? null : this.rewrite(e.position));
      }
      case 'gather':
        throw new Error('a reduction that gathers is not split');
    }
  }
}
