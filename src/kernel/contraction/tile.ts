/**
 * The register tile that every contraction shares: `rows` x `vectors` accumulators. One step of
 * the sum loads `vectors` vectors of one operand, broadcasts `rows` elements of the other, and
 * multiplies all with all. Schedules differ only in where those elements lie.
 */
import type { KernelBuilder } from '../builder.ts';
import type { Address, Reg, TargetInfo } from '../ir.ts';
import { bytesOfElem, type NumberElem } from './arguments.ts';

export interface Tile {
  readonly elem: NumberElem;
  /** Bytes of one element. */
  readonly bytes: number;
  readonly rows: number;
  readonly vectors: number;
  readonly lanes: number;
  /** Steps of the sum in one turn of its loop. */
  readonly unroll: number;
}

export const columnsOf = (t: Tile): number => t.vectors * t.lanes;
export const tileKey = (t: Tile): string => `${t.elem}:${t.rows}x${t.vectors}x${t.lanes}`;

/**
 * The tile for an m x n result: as many accumulators as stay in registers next to the vectors of
 * one step and one broadcast. Few rows take more vectors, few columns more rows. The classes are
 * coarse, so that another batch size finds the kernel of the last one.
 */
export function chooseTile(info: TargetInfo, elem: NumberElem, m: number, n: number): Tile {
  const bytes = bytesOfElem(elem);
  const lanes = info.vectorBytes / bytes;
  const wide = Math.max(1, Math.ceil(n / lanes));
  const [rows, vectors] = tileFor(info, m, wide);
  // V8 moves all loads of an unrolled turn before its arithmetic, and spills.
  const unroll = info.indexBytes === 4 ? 1 : UNROLL;
  return { elem, bytes, rows, vectors: Math.min(vectors, wide), lanes, unroll };
}

function tileFor(info: TargetInfo, m: number, wide: number): [rows: number, vectors: number] {
  if (info.vectorRegisters >= 32) return wideTile(m, wide);
  if (info.isa === 'avx2') return avx2Tile(m, wide);
  return narrowTile(m, wide, info.isa !== 'wasm');
}

/**
 * About 15 registers: the tiles that WebAssembly engines keep without spilling. Where a product
 * takes a register before it is added, one vector less.
 */
function narrowTile(m: number, wide: number, fused: boolean): [rows: number, vectors: number] {
  if (m <= 1) return [1, 8];
  if (m <= 2) return [2, 4];
  if (m <= 3) return [3, fused ? 3 : 2];
  if (wide === 1) return m <= 8 ? [4, 1] : [8, 1];
  if (m <= 4 || !fused) return [4, 2];
  // 3x3 loads least, but only where its tiles do not stick out further.
  const covered = (rows: number, vectors: number): number =>
    Math.ceil(wide / vectors) * vectors * (m <= 12 ? Math.ceil(m / rows) * rows : 1);
  return covered(3, 3) <= covered(4, 2) * 1.03 ? [3, 3] : [4, 2];
}

/** 15 registers: 6 x 2 fills them, with 12 multiply-adds for 8 loads. */
function avx2Tile(m: number, wide: number): [rows: number, vectors: number] {
  if (m <= 1) return [1, 8];
  if (m <= 2) return [2, 4];
  if (m <= 3) return [3, 3];
  if (wide === 1) return m <= 8 ? [4, 1] : [12, 1];
  return m <= 4 ? [4, 2] : [6, 2];
}

function wideTile(m: number, wide: number): [rows: number, vectors: number] {
  if (m <= 1) return [1, 8];
  if (m <= 4) return [m, 4];
  return wide === 1 ? [16, 1] : wide === 2 ? [12, 2] : [8, 3];
}

/** Masks of the lanes below `count`, vector by vector. */
export function edgeMasks(b: KernelBuilder, count: Reg, vectors: number, lanes: number): Reg[] {
  return Array.from({ length: vectors }, (_, j) =>
    b.edge(j === 0 ? count : b.sub(b.max(count, j * lanes), j * lanes), lanes),
  );
}

/** The accumulators at zero, row by row. */
export function zeroTile(b: KernelBuilder, t: Tile): Reg[] {
  const zero = b.splat(b.const(t.elem, t.elem === 'i64' ? 0n : 0), t.lanes);
  return Array.from({ length: t.rows * t.vectors }, () => zero);
}

/** a * b + c: fused on floats, since contractions may; two operations on integers. */
export function multiplyAdd(b: KernelBuilder, x: Reg, y: Reg, sum: Reg): Reg {
  const { elem } = sum.type;
  return elem === 'f32' || elem === 'f64' ? b.fma(x, y, sum) : b.add(b.mul(x, y), sum);
}

/** One step of the sum: `row(i)` is where row i's element lies, `vector(j)` where vector j does. */
export function step(
  b: KernelBuilder,
  t: Tile,
  sums: readonly Reg[],
  row: (i: number) => Address,
  vector: (j: number) => Address,
  masks?: readonly Reg[],
): Reg[] {
  const loadVector = (j: number): Reg =>
    b.load(t.elem, t.lanes, vector(j), masks === undefined ? {} : { mask: masks[j] });
  const out: Reg[] = [];
  if (t.rows === 1) {
    const x = b.load(t.elem, t.lanes, row(0), { splat: t.lanes > 1 });
    for (let j = 0; j < t.vectors; j++) out.push(multiplyAdd(b, x, loadVector(j), sums[j]));
    return out;
  }
  const ys = Array.from({ length: t.vectors }, (_, j) => loadVector(j));
  for (let i = 0; i < t.rows; i++) {
    const x = b.load(t.elem, t.lanes, row(i), { splat: t.lanes > 1 });
    for (let j = 0; j < t.vectors; j++) {
      out.push(multiplyAdd(b, x, ys[j], sums[i * t.vectors + j]));
    }
  }
  return out;
}

/** An operand's place during the sum: pointers, and how far they move in one step. */
export interface Walk {
  /** One pointer for each row (or one for all, see `spacing`); one for the vectors. */
  readonly pointers: readonly Reg[];
  /** Bytes between the rows that share one pointer. */
  readonly spacing: number;
  /** Bytes to the next step: a constant folds into offsets, a register is added every step. */
  readonly stride: number | Reg;
}

/** An operand whose steps lie anywhere: at `base` plus the next entry of a table of offsets. */
export interface TableWalk {
  readonly base: Reg;
  readonly table: Reg;
  readonly entryBytes: number;
}

/** How many steps one turn of a loop makes where unrolling pays. */
export const UNROLL = 4;

export interface Sum {
  readonly rows: Walk;
  readonly vectors: Walk | TableWalk;
  /** Steps in all, and the largest multiple of UNROLL not above it. */
  readonly count: Reg;
  readonly unrolled: Reg;
  /** For the vectors' loads, where lanes may lie outside. */
  readonly masks?: readonly Reg[];
}

/** The whole sum over `count` steps, from zero: the accumulators, row by row. */
export function sumTile(b: KernelBuilder, t: Tile, s: Sum): Reg[] {
  const accumulators = t.rows * t.vectors;
  const rowCount = s.rows.pointers.length;
  const turn = (steps: number) => (_: Reg, carried: readonly Reg[]) => {
    let sums = carried.slice(0, accumulators);
    const rows = new Moving(b, s.rows.stride, carried.slice(accumulators, accumulators + rowCount));
    const vectors = moving(b, s.vectors, carried.slice(accumulators + rowCount));
    for (let u = 0; u < steps; u++) {
      const vector = vectors.addresses();
      const row = rows.addresses();
      sums = step(
        b,
        t,
        sums,
        (i) => (rowCount === 1 ? row(0, i * s.rows.spacing) : row(i, 0)),
        (j) => vector(0, j * t.lanes * t.bytes),
        s.masks,
      );
      rows.advance();
      vectors.advance();
    }
    return [...sums, ...rows.end(), ...vectors.end()];
  };
  const walked = 'table' in s.vectors ? [s.vectors.table] : s.vectors.pointers;
  const start = [...zeroTile(b, t), ...s.rows.pointers, ...walked];
  if (t.unroll === 1) return b.loop(0, s.count, 1, start, turn(1)).slice(0, accumulators);
  const middle = b.loop(0, s.unrolled, UNROLL, start, turn(UNROLL));
  return b.loop(s.unrolled, s.count, 1, middle, turn(1)).slice(0, accumulators);
}

type Addresses = (pointer: number, offset: number) => Address;

/** Pointers that move together; constant strides gather in the addresses' offsets. */
class Moving {
  protected readonly b: KernelBuilder;
  private readonly stride: number | Reg;
  protected pointers: readonly Reg[];
  protected offset = 0;

  constructor(b: KernelBuilder, stride: number | Reg, pointers: readonly Reg[]) {
    this.b = b;
    this.stride = stride;
    this.pointers = pointers;
  }

  /** The present step's addresses. */
  addresses(): Addresses {
    const { pointers, offset } = this;
    return (pointer, more) => ({ base: pointers[pointer], offset: offset + more });
  }

  advance(): void {
    const { stride } = this;
    if (typeof stride === 'number') this.offset += stride;
    else this.pointers = this.pointers.map((p) => this.b.add(p, stride));
  }

  end(): readonly Reg[] {
    return this.offset === 0 ? this.pointers : this.pointers.map((p) => this.b.add(p, this.offset));
  }
}

/** A pointer that moves along a table of offsets. */
class MovingTable extends Moving {
  private readonly base: Reg;

  constructor(b: KernelBuilder, walk: TableWalk, table: Reg) {
    super(b, walk.entryBytes, [table]);
    this.base = walk.base;
  }

  override addresses(): Addresses {
    const entry = this.b.load('index', 1, { base: this.pointers[0], offset: this.offset });
    const base = this.b.add(this.base, entry);
    return (_, offset) => ({ base, offset });
  }
}

const moving = (b: KernelBuilder, walk: Walk | TableWalk, pointers: readonly Reg[]): Moving =>
  'table' in walk ? new MovingTable(b, walk, pointers[0]) : new Moving(b, walk.stride, pointers);
