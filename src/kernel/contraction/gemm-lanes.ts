/**
 * A matrix product of few rows that is summed in lanes, as the dot schedule sums, where B's rows lie
 * along the result: sum i takes the steps that lane i of a vector would. B is read once, row after
 * row, and the sums of a block of columns lie in the first-level cache.
 */
import { bytesOf } from '../../base/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { numberElem, type Temp } from './arguments.ts';
import { finishTile } from './finish.ts';
import { type BatchStart, batchStart, gemmArguments } from './gemm-arguments.ts';
import { Outer, PRODUCTS, Scratch, scratchBuffer } from './outer.ts';
import type { Problem } from './problem.ts';
import { edgeMasks, multiplyAdd, type Tile, tileKey, zeroTile } from './tile.ts';

/** Bytes of the sums of one block of columns. */
const SUM_BYTES = 16384;
/** Columns below which a block is not cut for threads. */
const SHORTEST = 128;
/** Rows of the result that one reading of B serves. */
const ROWS = 4;
/** Rows of B that are fetched ahead. */
const AHEAD = 4;

export function laneGemm(p: Problem, info: TargetInfo, temp: Temp): Launch {
  const elem = numberElem(p.dtype);
  const bytes = bytesOf(p.dtype);
  const lanes = info.vectorBytes / bytes;
  // Batches that share B have become rows.
  const rows = Math.min(p.m.size, ROWS);
  const t: Tile = { elem, bytes, rows, vectors: 1, lanes, unroll: 1 };
  const { args, epilogue, key } = gemmArguments(p, info);
  const most = Math.floor(SUM_BYTES / (lanes * rows * bytes) / lanes) * lanes;
  // Threads share blocks of columns too; short lines of B would cost more than a thread saves.
  const others = p.batch.reduce((n, d) => n * d.size, Math.ceil(p.m.size / rows));
  const share = Math.max(SHORTEST, Math.ceil((p.n.size * others) / (2 * info.threads)));
  const columns = info.threads === 1 ? p.n.size : Math.min(p.n.size, share);
  const block = Math.min(Math.max(lanes, most), Math.ceil(columns / lanes) * lanes);
  const line = block * bytes;
  const own = (name: string, size: number): Scratch =>
    new Scratch(args, name, scratchBuffer(temp, size, info));
  const sums = own('sums', lanes * rows * line);
  const byElement = epilogue !== undefined && !epilogue.vector;
  const cell = byElement ? own('scratch', rows * lanes * bytes) : null;
  const turns = Math.floor(p.k.size / lanes);
  // Vectors, then single columns where the right edge cannot be masked.
  const strips: Tile[] = info.masks ? [t] : [t, { ...t, lanes: 1 }];
  const blocks = Math.ceil(p.n.size / block);
  args.indices({
    turns,
    whole: turns * lanes,
    block,
    'line.bytes': line,
    'blocks.m': Math.ceil(p.m.size / rows),
    'blocks.n': blocks,
  });
  const loops = [
    ...p.batch.map(({ size }, d) => ({ name: `batch.${d}`, size })),
    { name: 'blocks.m', size: Math.ceil(p.m.size / rows) },
    { name: 'blocks.n', size: blocks },
  ];
  // It is as fast as B comes from memory.
  const elements = p.batch.reduce((n, d) => n * d.size, p.n.size * p.k.size);
  const readings = Math.ceil(p.m.size / rows);
  const outer = new Outer(args, loops, elements * readings * Math.max(1, rows / PRODUCTS), info);
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);

  const build = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const [n, k] = [params('n'), params('k')];
    const to = sums.here(b, params);
    const scratch = cell?.here(b, params);
    const rowBytes = params('line.bytes');
    const laneBytes = b.mul(rowBytes, rows);
    const range = Array.from({ length: rows }, (_, i) => i);

    /** Every strip of the columns from 0 to `columns`: its tile, first column and masks. */
    const eachStrip = (
      columns: Reg,
      body: (strip: Tile, column: Reg, masks: readonly Reg[] | undefined) => void,
    ): void => {
      let from = b.index(0);
      for (const [s, strip] of strips.entries()) {
        const narrow = s === strips.length - 1;
        const end = narrow ? columns : b.sub(columns, lanes - 1);
        [from] = b.loop(from, end, strip.lanes, [from], (column) => {
          const left = b.sub(columns, column);
          body(strip, column, info.masks ? edgeMasks(b, left, 1, lanes) : undefined);
          return [b.add(column, strip.lanes)];
        });
      }
    };
    const loadB = (strip: Tile, pointer: Reg, column: Reg, masks?: readonly Reg[]): Reg =>
      b.load(
        elem,
        strip.lanes,
        at(b.add(pointer, b.mul(column, bytes))),
        masks ? { mask: masks[0] } : {},
      );
    const loadA = (strip: Tile, pointer: Reg): Reg =>
      b.load(elem, strip.lanes, at(pointer), { splat: strip.lanes > 1 });

    const unit = (start: BatchStart, m0: Reg, n0: Reg): void => {
      const columns = b.min(b.sub(n, n0), params('block'));
      const b0 = b.add(start.b, b.mul(n0, params('b.n')));
      const lastRow = b.sub(params('m'), 1);
      const a = range.map((i) =>
        b.add(start.a, b.mul(b.min(b.add(m0, i), lastRow), params('a.m'))),
      );
      eachStrip(columns, (strip, column) => {
        const [zero] = zeroTile(b, { ...strip, rows: 1 });
        const cells = b.add(to, b.mul(column, bytes));
        b.loop(0, lanes * rows, 1, [cells], (_, [pointer]) => {
          b.store(elem, at(pointer), zero);
          return [b.add(pointer, rowBytes)];
        });
      });
      b.loop(0, params('turns'), 1, [b0, ...a], (_turn, outerPointers) => {
        const last = b.loop(0, lanes, 1, [...outerPointers, to], (_lane, carried) => {
          const [line, ...rest] = carried;
          const own = rest[rows];
          const xs = rest.slice(0, rows);
          eachStrip(columns, (strip, column, masks) => {
            if (info.prefetch) {
              const { base, offset } = at(b.add(line, b.mul(column, bytes)));
              b.prefetch({ base, offset, index: params('b.k'), scale: AHEAD });
            }
            const y = loadB(strip, line, column, masks);
            for (const i of range) {
              const place = at(b.add(b.add(own, b.mul(rowBytes, i)), b.mul(column, bytes)));
              const sum = b.load(elem, strip.lanes, place);
              b.store(elem, place, multiplyAdd(b, loadA(strip, xs[i]), y, sum));
            }
          });
          return [
            b.add(line, params('b.k')),
            ...xs.map((x) => b.add(x, params('a.k'))),
            b.add(own, laneBytes),
          ];
        });
        return last.slice(0, rows + 1);
      });
      eachStrip(columns, (strip, column, masks) => {
        const cells = b.add(to, b.mul(column, bytes));
        // The tree of a vector's own fold.
        const fold = (i: number, lane: number, gap: number): Reg =>
          gap === lanes
            ? b.load(elem, strip.lanes, at(b.add(cells, b.mul(rowBytes, lane * rows + i))))
            : b.add(fold(i, lane, gap * 2), fold(i, lane + gap, gap * 2));
        const folded = range.map((i) => fold(i, 0, 1));
        const total = b.loop(params('whole'), k, 1, folded, (s, rest) => {
          const y = loadB(strip, b.add(b0, b.mul(s, params('b.k'))), column, masks);
          return range.map((i) =>
            multiplyAdd(b, loadA(strip, b.add(a[i], b.mul(s, params('a.k')))), y, rest[i]),
          );
        });
        const at0 = b.add(n0, column);
        finishTile(b, strip, total, {
          rows: b.sub(params('m'), m0),
          ...(info.masks ? { columns: b.sub(columns, column) } : {}),
          out: {
            pointer: b.add(b.add(start.c, b.mul(m0, params('c.m'))), b.mul(at0, outBytes)),
            rowBytes: params('c.m'),
          },
          masks: info.masks,
          ...(scratch ? { scratch } : {}),
          ...(epilogue ? { epilogue: epilogue.at(b, params, start.outer, m0, at0) } : {}),
        });
      });
    };
    outer.each(b, params, (indices) => {
      const rank = p.batch.length;
      const start = batchStart(b, params, indices.slice(0, rank));
      const [m0, n0] = indices.slice(rank);
      unit(start, b.mul(m0, rows), b.mul(n0, params('block')));
    });
    return b.finish();
  };
  return {
    key: `gemm lanes ${tileKey(t)} ${key}${outer.key}`,
    build,
    args: args.args,
    ...outer.launch,
  };
}
