/**
 * Reductions of everything to one number, cut into rows. The elements are seen as rows of
 * {@link PART} (the last may be shorter), whose results lie in memory until a second kernel
 * reduces those; rows are tiles for threads like all others. Where the rows end follows from the
 * number of elements alone, and so does the order of every sum.
 *
 * A kernel of several phases becomes two for each, then one that stores elements, if any are.
 */
import type { DType, Shape } from '../../base/index.ts';
import type { Expr, ExprPool, Stream } from './expr.ts';
import { exprsOf, type FusedKernel, type Store } from './plan.ts';

/** Elements of a row: enough that its kernel's loop is long, few enough for many rows. */
export const PART = 2 ** 14;
/** From so many elements on: a second kernel for fewer costs more than threads save. */
const LEAST = 8 * PART;

export type Memory = NonNullable<Stream['memory']>;
type Reduced = Extract<Expr, { kind: 'reduced' }>;

/** Whether the kernel reduces all of many elements, which all lie one after the other. */
export function isTotal(kernel: FusedKernel): boolean {
  const { space, inner, faults, stores } = kernel;
  if (faults !== undefined || inner.includes(false)) return false;
  if (space.reduce((n, size) => n * size, 1) < LEAST) return false;
  const exprs = exprsOf(stores);
  if (!exprs.some((e) => e.kind === 'reduced')) return false;
  const streams = exprs.flatMap((e) =>
    e.kind === 'load' || e.kind === 'position' ? [e.stream] : [],
  );
  return streams.every(({ strides }) =>
    space.every((_, d) => d === 0 || strides[d - 1] === strides[d] * space[d]),
  );
}

/** The same as kernels to run in order. `temp` gives dense memory. */
export function splitTotal(
  kernel: FusedKernel,
  pool: ExprPool,
  temp: (dtype: DType, shape: Shape) => Memory,
): FusedKernel[] {
  const { name, space, stores } = kernel;
  const count = space.reduce((n, size) => n * size, 1);
  const rows = Math.ceil(count / PART);
  const known = new Map<Expr, Memory>();
  const kernels: FusedKernel[] = [];
  const reductions = exprsOf(stores).filter((e): e is Reduced => e.kind === 'reduced');
  const last = Math.max(...reductions.map((e) => e.level));
  const elements = stores.filter((s) => s.place === 'inner');
  for (let level = 1; level <= last; level++) {
    const own = reductions.filter((e) => e.level === level);
    // Rows: what each holds.
    const lay = (strides: readonly number[]): number[] => {
      const each = strides[space.length - 1];
      return [each * PART, each];
    };
    const inRows = new Rewriter(pool, lay, (e) =>
      pool.load(pool.stream(known.get(e) as Memory, [0, 0])),
    );
    const parts: Store[] = [];
    const keep = (value: Expr): Memory => {
      const memory = temp(value.dtype, [rows]);
      parts.push({ value, stream: pool.stream(memory, [1, 0]), place: 'row' });
      return memory;
    };
    const held = own.map(({ dtype, reduction }) => {
      const { combine } = reduction;
      const operand = inRows.rewrite(reduction.operand);
      if (reduction.position === null) {
        return { value: keep(pool.reduced(combine, operand, null, dtype)), position: null };
      }
      const best = combine === 'argmax' ? 'max' : 'min';
      const position = pool.reduced(combine, operand, inRows.rewrite(reduction.position), dtype);
      return {
        value: keep(pool.reduced(best, operand, null, operand.dtype)),
        position: keep(position),
      };
    });
    kernels.push({ name, space: [rows, PART], inner: [false, true], stores: parts, total: count });

    // The rows' results, reduced.
    const ofRows = (memory: Memory): Expr => pool.load(pool.stream(memory, [1]));
    const joined = new Map<Expr, Expr>();
    own.forEach((e, i) => {
      const { value, position } = held[i];
      const at = position === null ? null : ofRows(position);
      joined.set(e, pool.reduced(e.reduction.combine, ofRows(value), at, e.dtype));
    });
    const results: Store[] = [];
    if (level < last || elements.length > 0) {
      for (const [e, value] of joined) {
        const memory = temp(e.dtype, []);
        known.set(e, memory);
        results.push({ value, stream: pool.stream(memory, [0]), place: 'row' });
      }
    }
    if (level === last) {
      const atOnce = new Rewriter(
        pool,
        () => [0],
        (e) => joined.get(e) ?? pool.load(pool.stream(known.get(e) as Memory, [0])),
      );
      for (const { value, stream, place } of stores) {
        if (place === 'inner') continue;
        const to = pool.stream(stream.memory, [0]);
        results.push({ value: atOnce.rewrite(value), stream: to, place });
      }
    }
    kernels.push({ name, space: [rows], inner: [true], stores: results });
  }
  if (elements.length > 0) {
    const zeros = space.map(() => 0);
    const whole = new Rewriter(
      pool,
      (strides) => strides,
      (e) => pool.load(pool.stream(known.get(e) as Memory, zeros)),
    );
    const last = elements.map((s) => ({ ...s, value: whole.rewrite(s.value) }));
    kernels.push({ ...kernel, stores: last });
  }
  return kernels;
}

/** Expressions over another space, with reductions taken from elsewhere. */
class Rewriter {
  private readonly pool: ExprPool;
  private readonly lay: (strides: readonly number[]) => readonly number[];
  private readonly reduced: (e: Expr) => Expr;
  private readonly done = new Map<Expr, Expr>();

  constructor(
    pool: ExprPool,
    lay: (strides: readonly number[]) => readonly number[],
    reduced: (e: Expr) => Expr,
  ) {
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
