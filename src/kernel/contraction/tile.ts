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
  if (wide <= 2) return wide === 1 ? [16, 1] : [12, 2];
  // Four vectors load least for what they multiply; three where they stick out less.
  const covered = (vectors: number): number => Math.ceil(wide / vectors) * vectors;
  return covered(4) <= covered(3) ? [6, 4] : [8, 3];
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
  /** Whether vectors that lie far from step to step are fetched ahead. */
  readonly prefetch?: boolean;
}

/** Steps ahead that vectors are fetched. */
const AHEAD = 8;

/** The whole sum over `count` steps, from zero: the accumulators, row by row. */
export function sumTile(b: KernelBuilder, t: Tile, s: Sum): Reg[] {
  const accumulators = t.rows * t.vectors;
  const rows = mover(b, s.rows);
  const vectors = mover(b, s.vectors);
  const vectorBytes = t.lanes * t.bytes;
  const shared = s.rows.pointers.length === 1;
  const turn = (steps: number) => (_: Reg, carried: readonly Reg[]) => {
    let sums = carried.slice(0, accumulators);
    rows.take(carried.slice(accumulators, accumulators + rows.start.length));
    vectors.take(carried.slice(accumulators + rows.start.length));
    for (let u = 0; u < steps; u++) {
      const vector = vectors.addresses();
      const row = rows.addresses();
      if (s.prefetch) prefetchVectors(b, t, s.vectors, vector);
      sums = step(
        b,
        t,
        sums,
        (i) => (shared ? row(0, i * s.rows.spacing) : row(i, 0)),
        (j) => vector(0, j * vectorBytes),
        s.masks,
      );
      rows.advance();
      vectors.advance();
    }
    return [...sums, ...rows.end(), ...vectors.end()];
  };
  const start = [...zeroTile(b, t), ...rows.start, ...vectors.start];
  if (t.unroll === 1) return b.loop(0, s.count, 1, start, turn(1)).slice(0, accumulators);
  const middle = b.loop(0, s.unrolled, UNROLL, start, turn(UNROLL));
  return b.loop(s.unrolled, s.count, 1, middle, turn(1)).slice(0, accumulators);
}

function prefetchVectors(b: KernelBuilder, t: Tile, walk: Walk | TableWalk, at: Addresses): void {
  if ('table' in walk || typeof walk.stride === 'number') return;
  for (let j = 0; j < t.vectors; j++) {
    const { base, offset } = at(0, j * t.lanes * t.bytes);
    b.prefetch({ base, offset, index: walk.stride, scale: AHEAD });
  }
}

type Addresses = (pointer: number, offset: number) => Address;

/** An operand during the sum: what a loop carries for it, and where the present step's elements are. */
interface Mover {
  readonly start: readonly Reg[];
  /** Takes what the loop carried to the beginning of a turn. */
  take(carried: readonly Reg[]): void;
  addresses(): Addresses;
  /** Goes to the next step. */
  advance(): void;
  /** What the turn gives to the next. */
  end(): readonly Reg[];
}

function mover(b: KernelBuilder, walk: Walk | TableWalk): Mover {
  if ('table' in walk) return new TableMover(b, walk);
  if (typeof walk.stride === 'number') return new ConstantMover(b, walk.pointers, walk.stride);
  const { pointers, stride } = walk;
  return pointers.length === 1
    ? new PointerMover(b, pointers[0], stride)
    : new OffsetMover(b, pointers, stride);
}

/** Constant strides gather in the addresses' offsets. */
class ConstantMover implements Mover {
  readonly start: readonly Reg[];
  protected readonly b: KernelBuilder;
  private readonly stride: number;
  protected pointers: readonly Reg[] = [];
  protected offset = 0;

  constructor(b: KernelBuilder, pointers: readonly Reg[], stride: number) {
    this.b = b;
    this.start = pointers;
    this.stride = stride;
  }

  take(carried: readonly Reg[]): void {
    this.pointers = carried;
    this.offset = 0;
  }

  addresses(): Addresses {
    const { pointers, offset } = this;
    return (pointer, more) => ({ base: pointers[pointer], offset: offset + more });
  }

  advance(): void {
    this.offset += this.stride;
  }

  end(): readonly Reg[] {
    return this.pointers.map((p) => this.b.add(p, this.offset));
  }
}

/** A pointer that moves by a register. */
class PointerMover implements Mover {
  readonly start: readonly Reg[];
  private readonly b: KernelBuilder;
  private readonly stride: Reg;
  private pointer: Reg;

  constructor(b: KernelBuilder, pointer: Reg, stride: Reg) {
    this.b = b;
    this.start = [pointer];
    this.pointer = pointer;
    this.stride = stride;
  }

  take([pointer]: readonly Reg[]): void {
    this.pointer = pointer;
  }

  addresses(): Addresses {
    const { pointer } = this;
    return (_, offset) => ({ base: pointer, offset });
  }

  advance(): void {
    this.pointer = this.b.add(this.pointer, this.stride);
  }

  end(): readonly Reg[] {
    return [this.pointer];
  }
}

/** Several pointers that stay, and the one distance from them that moves. */
class OffsetMover implements Mover {
  readonly start: readonly Reg[];
  private readonly b: KernelBuilder;
  private readonly pointers: readonly Reg[];
  private readonly stride: Reg;
  private index: Reg;

  constructor(b: KernelBuilder, pointers: readonly Reg[], stride: Reg) {
    this.b = b;
    this.pointers = pointers;
    this.stride = stride;
    this.index = b.index(0);
    this.start = [this.index];
  }

  take([index]: readonly Reg[]): void {
    this.index = index;
  }

  addresses(): Addresses {
    const { pointers, index } = this;
    return (pointer, offset) => ({ base: pointers[pointer], index, scale: 1, offset });
  }

  advance(): void {
    this.index = this.b.add(this.index, this.stride);
  }

  end(): readonly Reg[] {
    return [this.index];
  }
}

/** A pointer that moves along a table of offsets. */
class TableMover extends ConstantMover {
  private readonly base: Reg;

  constructor(b: KernelBuilder, walk: TableWalk) {
    super(b, [walk.table], walk.entryBytes);
    this.base = walk.base;
  }

  override addresses(): Addresses {
    const entry = this.b.load('index', 1, { base: this.pointers[0], offset: this.offset });
    const base = this.b.add(this.base, entry);
    return (_, offset) => ({ base, offset });
  }
}
