/**
 * A matrix product that packs nothing: for few rows, or little work in all. B is read in place,
 * strips of columns at a time; rows past the last repeat the last and are not stored.
 */
import { bytesOf } from '../../base/index.ts';
import { KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { numberElem, type Temp } from './arguments.ts';
import { finishTile } from './finish.ts';
import { eachBatch, gemmArguments } from './gemm-arguments.ts';
import type { Problem } from './problem.ts';
import { chooseTile, columnsOf, edgeMasks, sumTile, type Tile, tileKey } from './tile.ts';

export function directGemm(p: Problem, info: TargetInfo, temp: Temp): Launch {
  const t = chooseTile(info, numberElem(p.dtype), p.m.size, p.n.size);
  const { args, epilogue, key } = gemmArguments(p, info);
  const scratch = epilogue !== undefined && !epilogue.vector;
  if (scratch) args.pointer('scratch', temp(t.rows * columnsOf(t) * t.bytes));
  // Strips that narrow toward the right edge, where it cannot be masked; each ends at an argument.
  const strips: Tile[] = [t];
  if (!info.masks && t.vectors > 1) strips.push({ ...t, vectors: 1 });
  if (!info.masks && t.lanes > 1) strips.push({ ...t, vectors: 1, lanes: 1 });
  for (const [s, strip] of strips.entries()) {
    const width = columnsOf(strip);
    const whole = Math.floor(p.n.size / width) * width;
    args.index(`end.${s}`, info.masks ? p.n.size : whole);
  }
  const dense = p.k.a === 1;
  const exact = p.m.size === t.rows && t.rows <= 4;
  const kind = `gemm direct ${tileKey(t)} ${dense ? 'k' : 's'}${exact ? ' exact' : ''}`;
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);

  const build = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const m = params('m');
    eachBatch(b, params, p.batch.length, (start) => {
      let from = b.index(0);
      for (const [s, strip] of strips.entries()) {
        const end = params(`end.${s}`);
        b.loop(from, end, columnsOf(strip), [], (column) => {
          const columns = info.masks ? b.sub(end, column) : undefined;
          const masks = columns && edgeMasks(b, columns, strip.vectors, strip.lanes);
          b.loop(0, m, t.rows, [], (row) => {
            const last = b.sub(m, 1);
            const pointers = Array.from({ length: t.rows }, (_, i): Reg => {
              const index = exact ? b.add(row, i) : b.min(b.add(row, i), last);
              return b.add(start.a, b.mul(index, params('a.m')));
            });
            const sums = sumTile(b, strip, {
              rows: { pointers, spacing: 0, stride: dense ? t.bytes : params('a.k') },
              vectors: {
                pointers: [b.add(start.b, b.mul(column, t.bytes))],
                spacing: 0,
                stride: params('b.k'),
              },
              count: params('k'),
              unrolled: params('unrolled'),
              ...(masks ? { masks } : {}),
            });
            const rowBytes = params('c.m');
            const pointer = b.add(b.add(start.c, b.mul(row, rowBytes)), b.mul(column, outBytes));
            finishTile(b, strip, sums, {
              ...(exact ? {} : { rows: b.sub(m, row) }),
              ...(columns ? { columns } : {}),
              out: { pointer, rowBytes },
              masks: info.masks,
              ...(scratch ? { scratch: params('scratch') } : {}),
              ...(epilogue ? { epilogue: epilogue.at(b, params, start.outer, row, column) } : {}),
            });
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
