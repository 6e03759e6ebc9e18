/**
 * A matrix product with few rows or few columns whose vectors run along the sum: each result is
 * folded from its lanes at the end. Operands that do not lie along the sum are copied first.
 */
import { at, KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { bytesOfElem, numberElem, type Temp } from './arguments.ts';
import { batchStart, gemmArguments } from './gemm-arguments.ts';
import { Outer, Scratch, scratchBuffer } from './outer.ts';
import { packPanels } from './pack.ts';
import type { Problem } from './problem.ts';
import { multiplyAdd } from './tile.ts';

/** Results that are summed at a time: their sums stay in registers. */
const RESULTS = 8;
const NARROW = 4;
/** Results of the wider side that one turn of the outer loops makes. */
const BLOCK = 16;

/** One side of the product: its rows of A, or columns of B, a few at a time. */
interface Side {
  readonly operand: 'a' | 'b';
  readonly dim: 'm' | 'n';
  readonly few: number;
  /** Whether every turn has all of them. */
  readonly exact: boolean;
  /** Where it is copied, unless it lies along the sum. */
  readonly copy: Scratch | null;
}

export function dotGemm(p: Problem, info: TargetInfo, temp: Temp): Launch {
  const elem = numberElem(p.dtype);
  const bytes = bytesOfElem(elem);
  const lanes = info.vectorBytes / bytes;
  const { args, epilogue, key } = gemmArguments(p, info);
  args.index('whole', p.k.size - (p.k.size % lanes));
  const side = (operand: 'a' | 'b', dim: 'm' | 'n', few: number): Side => {
    const copied = p.k[operand] !== 1;
    const copy = copied
      ? new Scratch(
          args,
          `copied.${operand}`,
          scratchBuffer(temp, p[dim].size * p.k.size * bytes, info),
        )
      : null;
    return { operand, dim, few, exact: few === 1 || few === p[dim].size, copy };
  };
  // A narrow side is taken whole; of the other, as many as make the results.
  const narrow = Math.min(p.m.size, p.n.size, NARROW);
  const wide = Math.floor(RESULTS / narrow);
  const [rows, columns] = p.m.size <= p.n.size ? [narrow, wide] : [wide, narrow];
  const left = side('a', 'm', rows);
  const right = side('b', 'n', columns);
  // Threads share batches and, unless a copy would be made for each, blocks of the wider side.
  const along = p.m.size <= p.n.size ? right : left;
  const unit = Math.max(1, Math.floor(BLOCK / along.few)) * along.few;
  const whole = info.threads === 1 || left.copy !== null || right.copy !== null;
  const block = whole ? p[along.dim].size : unit;
  const blocks = Math.ceil(p[along.dim].size / block);
  args.indices({ block, blocks });
  const loops = [
    ...p.batch.map(({ size }, d) => ({ name: `batch.${d}`, size })),
    { name: 'blocks', size: blocks },
  ];
  // Every element is loaded for one product or a few.
  const elements = p.batch.reduce((n, d) => n * d.size, p.m.size * p.n.size * p.k.size) / narrow;
  const outer = new Outer(args, loops, elements / lanes, info);
  const sideKey = (s: Side): string => `${s.few}${s.exact ? 'e' : ''}${s.copy === null ? '' : 'c'}`;

  const build = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const k = params('k');
    const zero = b.const(elem, elem === 'i64' ? 0n : 0);
    outer.each(b, params, (indices) => {
      const start = batchStart(b, params, indices.slice(0, p.batch.length));
      const begin = b.mul(indices[p.batch.length], params('block'));
      /** Where a side's first row or column lies, and bytes to the next. */
      const place = (s: Side): { pointer: Reg; spacing: Reg } => {
        if (s.copy === null)
          return { pointer: start[s.operand], spacing: params(`${s.operand}.${s.dim}`) };
        const pointer = s.copy.here(b, params);
        const spacing = b.mul(k, bytes);
        packPanels(b, {
          elem,
          bytes,
          lanes,
          masks: info.masks,
          width: 1,
          source: start[s.operand],
          outerStride: params(`${s.operand}.${s.dim}`),
          stepStride: params(`${s.operand}.k`),
          outer: params(s.dim),
          steps: k,
          unrolled: params('unrolled'),
          to: pointer,
          panelBytes: spacing,
        });
        return { pointer, spacing };
      };
      const eachOf = (s: Side, body: (first: Reg, pointers: readonly Reg[]) => void): void => {
        const { pointer, spacing } = places[s.operand];
        const last = b.sub(params(s.dim), 1);
        const [from, to] =
          s === along
            ? [begin, b.min(b.add(begin, params('block')), params(s.dim))]
            : [b.index(0), params(s.dim)];
        b.loop(from, to, s.few, [], (first) => {
          const pointers = range(s.few).map((i) => {
            const index = s.exact ? b.add(first, i) : b.min(b.add(first, i), last);
            return b.add(pointer, b.mul(index, spacing));
          });
          body(first, pointers);
          return [];
        });
      };
      const places = { a: place(left), b: place(right) };
      eachOf(right, (column, ys) => {
        eachOf(left, (row, xs) => {
          /** All products at `offset` bytes into the sum, added to `sums`. */
          const products = (offset: Reg, width: number, sums: readonly Reg[]): Reg[] => {
            const load = (pointer: Reg): Reg => b.load(elem, width, at(b.add(pointer, offset)));
            const loaded = ys.map(load);
            return xs.flatMap((pointer, i) => {
              const x = load(pointer);
              return loaded.map((y, j) => multiplyAdd(b, x, y, sums[i * right.few + j]));
            });
          };
          const whole = params('whole');
          const zeros = range(left.few * right.few).map(() => b.splat(zero, lanes));
          const vectors = b.loop(0, whole, lanes, zeros, (s, sums) =>
            products(b.mul(s, bytes), lanes, sums),
          );
          const folded = vectors.map((v) => b.horizontal('add', v));
          const sums = b.loop(whole, k, 1, folded, (s, rest) => products(b.mul(s, bytes), 1, rest));
          const write = (i: number, j: number): [] => {
            const [r, c] = [b.add(row, i), b.add(column, j)];
            const to = b.add(start.c, b.add(b.mul(r, params('c.m')), b.mul(c, params('c.n'))));
            const value = sums[i * right.few + j];
            const result = epilogue
              ?.at(b, params, start.outer, r, c)
              .applyScalar(value, b.index(0), b.index(0));
            b.store(epilogue?.mem ?? elem, at(to), result ?? value);
            return [];
          };
          /** Whether position `i` of a side's turn exists; some do in any case. */
          const within = (s: Side, first: Reg, i: number, then: () => []): void => {
            if (s.exact || i === 0) then();
            else b.if(b.compare('lt', b.add(first, i), params(s.dim)), then);
          };
          for (let i = 0; i < left.few; i++) {
            within(left, row, i, () => {
              for (let j = 0; j < right.few; j++) within(right, column, j, () => write(i, j));
              return [];
            });
          }
        });
      });
    });
    return b.finish();
  };
  const turned = along === left ? ' rows' : '';
  return {
    key: `gemm dot ${sideKey(left)}x${sideKey(right)}${turned} ${key}${outer.key}`,
    build,
    args: args.args,
    ...outer.launch,
  };
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
