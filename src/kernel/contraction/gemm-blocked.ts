/**
 * The blocked matrix product: panels of B stay in the first-level cache, a block of packed A in
 * the second, and the sum runs in blocks whose results are added in order.
 */
import { bytesOf } from '../../base/index.ts';
import { KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { numberElem, type Temp } from './arguments.ts';
import { finishTile, prefetchTile } from './finish.ts';
import { eachBatch, gemmArguments } from './gemm-arguments.ts';
import { packPanels } from './pack.ts';
import type { Problem } from './problem.ts';
import { chooseTile, columnsOf, sumTile, type Tile, tileKey } from './tile.ts';

/** Steps of the sum in one block; part of the order of summation, so fixed. */
export const KC = 256;

interface Blocks {
  /** Rows of A and columns of B that are packed at a time. */
  readonly mc: number;
  readonly nc: number;
}

function chooseBlocks(t: Tile, info: TargetInfo): Blocks {
  const half = info.cache.l2 / 2 / (KC * t.bytes);
  const down = (n: number, unit: number): number => Math.max(unit, Math.floor(n / unit) * unit);
  return { mc: down(half, t.rows), nc: down(2048, columnsOf(t)) };
}

export function blockedGemm(p: Problem, info: TargetInfo, temp: Temp): Launch {
  const t = chooseTile(info, numberElem(p.dtype), p.m.size, p.n.size);
  const { args, epilogue, key } = gemmArguments(p, info);
  const { mc, nc } = chooseBlocks(t, info);
  const width = columnsOf(t);
  const upTo = (size: number, unit: number): number => Math.ceil(size / unit) * unit;
  const depth = Math.max(1, Math.min(KC, p.k.size));
  args.pointer('packedA', temp(Math.min(mc, upTo(p.m.size, t.rows)) * depth * t.bytes));
  args.pointer('packedB', temp(Math.min(nc, upTo(p.n.size, width)) * depth * t.bytes));
  const scratch = !info.masks || (epilogue !== undefined && !epilogue.vector);
  if (scratch) args.pointer('scratch', temp(t.rows * width * t.bytes));
  // Partial sums lie in the output, unless the epilogue stores something of another size.
  const several = p.k.size > KC;
  const apart = several && epilogue !== undefined && p.epilogue?.dtype !== p.dtype;
  if (apart) {
    args.pointer('partial', temp(p.m.size * p.n.size * bytesOf(p.dtype)));
  }
  const aRows = p.m.a === 1 ? 'm' : p.k.a === 1 ? 'k' : 's';
  const bColumns = p.n.b === 1 ? 'n' : p.k.b === 1 ? 'k' : 's';
  const kind = `gemm ${tileKey(t)} ${aRows}${bColumns} ${several ? 'passes' : 'once'}`;
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);

  const build = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const [m, n, k] = [params('m'), params('n'), params('k')];
    const packing = { elem: t.elem, bytes: t.bytes, lanes: t.lanes, masks: info.masks };
    eachBatch(b, params, p.batch.length, ({ a: a0, b: b0, c: c0, outer }) => {
      b.loop(0, n, nc, [], (n0) => {
        const columns = b.min(b.sub(n, n0), nc);
        b.loop(0, b.max(k, 1), KC, [], (k0) => {
          const steps = b.min(b.sub(k, k0), KC);
          const unrolled = b.min(b.sub(params('unrolled'), k0), KC);
          const panelOf = (width: number): Reg => b.mul(steps, width * t.bytes);
          packPanels(b, {
            ...packing,
            width,
            source: b.add(b0, b.add(b.mul(n0, params('b.n')), b.mul(k0, params('b.k')))),
            outerStride: bColumns === 'n' ? t.bytes : params('b.n'),
            stepStride: bColumns === 'k' ? t.bytes : params('b.k'),
            outer: columns,
            steps,
            unrolled,
            to: params('packedB'),
            panelBytes: panelOf(width),
          });
          b.loop(0, m, mc, [], (m0) => {
            const rows = b.min(b.sub(m, m0), mc);
            packPanels(b, {
              ...packing,
              width: t.rows,
              source: b.add(a0, b.add(b.mul(m0, params('a.m')), b.mul(k0, params('a.k')))),
              outerStride: aRows === 'm' ? t.bytes : params('a.m'),
              stepStride: aRows === 'k' ? t.bytes : params('a.k'),
              outer: rows,
              steps,
              unrolled,
              to: params('packedA'),
              panelBytes: panelOf(t.rows),
            });
            const rowBytes = params('c.m');
            b.loop(0, columns, width, [params('packedB')], (jr, [panelB]) => {
              b.loop(0, rows, t.rows, [params('packedA')], (ir, [panelA]) => {
                const row = b.add(m0, ir);
                const column = b.add(n0, jr);
                const place = (base: Reg, bytes: number, line: Reg) => ({
                  pointer: b.add(b.add(base, b.mul(row, line)), b.mul(column, bytes)),
                  rowBytes: line,
                });
                const out = place(c0, outBytes, rowBytes);
                if (info.prefetch) prefetchTile(b, t, out);
                const sums = sumTile(b, t, {
                  rows: { pointers: [panelA], spacing: t.bytes, stride: t.rows * t.bytes },
                  vectors: { pointers: [panelB], spacing: 0, stride: width * t.bytes },
                  count: steps,
                  unrolled,
                });
                finishTile(b, t, sums, {
                  rows: b.sub(rows, ir),
                  columns: b.sub(columns, jr),
                  out,
                  masks: info.masks,
                  ...(scratch ? { scratch: params('scratch') } : {}),
                  ...(epilogue ? { epilogue: epilogue.at(b, params, outer, row, column) } : {}),
                  ...(several
                    ? {
                        passes: {
                          first: b.compare('eq', k0, b.index(0)),
                          last: b.compare('eq', b.add(k0, steps), k),
                          partial: apart
                            ? place(params('partial'), t.bytes, b.mul(n, t.bytes))
                            : out,
                        },
                      }
                    : {}),
                });
                return [b.add(panelA, panelOf(t.rows))];
              });
              return [b.add(panelB, panelOf(width))];
            });
            return [];
          });
          return [];
        });
        return [];
      });
    });
    return b.finish();
  };
  return { key: `${kind} ${key}${apart ? ' apart' : ''}`, build, args: args.args };
}
