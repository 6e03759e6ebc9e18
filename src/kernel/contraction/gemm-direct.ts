/**
 * A matrix product that packs nothing: for few rows, or little work in all. B is read in place,
 * strips of columns at a time; rows past the last repeat the last and are not stored. It sums in
 * either order: blocks, as the blocked schedule does, or lanes, as the dot schedule does.
 */
import { bytesOf } from '../../base/index.ts';
import { KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { numberElem, type Temp } from './arguments.ts';
import { finishTile } from './finish.ts';
import { batchStart, gemmArguments } from './gemm-arguments.ts';
import { KC } from './gemm-blocked.ts';
import { Outer, PRODUCTS, Scratch, scratchBuffer } from './outer.ts';
import type { Problem } from './problem.ts';
import { chooseTile, columnsOf, edgeMasks, sumTile, type Tile, tileKey } from './tile.ts';

/** Where a tile's operands begin, and bytes from step to step. */
interface Operands {
  readonly rows: readonly Reg[];
  readonly vectors: Reg;
  readonly rowStride: number | Reg;
  readonly vectorStride: number | Reg;
  readonly masks?: readonly Reg[];
}

export function directGemm(p: Problem, info: TargetInfo, temp: Temp): Launch {
  const t = chooseTile(info, numberElem(p.dtype), p.m.size, p.n.size);
  const { args, epilogue, key } = gemmArguments(p, info);
  const scratch = epilogue !== undefined && !epilogue.vector;
  const tileBytes = t.rows * columnsOf(t) * t.bytes;
  const own = (name: string, bytes: number): Scratch =>
    new Scratch(args, name, scratchBuffer(temp, bytes, info));
  const scratchTile = scratch ? own('scratch', tileBytes) : null;
  const several = p.k.size > KC;
  // Partial sums lie in the output, unless the epilogue stores something of another size.
  const apart = several && epilogue !== undefined && p.epilogue?.dtype !== p.dtype;
  const partialTile = apart ? own('partial', tileBytes) : null;
  const strips = chooseStrips(t, info, p.n.size);
  for (const [s, { end }] of strips.entries()) args.index(`end.${s}`, end);
  // Threads share batches and blocks of columns.
  const width = columnsOf(t);
  const block = info.threads === 1 ? Math.max(1, Math.ceil(p.n.size / width)) * width : width;
  const blocks = Math.ceil(p.n.size / block);
  args.indices({ block, 'blocks.n': blocks });
  const loops = [
    ...p.batch.map(({ size }, d) => ({ name: `batch.${d}`, size })),
    { name: 'blocks.n', size: blocks },
  ];
  const products = p.batch.reduce((n, d) => n * d.size, p.m.size * p.n.size * p.k.size);
  const outer = new Outer(args, loops, products / PRODUCTS, info);
  const dense = p.k.a === 1;
  const exact = p.m.size === t.rows && t.rows <= 4;
  const how = several ? `passes${apart ? ' apart' : ''}` : 'once';
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
    const [cell, partial] = [scratchTile, partialTile].map((s) => s?.here(b, params));
    outer.each(b, params, (indices) => {
      const start = batchStart(b, params, indices.slice(0, p.batch.length));
      const first = b.mul(indices[p.batch.length], params('block'));
      const limit = b.add(first, params('block'));
      let from = b.index(0);
      for (const [s, { tile: strip, masked }] of strips.entries()) {
        const end = params(`end.${s}`);
        b.loop(b.max(from, first), b.min(end, limit), columnsOf(strip), [], (column) => {
          const columns = masked ? b.sub(end, column) : undefined;
          const masks = columns && edgeMasks(b, columns, strip.vectors, strip.lanes);
          const vectors = b.add(start.b, b.mul(column, t.bytes));
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
              vectorStride: params('b.k'),
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
                ...(cell ? { scratch: cell } : {}),
                ...(epilogue ? { epilogue: epilogue.at(b, params, start.outer, row, column) } : {}),
                ...(pass
                  ? {
                      passes: {
                        ...pass,
                        partial: partial
                          ? {
                              pointer: partial,
                              rowBytes: b.index(columnsOf(t) * t.bytes),
                            }
                          : out,
                      },
                    }
                  : {}),
              });
            if (!several) finish(part(strip, operands, b.index(0), k, params('unrolled')));
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
  return { key: `${kind} ${key}${outer.key}`, build, args: args.args, ...outer.launch };
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
