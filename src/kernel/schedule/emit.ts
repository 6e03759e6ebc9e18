/**
 * A planned kernel as Kernel IR. The nest is: kept loops; in their body, phase by phase, the inner
 * loops, in which reductions gather and elements are stored; after the last phase the row's own
 * stores. Loads stand in the outermost loop in which their address is known; the builder hoists
 * everything pure by itself.
 *
 * Elements computed side by side are *cells*: each has its lanes and its place in the vector loop.
 * `cells.ts` writes what happens in one.
 */
import { KernelBuilder } from '../builder.ts';
import { registerOf } from '../expression.ts';
import type { Kernel, Reg } from '../ir.ts';
import { Accumulator, type State } from './accumulator.ts';
import { type Cell, Cells } from './cells.ts';
import type { Expr, Reduction, Stream } from './expr.ts';
import { Parameters } from './parameters.ts';
import { BLOCK, CHUNK, type Plan, type Store } from './plan.ts';
import { BATCH_SLOTS, bytesOfStream, slotsOf } from './slots.ts';

export function emitKernel(plan: Plan): Kernel {
  return new Emitter(plan, plan.kernel.name).run();
}

/** The same for the parts of a batch: see {@link BATCH_SLOTS} for its arguments. */
export function emitBatch(plan: Plan): Kernel {
  return new Emitter(plan, `${plan.kernel.name} batch`).runBatch();
}

class Emitter {
  private readonly plan: Plan;
  private readonly b: KernelBuilder;
  private params!: Parameters;
  private cells!: Cells;
  /** Where each loop starts: the outermost one at the tile's first turn. */
  private readonly starts: (Reg | number)[] = [];
  /** Per phase: what it reduces, and what it needs. */
  private readonly reductions: { expr: Expr; reduction: Reduction; acc: Accumulator }[][] = [];
  private readonly needed: Expr[][] = [];

  constructor(plan: Plan, name: string) {
    this.plan = plan;
    this.b = new KernelBuilder(name);
    for (let phase = 0; phase < plan.phases; phase++) {
      const list = plan.exprs.flatMap((expr) =>
        expr.kind === 'reduced' && expr.level === phase + 1
          ? [{ expr, reduction: expr.reduction, acc: this.accumulator(expr.reduction) }]
          : [],
      );
      this.reductions.push(list);
      const roots = list.flatMap(({ reduction: { operand, position } }) =>
        position === null ? [operand] : [operand, position],
      );
      roots.push(...this.storesOf(phase).map((s) => s.value));
      this.needed.push(below(roots));
    }
  }

  private accumulator({ combine, operand }: Reduction): Accumulator {
    const elem = operand.dtype === 'bool' ? 'i32' : registerOf(operand.dtype);
    return new Accumulator(this.b, combine, elem);
  }

  private stores(place: Store['place']): Store[] {
    return this.plan.kernel.stores.filter((s) => s.place === place);
  }

  /** What the inner loops of a phase store. */
  private storesOf(phase: number): Store[] {
    return this.stores('inner').filter((s) => (s.phase ?? this.plan.phases - 1) === phase);
  }

  run(): Kernel {
    this.nest(new Parameters(this.b, this.plan));
    return this.b.finish();
  }

  runBatch(): Kernel {
    const { b } = this;
    const [parts, partsOfTile] = BATCH_SLOTS.map((name) => b.param(name, 'index'));
    const slots = slotsOf(this.plan).length;
    b.tiles((tile) => {
      const first = b.mul(tile, partsOfTile);
      b.loop(first, b.min(b.add(first, partsOfTile), parts), 1, [], (part) => {
        this.nest(new Parameters(b, this.plan, b.mul(part, slots)));
        return [];
      });
    });
    return b.finish();
  }

  private nest(params: Parameters): void {
    this.params = params;
    this.cells = new Cells(this.b, this.plan, params);
    const base = new Map<Stream, Reg>();
    for (const s of this.plan.streams) base.set(s, this.params.pointers.get(s) ?? this.b.index(0));
    const top: Cell = { known: new Map(), base, lanes: 1, index: null, ahead: 0, block: null };
    this.cells.preload(this.plan.exprs, top, 0);
    this.cells.storeAll(this.stores('once'), top);
    const all = (bypass: boolean): [] => {
      this.cells.bypasses = bypass;
      this.eachTile(() => this.rows(0, top));
      return [];
    };
    if (this.plan.bypassed.size === 0) all(false);
    else
      this.b.if(
        this.aligned(this.plan.bypassed),
        () => all(true),
        () => all(false),
      );
  }

  /** Whether vectors at these streams' beginnings are aligned. */
  private aligned(streams: Iterable<Stream>): Reg {
    const { b } = this;
    let low = b.const('i32', 0);
    for (const s of streams) {
      low = b.binary('or', low, b.convert(this.params.pointers.get(s) as Reg, 'i32'));
    }
    const bytes = this.plan.lanes * Math.max(...[...streams].map(bytesOfStream));
    low = b.binary('and', low, b.const('i32', bytes - 1));
    return b.compare('eq', low, b.const('i32', 0));
  }

  /** Sets the outermost loop's bounds to those of each tile in turn. */
  private eachTile(body: () => void): void {
    const {
      b,
      params: { turns },
    } = this;
    if (turns === null) return body();
    const [all] = this.params.sizes;
    b.tiles((tile) => {
      const start = b.mul(tile, turns);
      this.starts[0] = start;
      this.params.sizes[0] = b.min(b.add(start, turns), all);
      body();
    });
    this.starts.length = 0;
    this.params.sizes[0] = all;
  }

  private startOf(loop: number): Reg | number {
    return this.starts[loop] ?? 0;
  }

  // ---- kept loops

  private rows(loop: number, cell: Cell): void {
    const { plan } = this;
    if (loop === plan.kept) return this.phases([cell]);
    if (loop !== plan.vector) {
      const part = this.params.sizes[plan.kept];
      this.b.loop(this.startOf(loop), this.params.sizes[loop], 1, [], (i) => {
        const {
          b,
          params: { total },
        } = this;
        if (total !== null && loop === 0)
          this.params.sizes[plan.kept] = b.min(part, b.sub(total, b.mul(i, part)));
        this.rows(loop + 1, this.cells.enter(loop, i, cell, plan.exprs, 0));
        return [];
      });
      if (this.params.total !== null) this.params.sizes[plan.kept] = part;
      return;
    }
    // The vector loop is the last kept one: rows lie side by side in the lanes.
    this.vectorLoop(
      loop,
      plan.units,
      [],
      (cells) => {
        this.phases(cells);
        return [];
      },
      cell,
      plan.exprs,
    );
  }

  private phases(rows: readonly Cell[]): void {
    const { plan } = this;
    for (let phase = 0; phase < plan.phases; phase++) {
      this.phase(phase, rows);
      for (const row of rows) this.cells.preload(plan.exprs, row, phase + 1);
    }
    for (const row of rows) this.cells.storeAll(this.stores('row'), row);
  }

  // ---- inner loops

  private phase(phase: number, rows: readonly Cell[]): void {
    const { plan } = this;
    const list = this.reductions[phase];
    if (plan.vector < plan.kept) {
      // One accumulator a cell: lanes are different rows, elements come one by one.
      const start = rows.flatMap((row) => list.flatMap(({ acc }) => acc.start(row.lanes)));
      const end = this.inner(plan.kept, phase, rows, start);
      this.finish(phase, rows, end);
      return;
    }
    const units = list.length > 0 ? plan.units : plan.storeUnits;
    const lanes = [...new Array<number>(units).fill(plan.lanes), ...(plan.lanes > 1 ? [1] : [])];
    const start = lanes.flatMap((n) => list.flatMap(({ acc }) => acc.start(n)));
    const end = this.inner(plan.kept, phase, rows, start);
    // The vectors join as a tree, then the lanes, then the elements that filled no vector.
    const results: Reg[] = [];
    let from = 0;
    for (const { acc } of list) {
      const states = lanes.map((_, u) =>
        end.slice(u * this.width(phase) + from, u * this.width(phase) + from + acc.width),
      );
      const scalar = plan.lanes > 1 ? states.pop() : undefined;
      let vectors: State[] = states;
      while (vectors.length > 1) {
        const next: State[] = [];
        for (let i = 0; i < vectors.length; i += 2) next.push(acc.join(vectors[i], vectors[i + 1]));
        vectors = next;
      }
      const all = acc.horizontal(vectors[0]);
      results.push(...(scalar === undefined ? all : acc.join(all, scalar)));
      from += acc.width;
    }
    this.finish(phase, rows, results);
  }

  private width(phase: number): number {
    return this.reductions[phase].reduce((n, { acc }) => n + acc.width, 0);
  }

  /** Makes the results of a phase known in each row. */
  private finish(phase: number, rows: readonly Cell[], states: readonly Reg[]): void {
    const width = this.width(phase);
    rows.forEach((row, u) => {
      let from = u * width;
      for (const { expr, reduction, acc } of this.reductions[phase]) {
        const value = states[from + acc.width - 1];
        const wasBool = reduction.operand.dtype === 'bool' && acc.width === 1;
        const elem = registerOf(expr.dtype);
        row.known.set(expr, wasBool ? this.b.convert(value, elem) : value);
        from += acc.width;
      }
    });
  }

  /** Runs inner loops from `loop` on; `states` are those of every cell, one after the other. */
  private inner(loop: number, phase: number, cells: readonly Cell[], states: Reg[]): Reg[] {
    const { plan } = this;
    const last = plan.loops.length - 1;
    if (loop > last) return this.step(phase, cells, states);
    if (loop === plan.block && cells[0].block === null) {
      const all = this.params.sizes[last];
      const step = Math.max(BLOCK, plan.lanes);
      return this.b.loop(0, all, step, states, (from, now) => {
        const block = { from, to: this.b.min(this.b.add(from, step), all) };
        return this.inner(loop, phase, [{ ...cells[0], block }], [...now]);
      });
    }
    if (loop === plan.vector) return this.vectorPhase(phase, cells[0], states);
    const turn = (i: Reg, now: readonly Reg[]): Reg[] => {
      const next = cells.map((c) => this.cells.enter(loop, i, c, this.needed[phase], Infinity));
      return this.inner(loop + 1, phase, next, [...now]);
    };
    const size = this.params.sizes[loop];
    const list = this.reductions[phase];
    if (loop < last || list.length === 0) {
      return this.b.loop(this.startOf(loop), size, 1, states, turn);
    }
    // The innermost loop gathers partial results, which are then joined to the totals.
    const fresh = cells.flatMap((c) => list.flatMap(({ acc }) => acc.start(c.lanes)));
    const join = (x: readonly Reg[], y: readonly Reg[]): Reg[] => this.joinAll(phase, x, y);
    /** Elements from `from` to `to`, through sums of sums. */
    const sums = (level: number, from: Reg | number, to: Reg): Reg[] => {
      if (level === 0) return this.b.loop(from, to, 1, fresh, turn);
      const step = CHUNK ** level;
      return this.b.loop(from, to, step, fresh, (i, totals) =>
        join(totals, sums(level - 1, i, this.b.min(this.b.add(i, step), to))),
      );
    };
    const part = sums(plan.chunked, 0, size);
    return loop === plan.kept ? part : join(states, part);
  }

  private joinAll(phase: number, x: readonly Reg[], y: readonly Reg[]): Reg[] {
    const out: Reg[] = [];
    while (out.length < x.length) {
      for (const { acc } of this.reductions[phase]) {
        const from = out.length;
        const slice = (r: readonly Reg[]): State => r.slice(from, from + acc.width);
        out.push(...acc.join(slice(x), slice(y)));
      }
    }
    return out;
  }

  /** The vector loop of a phase: states of its units, then that of the scalar tail. */
  private vectorPhase(phase: number, cell: Cell, states: Reg[]): Reg[] {
    const { plan } = this;
    const list = this.reductions[phase];
    const units = list.length > 0 ? plan.units : plan.storeUnits;
    const body = (cells: readonly Cell[], now: Reg[]): Reg[] => this.step(phase, cells, now);
    const exprs = this.needed[phase];
    if (list.length === 0 || plan.vector === plan.kept) {
      return this.vectorLoop(plan.vector, units, states, body, cell, exprs, phase);
    }
    // Outer reduced loops hold totals; one run of the vector loop is a partial result.
    const fresh = states.map((s, i) => this.freshLike(phase, s, i));
    const part = this.vectorLoop(plan.vector, units, fresh, body, cell, exprs, phase);
    return this.joinAll(phase, states, part);
  }

  private freshLike(phase: number, state: Reg, i: number): Reg {
    const width = this.width(phase);
    let at = i % width;
    for (const { acc } of this.reductions[phase]) {
      if (at < acc.width) return acc.start(state.type.lanes)[at];
      at -= acc.width;
    }
    return state;
  }

  /**
   * Runs `body` over the vector loop: groups of `units` vectors, single vectors, single elements (or
   * a part of a vector).
   * `states` are those of the units, then that of the elements; all three kinds of turn take and
   * give the states of the cells they run.
   */
  private vectorLoop(
    loop: number,
    units: number,
    states: readonly Reg[],
    body: (cells: readonly Cell[], states: Reg[]) => Reg[],
    outer: Cell,
    exprs: readonly Expr[],
    phase = -1,
  ): Reg[] {
    const { b, plan } = this;
    const { lanes } = plan;
    const size = outer.block?.to ?? this.params.sizes[loop];
    const level = phase < 0 ? 0 : Infinity;
    const cellsAt = (i: Reg, count: number, width: number, mask?: Reg): Cell[] =>
      Array.from({ length: count }, (_, u) => {
        const cell = { ...outer, lanes: width, ahead: u * width, ...(mask && { mask }) };
        return this.cells.enter(loop, i, cell, exprs, level, true);
      });
    if (lanes === 1) {
      const first = outer.block?.from ?? this.startOf(loop);
      return b.loop(first, size, 1, states, (i, now) => body(cellsAt(i, 1, 1), [...now]));
    }
    const width = states.length === 0 ? 0 : states.length / (units + 1);
    let all = [...states];
    const start = this.startOf(loop);
    let from = outer.block?.from ?? (typeof start === 'number' ? b.index(start) : start);
    /** Turns of `count` cells of `n` lanes below `end`, on the states from `first` on. */
    const run = (
      count: number,
      n: number,
      first: number,
      start: Reg,
      end: Reg,
      s: Reg[],
    ): Reg[] => {
      const own = s.slice(first, first + count * width);
      const step = count * n;
      const out = b.loop(start, end, step, [start, ...own], (i, [, ...now]) => [
        b.add(i, step),
        ...body(cellsAt(i, count, n), [...now]),
      ]);
      const after = [...s];
      after.splice(first, own.length, ...out.slice(1));
      return [out[0], ...after];
    };
    if (units > 1) {
      const step = units * lanes;
      const end = b.sub(size, step - 1);
      /** Whole groups from `start` to `stop`, through sums of sums. */
      const sums = (depth: number, start: Reg, stop: Reg, now: Reg[]): Reg[] => {
        if (depth === 0) return run(units, lanes, 0, start, stop, now);
        const wide = step * CHUNK ** depth;
        return b.loop(start, stop, wide, [start, ...now], (i, [, ...totals]) => {
          const fresh = totals.map((s, k) => this.freshLike(phase, s, k));
          const part = sums(depth - 1, i, b.min(b.add(i, wide), stop), fresh);
          return [part[0], ...this.joinAll(phase, totals, part.slice(1))];
        });
      };
      const depth = phase >= 0 && width > 0 ? plan.chunked : 0;
      [from, ...all] = sums(depth, from, end, all);
    }
    [from, ...all] = run(1, lanes, 0, from, b.sub(size, lanes - 1), all);
    if (plan.masked && phase >= 0 && states.length === 0) {
      b.loop(from, size, lanes, [], (i) => {
        body(cellsAt(i, 1, lanes, b.edge(b.sub(size, i), lanes)), []);
        return [];
      });
      return all;
    }
    [, ...all] = run(1, 1, units * width, from, size, all);
    return all;
  }

  /** One element of each cell: stores it in the last phase, and gives it to the reductions. */
  private step(phase: number, cells: readonly Cell[], states: readonly Reg[]): Reg[] {
    const out: Reg[] = [];
    for (const cell of cells) {
      for (const { reduction, acc } of this.reductions[phase]) {
        const { operand, position } = reduction;
        let value = this.cells.emit(operand, cell);
        if (operand.dtype === 'bool') value = this.b.convert(value, 'i32');
        value = this.b.splat(value, cell.lanes);
        const place =
          position === null ? null : this.b.splat(this.cells.emit(position, cell), cell.lanes);
        out.push(...acc.take(states.slice(out.length, out.length + acc.width), value, place));
      }
      this.cells.storeAll(this.storesOf(phase), cell);
    }
    return out;
  }
}

/** The expressions below `roots` that belong to their phase: not past a reduction. */
function below(roots: readonly Expr[]): Expr[] {
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    if (e.kind === 'op') for (const a of e.args) if (typeof a !== 'number') visit(a);
    if (e.kind === 'op' && e.position !== null) visit(e.position);
    if (e.kind === 'gather') {
      visit(e.index);
      visit(e.position);
    }
    seen.add(e);
  };
  for (const r of roots) visit(r);
  return [...seen];
}
