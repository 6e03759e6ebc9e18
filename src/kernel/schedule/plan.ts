/**
 * From a fused kernel to its loop nest: which dimensions merge, which loop is the vector loop, how
 * many lanes and how far it is unrolled. Everything decided here is part of the kernel's key.
 *
 * The order of every float sum follows from the kernel's space, its dtype and the ISA alone, never
 * from strides: adjacent reduced dimensions always merge, and the last dimension of the space is
 * the vector loop. Operands whose strides do not allow it are copied first ({@link offenders}).
 */

import { bytesOf } from '../../base/index.ts';
import type { GraphNode } from '../../ir/index.ts';
import type { TargetInfo } from '../ir.ts';
import { argsOf, type Expr, type Reduction, type Stream } from './expr.ts';

/** Elements along a space, computed and stored by one kernel. */
export interface FusedKernel {
  readonly name: string;
  /** Sizes; dimensions of size 1 are left out. */
  readonly space: readonly number[];
  /** Which dimensions are reduced: the inner loops. In elementwise kernels all are "reduced". */
  readonly inner: readonly boolean[];
  readonly stores: readonly Store[];
  /** The op that may fault. */
  readonly faults?: GraphNode;
  /**
   * Of a space of rows that part so many elements: the last row is shorter where they do not fill
   * it. Operands run on from row to row.
   */
  readonly total?: number;
}

export interface Store {
  readonly value: Expr;
  readonly stream: Stream;
  /** In the inner loops, once per kept index, or once before all loops. */
  readonly place: 'inner' | 'row' | 'once';
  /** The phase whose inner loops store it; the last one unless given. */
  readonly phase?: number;
}

export type StrideClass = 'zero' | 'unit' | 'other';

export interface Loop {
  readonly size: number;
  readonly inner: boolean;
  /** Dimensions of the space that it runs over, outermost first. */
  readonly dims: readonly number[];
}

/** Tile t runs the turns from t * turns on. */
export interface Tiles {
  readonly count: number;
  readonly turns: number;
}

export interface Plan {
  readonly kernel: FusedKernel;
  /** Outermost first; kept loops, then inner ones. */
  readonly loops: readonly Loop[];
  /** Number of kept loops: inner ones start here. */
  readonly kept: number;
  /** Index of the vector loop; -1 if there are no loops. */
  readonly vector: number;
  readonly lanes: number;
  /** Vectors a turn in the loops of kept rows or of a phase that reduces, and of one that only stores. */
  readonly units: number;
  readonly storeUnits: number;
  /**
   * Transposing kernels: before this loop the innermost one is cut into blocks, whose turns then
   * share cache lines; -1 for all others.
   */
  readonly block: number;
  /** What is too much for the caches to hold: stores of whole vectors pass them by. */
  readonly bypassed: ReadonlySet<Stream>;
  /** Whether what fills no vector is computed as a part of one, rather than element by element. */
  readonly masked: boolean;
  /** How the outermost loop is cut into pieces for several threads; null if it is not worth it. */
  readonly tiles: Tiles | null;
  /** How often partial sums of CHUNK parts are joined to larger ones: 0 to 2 times. */
  readonly chunked: number;
  /** Every expression, operands first. */
  readonly exprs: readonly Expr[];
  readonly streams: readonly Stream[];
  /** Stride classes of each stream, by loop. */
  readonly classes: ReadonlyMap<Stream, readonly StrideClass[]>;
  /** The loops over which each expression varies, as bits. */
  readonly varies: ReadonlyMap<Expr, number>;
  /** One more than the last level that has inner loops to run. */
  readonly phases: number;
}

/** What one accumulator takes before it is added to the next: elements, then sums of these. */
export const CHUNK = 128;

/** Elements of a block: its rows, however they align, must stay in a cache of eight ways. */
export const BLOCK = 8;

/** All expressions below the stores, operands first. */
export function exprsOf(stores: readonly Store[]): Expr[] {
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    for (const a of argsOf(e)) visit(a);
    if (e.kind === 'reduced') {
      visit(e.reduction.operand);
      if (e.reduction.position !== null) visit(e.reduction.position);
    }
    seen.add(e);
  };
  for (const s of stores) visit(s.value);
  return [...seen];
}

/** Whether the order in which it combines elements can show in the result. */
export const isOrdered = ({ combine, operand }: Reduction): boolean =>
  (combine === 'sum' || combine === 'prod') && operand.dtype.startsWith('float');

const isArg = ({ combine }: Reduction): boolean => combine === 'argmax' || combine === 'argmin';

function streamsOf(exprs: readonly Expr[], stores: readonly Store[]): Stream[] {
  const all = new Set<Stream>(stores.map((s) => s.stream));
  for (const e of exprs) {
    if (e.kind === 'load' || e.kind === 'gather' || e.kind === 'position') all.add(e.stream);
  }
  // In the order in which the graph lists them, which is that of the argument slots.
  return [...all].sort((a, b) => a.id - b.id);
}

const reductionsOf = (exprs: readonly Expr[]): Reduction[] =>
  exprs.flatMap((e) => (e.kind === 'reduced' ? [e.reduction] : []));

/** Merges runs of dimensions; within ordered reductions by position alone. */
function loopsOf(kernel: FusedKernel, streams: readonly Stream[], ordered: boolean): Loop[] {
  const { space, inner } = kernel;
  const loops: Loop[] = [];
  for (const kind of [false, true]) {
    let last: { size: number; inner: boolean; dims: number[] } | null = null;
    for (let d = 0; d < space.length; d++) {
      if (inner[d] !== kind) continue;
      const before: number = last === null ? -1 : last.dims[last.dims.length - 1];
      const merge =
        last !== null &&
        // Only whole rows of parts may be shorter.
        (kernel.total === undefined || before !== 0) &&
        (kind && ordered ? before === d - 1 : streams.every((s) => mergeable(s, before, d, space)));
      if (last !== null && merge) {
        last.size *= space[d];
        last.dims.push(d);
      } else {
        last = { size: space[d], inner: kind, dims: [d] };
        loops.push(last);
      }
    }
  }
  return loops;
}

const mergeable = (s: Stream, outer: number, d: number, space: readonly number[]): boolean =>
  s.strides[outer] === s.strides[d] * space[d];

/** A stream's stride along a merged loop. */
export const strideOf = (s: Stream, loop: Loop): number =>
  s.strides[loop.dims[loop.dims.length - 1]];

const classOf = (stride: number): StrideClass =>
  stride === 0 ? 'zero' : stride === 1 ? 'unit' : 'other';

/**
 * Streams that ordered reductions cannot read as they lie: they do not merge with the reduced
 * dimensions, or are not dense along the vector loop.
 */
export function offenders(kernel: FusedKernel): Stream[] {
  const exprs = exprsOf(kernel.stores);
  if (!reductionsOf(exprs).some(isOrdered)) return [];
  const { space, inner } = kernel;
  return streamsOf(exprs, kernel.stores).filter((s) => {
    const last = space.length - 1;
    if (last >= 0 && inner[last] && s.strides[last] !== 0 && s.strides[last] !== 1) return true;
    return space.some(
      (_, d) => d > 0 && inner[d] && inner[d - 1] && !mergeable(s, d - 1, d, space),
    );
  });
}

export function planLoops(kernel: FusedKernel, info: TargetInfo): Plan {
  const exprs = exprsOf(kernel.stores);
  const reductions = reductionsOf(exprs);
  const streams = streamsOf(exprs, kernel.stores);
  const ordered = reductions.some(isOrdered);
  let loops = loopsOf(kernel, streams, ordered);
  const kept = loops.filter((l) => !l.inner).length;
  const lastDim = kernel.space.length - 1;
  let vector = loops.findIndex((l) => l.dims.includes(lastDim));
  const block = reductions.length > 0 ? -1 : blockAt(loops, streams, kernel.stores);
  if (block >= 0) {
    loops = [...loops.toSpliced(block, 1), loops[block]];
    vector = loops.length - 1;
  }
  const classes = new Map(
    streams.map((s) => [s, loops.map((l) => classOf(strideOf(s, l)))] as const),
  );
  const varies = varying(exprs, classes, kept);
  const lanes = lanesOf(exprs, reductions, kernel, classes, varies, vector, info);
  const loop = vector < 0 ? null : loops[vector];
  const size = loop?.size ?? 1;
  const isRow = loop !== null && !loop.inner;
  const cost = exprs.reduce((sum, e) => sum + costOf(e), 0);
  let units = 1;
  if (lanes > 1 && reductions.length > 0) {
    if (!isRow) units = size >= 16 * lanes ? 4 : 1;
    else if (size >= 4 * lanes && reductions.length <= 2 && cost <= 40) units = 4;
  }
  // Accumulators must stay in registers; what the sum's order depends on is not for this to change.
  const storeUnits =
    lanes > 1 && block < 0 && !isRow && size >= 64 * lanes
      ? cost > 60
        ? 1
        : cost > 12
          ? 2
          : 4
      : 1;
  // Tiles of the vector loop hold whole turns.
  const unit = vector === 0 ? lanes * Math.max(units, storeUnits) : 1;
  const simple = reductions.length === 0 && kernel.stores.length === 1 && cost <= 12;
  const bypassed =
    vector === loops.length - 1 && lanes > 1 && block < 0 && simple
      ? bypassedBy(kernel, exprs, streams, loops, info)
      : new Set<Stream>();
  const lastInner = loops.length > kept ? loops[loops.length - 1].size : 1;
  const levels = [
    ...reductions.map((r) => r.operand.level + 1),
    ...kernel.stores.filter((s) => s.place === 'inner').map((s) => s.value.level + 1),
  ];
  return {
    kernel,
    loops,
    kept,
    vector,
    lanes,
    units,
    storeUnits,
    block,
    bypassed,
    masked:
      info.masks &&
      lanes > 1 &&
      block < 0 &&
      vector >= kept &&
      cost >= (info.slowMasks ? SLOW_MASK : MASK) &&
      movesByMasks(streams, kernel.stores, classes, vector),
    tiles: tilesOfKernel(
      kernel,
      loops,
      kept,
      reductions.length > 0,
      workOf({ kernel, streams, exprs }),
      unit,
      info,
    ),
    chunked: ordered ? chunkLevels(lastInner / (isRow ? 1 : lanes * units)) : 0,
    exprs,
    streams,
    classes,
    varies,
    phases: Math.max(0, ...levels),
  };
}

/** What an element must cost so that a part of a vector is faster than some single elements. */
const [MASK, SLOW_MASK] = [4, 16];

/** Whether all that runs along the vector loop is of 4 or 8 bytes an element, side by side. */
function movesByMasks(
  streams: readonly Stream[],
  stores: readonly Store[],
  classes: ReadonlyMap<Stream, readonly StrideClass[]>,
  vector: number,
): boolean {
  const written = new Set(stores.map((s) => s.stream));
  return streams.every((s) => {
    const kind = classes.get(s)?.[vector];
    if (kind === 'other') return !written.has(s);
    return kind === 'zero' || s.memory === null || bytesOf(s.memory.dtype) >= 4;
  });
}

/**
 * The streams to store past the caches, where a kernel touches more than they hold: written once,
 * in rows whose vectors are all aligned if the first is, and not read.
 */
function bypassedBy(
  kernel: FusedKernel,
  exprs: readonly Expr[],
  streams: readonly Stream[],
  loops: readonly Loop[],
  info: TargetInfo,
): Set<Stream> {
  const bytesOfAll = ({ memory, strides }: Stream): number => {
    if (memory === null) return 0;
    return (
      kernel.space.reduce((n, size, d) => (strides[d] === 0 ? n : n * size), 1) *
      bytesOf(memory.dtype)
    );
  };
  const touched = streams.reduce((n, s) => n + bytesOfAll(s), 0);
  if (touched <= info.streamBytes) return new Set();
  const read = new Set(
    exprs.flatMap((e) => (e.kind === 'load' || e.kind === 'gather' ? [e.stream] : [])),
  );
  const written = kernel.stores.filter(({ place, value, stream }) => {
    const bytes = bytesOf(value.dtype);
    return (
      place === 'inner' &&
      value.dtype !== 'bool' &&
      !read.has(stream) &&
      loops.every((l, i) =>
        i === loops.length - 1
          ? strideOf(stream, l) === 1
          : (strideOf(stream, l) * bytes) % info.vectorBytes === 0,
      )
    );
  });
  return new Set(written.map((s) => s.stream));
}

const MOST_TILES = 64;

/** Cuts the outermost loop of a kernel, where its turns do not depend on each other. */
function tilesOfKernel(
  kernel: FusedKernel,
  loops: readonly Loop[],
  kept: number,
  reduces: boolean,
  work: number,
  unit: number,
  info: TargetInfo,
): Tiles | null {
  if (loops.length === 0) return null;
  if (kernel.faults !== undefined && !info.ordersFaults) return null;
  const alone = kernel.stores.some((s) => s.place === 'once' || (s.place === 'row' && kept === 0));
  if (alone || (kept === 0 && reduces)) return null;
  return tilesOf(loops[0].size, work, info, unit);
}

/** What a kernel does, in elements loaded or stored. */
export function workOf({
  kernel,
  streams,
  exprs,
}: Pick<Plan, 'kernel' | 'streams' | 'exprs'>): number {
  const cost = exprs.reduce((sum, e) => sum + costOf(e), 0);
  return kernel.space.reduce((n, size) => n * size, streams.length + cost / 4);
}

/** Cuts a loop of `size` turns and of so much work, in elements loaded or stored; null if it does not pay. */
export function tilesOf(size: number, work: number, info: TargetInfo, unit = 1): Tiles | null {
  if (info.threads === 1 || work < info.parallelWork) return null;
  const most = Math.max(MOST_TILES, 4 * info.threads);
  const wanted = Math.min(Math.floor((2 * work) / info.parallelWork), most);
  const turns = Math.ceil(Math.ceil(size / wanted) / unit) * unit;
  const count = Math.ceil(size / turns);
  return count > 1 ? { count, turns } : null;
}

const chunkLevels = (turns: number): number => (turns <= CHUNK ? 0 : turns <= CHUNK ** 2 ? 1 : 2);

/** Least sizes for which blocks are worth their loops. */
const BLOCKED = 8;

/**
 * The loop along which an operand is dense that strides along the innermost one: the innermost
 * loop it should be, in blocks. -1 if there is none.
 */
function blockAt(
  loops: readonly Loop[],
  streams: readonly Stream[],
  stores: readonly Store[],
): number {
  const last = loops.length - 1;
  if (last < 1 || loops[last].size < BLOCKED) return -1;
  const written = new Set(stores.map((s) => s.stream));
  for (const s of streams) {
    if (s.memory === null || written.has(s) || Math.abs(strideOf(s, loops[last])) <= 1) continue;
    const at = loops.findIndex((l) => strideOf(s, l) === 1 && l.size >= BLOCKED);
    if (at >= 0) return at;
  }
  return -1;
}

function varying(
  exprs: readonly Expr[],
  classes: ReadonlyMap<Stream, readonly StrideClass[]>,
  kept: number,
): Map<Expr, number> {
  const varies = new Map<Expr, number>();
  for (const e of exprs) {
    let bits = e.kind === 'reduced' ? 2 ** kept - 1 : 0;
    for (const a of argsOf(e)) bits |= varies.get(a) as number;
    if (e.kind === 'load' || e.kind === 'gather' || e.kind === 'position') {
      classes.get(e.stream)?.forEach((c, i) => {
        if (c !== 'zero') bits |= 1 << i;
      });
    }
    varies.set(e, bits);
  }
  return varies;
}

/** As many lanes as the one width of all vectors allows; 1 if widths or strides do not. */
function lanesOf(
  exprs: readonly Expr[],
  reductions: readonly Reduction[],
  kernel: FusedKernel,
  classes: ReadonlyMap<Stream, readonly StrideClass[]>,
  varies: ReadonlyMap<Expr, number>,
  vector: number,
  info: TargetInfo,
): number {
  if (vector < 0) return 1;
  const widths = new Set<number>();
  for (const e of exprs) {
    if (((varies.get(e) as number) & (1 << vector)) === 0) continue;
    if (e.dtype !== 'bool') widths.add(bytesOf(e.dtype));
    if (e.kind === 'gather' && ((varies.get(e.index) as number) & (1 << vector)) !== 0) return 1;
  }
  for (const r of reductions) {
    const width = r.operand.dtype === 'bool' ? 4 : bytesOf(r.operand.dtype);
    if (isArg(r) && width !== 4) return 1;
    widths.add(width);
  }
  for (const s of kernel.stores) {
    if (classes.get(s.stream)?.[vector] === 'zero') continue;
    if (s.value.dtype !== 'bool') widths.add(bytesOf(s.value.dtype));
  }
  if (widths.size > 1) return 1;
  // Stores that stride are made lane by lane.
  const written = new Set(kernel.stores.map((s) => s.stream));
  for (const [s, list] of classes) if (list[vector] === 'other' && !written.has(s)) return 1;
  const [width = 4] = widths;
  return info.vectorBytes / width;
}

const COSTS: Readonly<Record<string, number>> = {
  exp: 20,
  expm1: 30,
  log: 25,
  log1p: 30,
  sin: 40,
  cos: 40,
  tanh: 30,
  erf: 40,
  pow: 60,
  philox: 120,
};

/** What an elementwise op costs, as far as its name tells. */
export const costOfNode = ({ def }: GraphNode): number =>
  COSTS[def.name === 'randomBits' ? 'philox' : def.name] ?? 1;

/** What an expression costs by itself, in simple instructions. */
export const costOf = (e: Expr): number => (e.kind === 'op' ? (COSTS[e.fn] ?? 1) : 0);
