/**
 * The values of a planned kernel where code stands: loads, addresses and stores of *cells*. A cell loads
 * all it needs before it stores, so that an output may lie on a dense operand.
 */
import type { DType } from '../../base/index.ts';
import { at, type KernelBuilder } from '../builder.ts';
import { Expression } from '../expression.ts';
import type { Address, Reg } from '../ir.ts';
import type { Expr, Stream } from './expr.ts';
import type { Parameters } from './parameters.ts';
import type { Plan, Store } from './plan.ts';
import { bytesOfStream, type Gather, memOf } from './slots.ts';

/** Where code stands: which loops are open, and what is known there. */
export interface Cell {
  readonly known: Map<Expr, Reg>;
  /** Address (or position) of each stream, all open loops but the vector loop included. */
  readonly base: Map<Stream, Reg>;
  readonly lanes: number;
  /** The vector loop's index, once it is open, and this cell's elements beyond it. */
  readonly index: Reg | null;
  readonly ahead: number;
  /** The part of the innermost loop to run now, where that is cut into blocks. */
  readonly block: { readonly from: Reg; readonly to: Reg } | null;
  /** The lanes that exist, where a loop ends within a vector. */
  readonly mask?: Reg;
}

export class Cells {
  /** Whether the code being written stores past the caches. */
  bypasses = false;
  private readonly b: KernelBuilder;
  private readonly plan: Plan;
  private readonly params: Parameters;

  constructor(b: KernelBuilder, plan: Plan, params: Parameters) {
    this.b = b;
    this.plan = plan;
    this.params = params;
  }

  /** The cell inside loop `loop` at index `i`, with the loads made that belong there. */
  enter(
    loop: number,
    i: Reg,
    cell: Cell,
    exprs: readonly Expr[],
    level: number,
    vector = false,
  ): Cell {
    const base = new Map(cell.base);
    for (const s of this.plan.streams) {
      const kind = this.plan.classes.get(s)?.[loop];
      if (kind === 'zero' || (vector && kind === 'unit')) continue;
      const bytes = bytesOfStream(s);
      const stride = kind === 'unit' ? this.b.index(bytes) : this.params.strideOf(s, loop);
      const step = this.b.mul(i, stride);
      base.set(s, this.b.add(base.get(s) as Reg, step));
    }
    const inside: Cell = {
      ...cell,
      known: new Map(cell.known),
      base,
      index: vector ? i : cell.index,
    };
    this.preload(exprs, inside, level, loop);
    return inside;
  }

  /** Makes the loads that vary over `loop` (or none) and no loop further in, up to a level. */
  preload(exprs: readonly Expr[], cell: Cell, level: number, loop = -1): void {
    const { plan } = this;
    const row = level !== Infinity;
    for (const e of exprs) {
      if (e.kind !== 'load' && e.kind !== 'gather') continue;
      if (cell.known.has(e) || (row && e.level > level)) continue;
      const deepest = 31 - Math.clz32(plan.varies.get(e) as number);
      // After a phase, rows make the loads that waited for its results.
      const here = row && level > 0 ? deepest < plan.kept : deepest === loop;
      if (here && (!row || deepest < plan.kept)) this.emit(e, cell);
    }
  }

  emit(e: Expr, cell: Cell): Reg {
    let r = cell.known.get(e);
    if (r === undefined) {
      r = this.make(e, cell);
      cell.known.set(e, r);
    }
    return r;
  }

  private make(e: Expr, cell: Cell): Reg {
    switch (e.kind) {
      case 'constant':
        return constantReg(this.b, e);
      case 'scalar':
        return this.params.scalars.get(e) as Reg;
      case 'load':
        return this.load(e.stream, e.dtype, cell, this.address(e.stream, cell));
      case 'position':
        return this.position(e.stream, cell);
      case 'gather':
        return this.gather(e, cell);
      case 'reduced':
        throw new Error('a reduction is used before its phase has run');
      case 'op':
        return this.apply(e, cell);
    }
  }

  private apply(e: Op, cell: Cell): Reg {
    return applyOp(this.b, e, (a) => this.emit(a, cell));
  }

  /** What a stream holds at an address: of a part of a vector no more than its lanes. */
  private load(s: Stream, dtype: DType, cell: Cell, address: Address): Reg {
    const lanes = this.lanesAt(s, cell);
    const mask = lanes > 1 && cell.mask !== undefined ? { mask: cell.mask } : {};
    return this.b.load(memOf(dtype), lanes, address, mask);
  }

  /** Lanes of a value read from the stream: 1 where it does not vary along the vector loop. */
  private lanesAt(s: Stream, cell: Cell): number {
    const varies = cell.index !== null && this.plan.classes.get(s)?.[this.plan.vector] === 'unit';
    return varies ? cell.lanes : 1;
  }

  private address(s: Stream, cell: Cell): Address {
    const base = cell.base.get(s) as Reg;
    const { vector, classes } = this.plan;
    if (cell.index === null || classes.get(s)?.[vector] !== 'unit') return at(base);
    const bytes = bytesOfStream(s) as 1 | 2 | 4 | 8;
    return at(base, cell.ahead * bytes, cell.index, bytes);
  }

  private position(s: Stream, cell: Cell): Reg {
    const { b } = this;
    const base = cell.base.get(s) as Reg;
    if (cell.index === null || this.plan.classes.get(s)?.[this.plan.vector] !== 'unit') {
      return b.convert(base, 'i32');
    }
    const first = b.convert(b.add(b.add(base, cell.index), cell.ahead), 'i32');
    if (cell.lanes === 1) return first;
    return b.add(b.splat(first, cell.lanes), b.lanes('i32', cell.lanes));
  }

  /** Loads the element that the index names: negative ones count from the end once. */
  private gather(e: Gather, cell: Cell): Reg {
    const { b } = this;
    const { size, stride } = this.params.gathers.get(e) as { size: Reg; stride: Reg };
    const index = this.emit(e.index, cell);
    const elem = index.type.elem;
    const n = b.convert(size, elem);
    const zero = b.const(elem, elem === 'i64' ? 0n : 0);
    const place = b.select(b.compare('lt', index, zero), b.add(index, n), index);
    const outside = b.binary('or', b.compare('lt', place, zero), b.compare('ge', place, n));
    // An index that does not vary along the vector is told at the first of its lanes.
    const position = this.emit(e.position, cell);
    b.fault(outside, position.type.lanes === 1 ? position : b.extract(position, 0));
    // Clamped to 0: what is stored after a fault does not matter, what is read must exist.
    const safe = b.convert(b.select(outside, zero, place), 'index');
    const address = this.address(e.stream, cell);
    const base = b.add(address.base, b.mul(safe, stride));
    return this.load(e.stream, e.dtype, cell, { ...address, base });
  }

  /** Computes all values before it stores the first. */
  storeAll(stores: readonly Store[], cell: Cell): void {
    const { b } = this;
    const strided = (s: Stream): boolean =>
      cell.lanes > 1 && this.plan.classes.get(s)?.[this.plan.vector] === 'other';
    const values = stores.map(({ stream, value }) => {
      const lanes = strided(stream) ? cell.lanes : this.lanesAt(stream, cell);
      return b.splat(this.emit(value, cell), lanes);
    });
    stores.forEach(({ stream, value }, i) => {
      const mem = memOf(value.dtype);
      if (!strided(stream)) {
        const to = this.address(stream, cell);
        const past = this.bypasses && cell.lanes > 1 && this.plan.bypassed.has(stream);
        if (past && cell.mask === undefined) return b.stream(mem, to, values[i]);
        return b.store(mem, to, values[i], values[i].type.lanes > 1 ? cell.mask : undefined);
      }
      const stride = this.params.strideOf(stream, this.plan.vector);
      const base = cell.base.get(stream) as Reg;
      for (let lane = 0; lane < cell.lanes; lane++) {
        const place = b.add(base, b.mul(stride, cell.ahead + lane));
        b.store(mem, at(place), b.extract(values[i], lane));
      }
    });
  }
}

type Op = Extract<Expr, { kind: 'op' }>;

/** One function of an expression, on registers; scalars are widened where they meet vectors. */
export function applyOp(b: KernelBuilder, e: Op, regOf: (a: Expr) => Reg): Reg {
  const args = e.args.map((a) => (typeof a === 'number' ? a : { dtype: a.dtype, reg: regOf(a) }));
  const position = e.position === null ? null : regOf(e.position);
  let lanes = position?.type.lanes ?? 1;
  for (const a of args) if (typeof a !== 'number') lanes = Math.max(lanes, a.reg.type.lanes);
  const x = new Expression(b, lanes, position === null ? null : () => position);
  if (e.fn === 'cast') return x.cast(args[0] as { dtype: DType; reg: Reg }, e.dtype).reg;
  const call = x[e.fn] as (...args: unknown[]) => { reg: Reg };
  return call.apply(x, args).reg;
}

/** A constant as a scalar register. */
export const constantReg = (b: KernelBuilder, e: Extract<Expr, { kind: 'constant' }>): Reg =>
  new Expression(b, 1, null).constant(e.value, e.dtype).reg;
