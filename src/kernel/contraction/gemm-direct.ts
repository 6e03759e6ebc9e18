/**
 * A matrix product that packs nothing: for few rows, or little work in all. B is read in place,
 * strips of columns at a time; rows past the last repeat the last and are not stored. It sums in
 * either order: blocks, as the blocked schedule does, or lanes, as the dot schedule does.
 */
import { bytesOf } from '../../base/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { numberElem, type Temp } from './arguments.ts';
import { finishTile } from './finish.ts';
import { eachBatch, gemmArguments } from './gemm-arguments.ts';
import { KC } from './gemm-blocked.ts';
import { packPanels } from './pack.ts';
import type { Problem } from './problem.ts';
import { chooseTile, columnsOf, edgeMasks, step, sumTile, type Tile, tileKey } from './tile.ts';

/** Rows from which a strip of B is worth copying where its lines lie apart. */
const COPY_ROWS = 12;

export type Order = 'blocks' | 'lanes';

/** Where a tile's operands begin, and bytes from step to step. */
interface Operands {
  readonly rows: readonly Reg[];
  readonly vectors: Reg;
  readonly rowStride: number | Reg;
  readonly vectorStride: number | Reg;
  readonly masks?: readonly Reg[];
}

export function directGemm(p: Problem, info: TargetInfo, temp: Temp, order: Order): Launch {
  const t = chooseTile(info, numberElem(p.dtype), p.m.size, p.n.size);
  const { args, epilogue, key } = gemmArguments(p, info);
  const scratch = epilogue !== undefined && !epilogue.vector;
  const tileBytes = t.rows * columnsOf(t) * t.bytes;
  if (scratch) args.pointer('scratch', temp(tileBytes));
  const several = order === 'blocks' && p.k.size > KC;
  // Partial sums lie in the output, unless the epilogue stores something of another size.
  const apart = several && epilogue !== undefined && p.epilogue?.dtype !== p.dtype;
  if (apart) args.pointer('partial', temp(tileBytes));
  const copied = order === 'lanes' && p.m.size >= COPY_ROWS;
  if (order === 'lanes') {
    const turns = Math.floor(p.k.size / t.lanes);
    args.pointer('lanes', temp(tileBytes * t.lanes));
    if (copied) args.pointer('strip', temp(p.k.size * columnsOf(t) * t.bytes));
    args.indices({ turns, 'turns.unrolled': turns - (turns % 4), whole: turns * t.lanes });
  }
  const strips = chooseStrips(t, info, p.n.size);
  for (const [s, { end }] of strips.entries()) args.index(`end.${s}`, end);
  const dense = p.k.a === 1;
  const exact = p.m.size === t.rows && t.rows <= 4;
  const how =
    order === 'lanes'
      ? `lanes${copied ? ' copied' : ''}`
      : several
        ? `passes${apart ? ' apart' : ''}`
        : 'once';
  const edges = strips.map((s) => (s.masked ? 'm' : 'w')).join('');
  const kind = `gemm direct ${tileKey(t)} ${edges} ${dense ? 'k' : 's'}${exact ? ' exact' : ''} ${how}`;
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);

  const build = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const [m, k] = [params('m'), params('k')];
    /** The sum over `count` steps from step `from` on. */
    const part = (strip: Tile, o: Operands, from: Reg, count: Reg, unrolled: Reg): Reg[] =>
      sumTile(b, strip, {
        rows: {
          pointers: o.rows.map((r) => b.add(r, b.mul(from, o.rowStride))),
          spacing: 0,
          stride: o.rowStride,
        },
        vectors: {
          pointers: [b.add(o.vectors, b.mul(from, o.vectorStride))],
          spacing: 0,
          stride: o.vectorStride,
        },
        count,
        unrolled,
        ...(o.masks ? { masks: o.masks } : {}),
      });
    const sumLanes = (strip: Tile, o: Operands): Reg[] => {
      // Sum i takes the steps that lane i of a vector would; the steps left over come last.
      const { lanes } = t;
      const apart: Operands = {
        ...o,
        rowStride: scaled(b, o.rowStride, lanes),
        vectorStride: scaled(b, o.vectorStride, lanes),
      };
      const vectorBytes = strip.lanes * strip.bytes;
      const laneBytes = strip.rows * strip.vectors * vectorBytes;
      b.loop(0, lanes, 1, [params('lanes')], (lane, [to]) => {
        const first: Operands = {
          ...apart,
          rows: o.rows.map((r) => b.add(r, b.mul(lane, o.rowStride))),
          vectors: b.add(o.vectors, b.mul(lane, o.vectorStride)),
        };
        const sums = part(strip, first, b.index(0), params('turns'), params('turns.unrolled'));
        for (const [s, sum] of sums.entries()) b.store(t.elem, at(to, s * vectorBytes), sum);
        return [b.add(to, laneBytes)];
      });
      const folded = Array.from({ length: strip.rows * strip.vectors }, (_, s): Reg => {
        const load = (lane: number): Reg =>
          b.load(t.elem, strip.lanes, at(params('lanes'), lane * laneBytes + s * vectorBytes));
        // The tree of a vector's own fold.
        const fold = (lane: number, gap: number): Reg =>
          gap === lanes ? load(lane) : b.add(fold(lane, gap * 2), fold(lane + gap, gap * 2));
        return fold(0, 1);
      });
      return b.loop(params('whole'), k, 1, folded, (s, sums) => {
        const rows = o.rows.map((r) => at(b.add(r, b.mul(s, o.rowStride))));
        const vectors = b.add(o.vectors, b.mul(s, o.vectorStride));
        const vectorAt = (j: number) => at(vectors, j * vectorBytes);
        return step(b, strip, sums, (i) => rows[i], vectorAt, o.masks);
      });
    };

    eachBatch(b, params, p.batch.length, (start) => {
      let from = b.index(0);
      for (const [s, { tile: strip, masked }] of strips.entries()) {
        const end = params(`end.${s}`);
        b.loop(from, end, columnsOf(strip), [], (column) => {
          const columns = masked ? b.sub(end, column) : undefined;
          const masks = columns && edgeMasks(b, columns, strip.vectors, strip.lanes);
          let vectors: Reg = b.add(start.b, b.mul(column, t.bytes));
          if (copied) {
            packPanels(b, {
              elem: t.elem,
              bytes: t.bytes,
              lanes: strip.lanes,
              masks: info.masks,
              width: columnsOf(strip),
              source: vectors,
              outerStride: t.bytes,
              stepStride: params('b.k'),
              outer: columns ? b.min(columns, columnsOf(strip)) : b.index(columnsOf(strip)),
              steps: k,
              unrolled: params('unrolled'),
              to: params('strip'),
              panelBytes: b.index(0),
            });
            vectors = params('strip');
          }
          b.loop(0, m, t.rows, [], (row) => {
            const last = b.sub(m, 1);
            const pointers = Array.from({ length: t.rows }, (_, i): Reg => {
              const index = exact ? b.add(row, i) : b.min(b.add(row, i), last);
              return b.add(start.a, b.mul(index, params('a.m')));
            });
            const operands: Operands = {
              rows: pointers,
              vectors,
              rowStride: dense ? t.bytes : params('a.k'),
              vectorStride: copied ? columnsOf(strip) * t.bytes : params('b.k'),
              ...(masks ? { masks } : {}),
            };
            const rowBytes = params('c.m');
            const pointer = b.add(b.add(start.c, b.mul(row, rowBytes)), b.mul(column, outBytes));
            const out = { pointer, rowBytes };
            const finish = (sums: readonly Reg[], pass?: { first: Reg; last: Reg }): void =>
              finishTile(b, strip, sums, {
                ...(exact ? {} : { rows: b.sub(m, row) }),
                ...(columns ? { columns } : {}),
                out,
                masks: info.masks,
                ...(scratch ? { scratch: params('scratch') } : {}),
                ...(epilogue ? { epilogue: epilogue.at(b, params, start.outer, row, column) } : {}),
                ...(pass
                  ? {
                      passes: {
                        ...pass,
                        partial: apart
                          ? {
                              pointer: params('partial'),
                              rowBytes: b.index(columnsOf(t) * t.bytes),
                            }
                          : out,
                      },
                    }
                  : {}),
              });
            if (order === 'lanes') finish(sumLanes(strip, operands));
            else if (!several) finish(part(strip, operands, b.index(0), k, params('unrolled')));
            else {
              b.loop(0, k, KC, [], (k0) => {
                const count = b.min(b.sub(k, k0), KC);
                const unrolled = b.min(b.sub(params('unrolled'), k0), KC);
                finish(part(strip, operands, k0, count, unrolled), {
                  first: b.compare('eq', k0, b.index(0)),
                  last: b.compare('eq', b.add(k0, count), k),
                });
                return [];
              });
            }
            return [];
          });
          return [];
        });
        from = end;
      }
    });
    return b.finish();
  };
  return { key: `${kind} ${key}`, build, args: args.args };
}

interface Strip {
  readonly tile: Tile;
  readonly masked: boolean;
  /** Where its columns end. */
  readonly end: number;
}

/**
 * What covers the columns. Strips narrow toward the right edge where it cannot be masked. Where masks
 * take registers of the tile only the last strip has them, and only kinds that occur are made.
 */
function chooseStrips(t: Tile, info: TargetInfo, n: number): readonly Strip[] {
  const whole = (tile: Tile): Strip => {
    const width = columnsOf(tile);
    return { tile, masked: false, end: Math.floor(n / width) * width };
  };
  if (info.masks) {
    const masked = { tile: t, masked: true, end: n };
    const inside = whole(t);
    if (info.vectorRegisters >= 32 || inside.end === 0) return [masked];
    return inside.end === n ? [inside] : [inside, masked];
  }
  return [
    whole(t),
    ...(t.vectors > 1 ? [whole({ ...t, vectors: 1 })] : []),
    ...(t.lanes > 1 ? [whole({ ...t, vectors: 1, lanes: 1 })] : []),
  ];
}

const scaled = (b: KernelBuilder, stride: number | Reg, by: number): number | Reg =>
  typeof stride === 'number' ? stride * by : b.mul(stride, by);
