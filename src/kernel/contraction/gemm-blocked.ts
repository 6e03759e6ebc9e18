/**
 * The blocked matrix product: the sum runs in blocks of KC steps whose results are added in order;
 * in each, a panel of B (copied, so that it is one stream from the first-level cache) meets the rows
 * of A. Units of the result, `mc` rows by `nc` columns, are independent: threads share them.
 *
 * A is read where it lies if a step's rows are near each other in memory, or a row's steps are;
 * else it is copied too. So is B, if enough rows read it. Copies do not change the sums.
 */
import { bytesOf } from '../../base/index.ts';
import { KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { BufferRef, Launch } from '../launch.ts';
import { Arguments, numberElem, type Temp } from './arguments.ts';
import { finishTile, prefetchTile } from './finish.ts';
import { type BatchStart, batchStart, gemmArguments } from './gemm-arguments.ts';
import { Outer, PRODUCTS, Scratch, scratchBuffer } from './outer.ts';
import { packPanels } from './pack.ts';
import type { Problem } from './problem.ts';
import {
  chooseTile,
  columnsOf,
  edgeMasks,
  sumTile,
  type Tile,
  tileKey,
  type Walk,
} from './tile.ts';

/** Steps of the sum in one block; part of the order of summation, so fixed. */
export const KC = 256;
/** Tiles of rows from which on a panel of B is worth copying. */
const COPIED_TILES = 3;
/**
 * Bytes from step to step up to which rows of A that are neighbours are read in place: as much as is
 * worth it with few registers, and with many. Steps further apart share few sets of the first cache.
 */
const [NEAR_FEW, NEAR_MANY] = [256, 2048];
/** Fewest tiles of rows in a unit. */
const UNIT_TILES = 8;

interface Blocks {
  /** Rows of A and columns of B in one unit. */
  readonly mc: number;
  readonly nc: number;
}

const upTo = (size: number, unit: number): number => Math.ceil(size / unit) * unit;

/**
 * Reads A in place where addresses are cheap: with 64-bit ones. Few registers make narrow tiles, which
 * come back to A's rows more often: then all that a block of steps reads must stay in the cache.
 */
const readsA = (p: Problem, t: Tile, info: TargetInfo): boolean =>
  info.indexBytes === 8 &&
  (p.k.a === 1 ||
    (p.m.a === 1 && p.k.a * t.bytes <= (info.vectorRegisters >= 32 ? NEAR_MANY : NEAR_FEW))) &&
  (info.vectorRegisters >= 32 || p.m.size * KC * t.bytes <= info.cache.l2 / 2);

const readsB = (p: Problem, t: Tile, info: TargetInfo): boolean =>
  info.masks && p.n.b === 1 && p.m.size <= COPIED_TILES * t.rows;

function chooseBlocks(p: Problem, t: Tile, aInPlace: boolean, info: TargetInfo): Blocks {
  const [m, n] = [upTo(p.m.size, t.rows), upTo(p.n.size, columnsOf(t))];
  const batches = p.batch.reduce((count, d) => count * d.size, 1);
  const wanted = info.threads === 1 ? 1 : 2 * info.threads;
  /** As many rows as make enough units of `columns` columns. */
  const rowsFor = (columns: number, most: number): number => {
    const parts = Math.ceil(wanted / (batches * Math.ceil(n / columns)));
    const rows = Math.max(UNIT_TILES * t.rows, upTo(Math.ceil(m / parts), t.rows));
    return Math.min(m, rows, most);
  };
  if (aInPlace) {
    const nc = columnsOf(t);
    return { mc: rowsFor(nc, m), nc };
  }
  // Columns are cut where rows alone do not make enough units: each copies its own part of B.
  const most = Math.ceil(m / (UNIT_TILES * t.rows));
  const share = upTo(Math.ceil((n * batches * most) / wanted), columnsOf(t));
  const nc = Math.min(
    n,
    Math.max(share, UNIT_TILES * columnsOf(t)),
    Math.floor(2048 / columnsOf(t)) * columnsOf(t),
  );
  const half = info.cache.l2 / 2 / (KC * t.bytes);
  return { mc: rowsFor(nc, upTo(half, t.rows)), nc };
}

export function blockedGemm(p: Problem, info: TargetInfo, temp: Temp): Launch[] {
  const t = chooseTile(info, numberElem(p.dtype), p.m.size, p.n.size);
  const { args, epilogue, key } = gemmArguments(p, info);
  const [aInPlace, bInPlace] = [readsA(p, t, info), readsB(p, t, info)];
  const { mc, nc } = chooseBlocks(p, t, aInPlace, info);
  const width = columnsOf(t);
  const depth = Math.max(1, Math.min(KC, p.k.size));
  const own = (name: string, bytes: number): Scratch =>
    new Scratch(args, name, scratchBuffer(temp, bytes, info));
  // With room for the vector that its last step may write too far.
  const packedA = aInPlace ? null : own('packedA', mc * depth * t.bytes + info.vectorBytes);
  const kept = bInPlace || p.batch.some((d) => d.b !== 0) ? null : keepPanels(p, t, info);
  if (kept !== null) args.pointer('panels', kept.panels);
  const packedB = bInPlace || kept !== null ? null : own('packedB', nc * depth * t.bytes);
  const byElement = !info.masks || (epilogue !== undefined && !epilogue.vector);
  const scratch = byElement ? own('scratch', t.rows * width * t.bytes) : null;
  // Partial sums lie in the output, unless the epilogue stores something of another size.
  const several = p.k.size > KC;
  const apart = several && epilogue !== undefined && p.epilogue?.dtype !== p.dtype;
  const partial = apart ? own('partial', mc * nc * t.bytes) : null;
  const blocks = { rows: Math.ceil(p.m.size / mc), columns: Math.ceil(p.n.size / nc) };
  args.indices({ mc, nc, 'blocks.m': blocks.rows, 'blocks.n': blocks.columns });
  const loops = [
    ...p.batch.map(({ size }, d) => ({ name: `batch.${d}`, size })),
    { name: 'blocks.m', size: blocks.rows },
    { name: 'blocks.n', size: blocks.columns },
  ];
  const products = p.batch.reduce((n, d) => n * d.size, p.m.size * p.n.size * p.k.size);
  const outer = new Outer(args, loops, products / PRODUCTS, info);
  const aRows = p.m.a === 1 ? 'm' : p.k.a === 1 ? 'k' : 's';
  const bColumns = p.n.b === 1 ? 'n' : p.k.b === 1 ? 'k' : 's';
  const bKind = kept === null ? `${bColumns}${bInPlace ? '!' : ''}` : 'kept';
  const layout = `${aRows}${aInPlace ? '!' : ''}${bKind}`;
  const kind = `gemm ${tileKey(t)} ${layout} ${several ? 'passes' : 'once'}`;
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);

  const build = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const [m, n, k] = [params('m'), params('n'), params('k')];
    const packing = { elem: t.elem, bytes: t.bytes, lanes: t.lanes, masks: info.masks };
    const aStep = aRows === 'k' ? t.bytes : params('a.k');
    const bStep = bColumns === 'k' ? t.bytes : params('b.k');
    const place = (base: Reg, line: Reg, row: Reg, column: Reg, bytes: number) => ({
      pointer: b.add(b.add(base, b.mul(row, line)), b.mul(column, bytes)),
      rowBytes: line,
    });
    const here = (s: Scratch | null): Reg | undefined => s?.here(b, params);
    const [toA, toB, cell, sums] = [packedA, packedB, scratch, partial].map(here);

    const unit = (start: BatchStart, m0: Reg, n0: Reg): void => {
      const rows = b.min(b.sub(m, m0), params('mc'));
      const columns = b.min(b.sub(n, n0), params('nc'));
      b.loop(0, b.max(k, 1), KC, [], (k0) => {
        const steps = b.min(b.sub(k, k0), KC);
        const unrolled = b.min(b.sub(params('unrolled'), k0), KC);
        const a0 = b.add(start.a, b.mul(k0, params('a.k')));
        const b0 = b.add(start.b, b.add(b.mul(n0, params('b.n')), b.mul(k0, params('b.k'))));
        const panelOf = (size: number): Reg => b.mul(steps, size * t.bytes);
        const shared = { ...packing, steps, unrolled };
        if (toB !== undefined) {
          packPanels(b, {
            ...shared,
            width,
            source: b0,
            outerStride: bColumns === 'n' ? t.bytes : params('b.n'),
            stepStride: bStep,
            outer: columns,
            to: toB,
            panelBytes: panelOf(width),
          });
        }
        if (toA !== undefined) {
          packPanels(b, {
            ...shared,
            width: t.rows,
            source: b.add(a0, b.mul(m0, params('a.m'))),
            outerStride: aRows === 'm' ? t.bytes : params('a.m'),
            stepStride: aStep,
            outer: rows,
            to: toA,
            panelBytes: panelOf(t.rows),
            overrun: true,
          });
        }
        /** The tile's rows of A: in the copy, or where they lie; past the last, the last again. */
        const rowsAt = (ir: Reg, panel: Reg | undefined): Walk => {
          if (panel !== undefined)
            return { pointers: [panel], spacing: t.bytes, stride: t.rows * t.bytes };
          const last = b.sub(m, 1);
          const row = b.add(m0, ir);
          const pointers = Array.from({ length: t.rows }, (_, i) =>
            b.add(a0, b.mul(b.min(b.add(row, i), last), params('a.m'))),
          );
          return { pointers, spacing: 0, stride: aStep };
        };
        // Kept panels hold all steps of the sum, one panel after the other.
        const panels =
          kept === null
            ? toB
            : b.add(params('panels'), b.mul(b.add(b.mul(n0, k), b.mul(k0, width)), t.bytes));
        const nextPanel = (): Reg => (kept === null ? panelOf(width) : b.mul(k, width * t.bytes));
        b.loop(0, columns, width, panels === undefined ? [] : [panels], (jr, [panelB]) => {
          const left = b.sub(columns, jr);
          const masks =
            panelB === undefined ? { masks: edgeMasks(b, left, t.vectors, t.lanes) } : {};
          const vectors: Walk =
            panelB === undefined
              ? { pointers: [b.add(b0, b.mul(jr, t.bytes))], spacing: 0, stride: bStep }
              : { pointers: [panelB], spacing: 0, stride: width * t.bytes };
          b.loop(0, rows, t.rows, toA === undefined ? [] : [toA], (ir, [panelA]) => {
            const row = b.add(m0, ir);
            const column = b.add(n0, jr);
            const out = place(start.c, params('c.m'), row, column, outBytes);
            if (info.prefetch) prefetchTile(b, t, out);
            const total = sumTile(b, t, {
              rows: rowsAt(ir, panelA),
              vectors,
              count: steps,
              unrolled,
              prefetch: info.prefetch && panelB === undefined,
              ...masks,
            });
            finishTile(b, t, total, {
              rows: b.sub(rows, ir),
              columns: left,
              out,
              masks: info.masks,
              ...(cell ? { scratch: cell } : {}),
              ...(epilogue ? { epilogue: epilogue.at(b, params, start.outer, row, column) } : {}),
              ...(several
                ? {
                    passes: {
                      first: b.compare('eq', k0, b.index(0)),
                      last: b.compare('eq', b.add(k0, steps), k),
                      partial: sums
                        ? place(sums, b.mul(params('nc'), t.bytes), ir, jr, t.bytes)
                        : out,
                    },
                  }
                : {}),
            });
            return panelA === undefined ? [] : [b.add(panelA, panelOf(t.rows))];
          });
          return panelB === undefined ? [] : [b.add(panelB, nextPanel())];
        });
        return [];
      });
    };

    outer.each(b, params, (indices) => {
      const rank = p.batch.length;
      const [mBlock, nBlock] = indices.slice(rank);
      const start = batchStart(b, params, indices.slice(0, rank));
      unit(start, b.mul(mBlock, params('mc')), b.mul(nBlock, params('nc')));
    });
    return b.finish();
  };
  const product = {
    key: `${kind} ${key}${apart ? ' apart' : ''}${outer.key}`,
    build,
    args: args.args,
    ...outer.launch,
  };
  return kept === null ? [product] : [kept.launch, product];
}

/** Panels of a constant B, copied by a launch of their own; null if B is not constant. */
function keepPanels(
  p: Problem,
  t: Tile,
  info: TargetInfo,
): { readonly panels: BufferRef; readonly launch: Launch } | null {
  if (p.keep === undefined || p.keep === null) return null;
  const width = columnsOf(t);
  const count = Math.ceil(p.n.size / width);
  const panels = p.keep(count * width * Math.max(1, p.k.size) * t.bytes);
  const args = new Arguments().pointer('b', p.b).pointer('to', panels);
  args.indices({
    n: p.n.size,
    k: p.k.size,
    unrolled: p.k.size - (p.k.size % 4),
    panels: count,
    'b.n': p.n.b * t.bytes,
    'b.k': p.k.b * t.bytes,
  });
  const outer = new Outer(args, [{ name: 'panels', size: count }], 2 * p.n.size * p.k.size, info);
  const columns = p.n.b === 1 ? 'n' : p.k.b === 1 ? 'k' : 's';
  const build = () => {
    const b = new KernelBuilder(`${p.name} weights`);
    const params = args.declare(b);
    outer.each(b, params, ([panel]) => {
      const first = b.mul(panel, width);
      const bytes = b.mul(params('k'), width * t.bytes);
      packPanels(b, {
        elem: t.elem,
        bytes: t.bytes,
        lanes: t.lanes,
        masks: info.masks,
        width,
        source: b.add(params('b'), b.mul(first, params('b.n'))),
        outerStride: columns === 'n' ? t.bytes : params('b.n'),
        stepStride: columns === 'k' ? t.bytes : params('b.k'),
        outer: b.min(b.sub(params('n'), first), width),
        steps: params('k'),
        unrolled: params('unrolled'),
        to: b.add(params('to'), b.mul(panel, bytes)),
        panelBytes: bytes,
      });
    });
    return b.finish();
  };
  const key = `gemm panels ${tileKey(t)} ${columns} ${info.isa}${outer.key}`;
  return { panels, launch: { key, build, args: args.args, ...outer.launch, kept: true } };
}
