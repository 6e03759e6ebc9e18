/**
 * A matrix product with few rows or few columns whose operands both run along the sum: vectors
 * run along it too, and each result is folded from its lanes at the end.
 */
import { bytesOf } from '../../base/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { bytesOfElem, numberElem } from './arguments.ts';
import { eachBatch, gemmArguments } from './gemm-arguments.ts';
import type { Problem } from './problem.ts';
import { multiplyAdd } from './tile.ts';

export function dotGemm(p: Problem, info: TargetInfo): Launch {
  const elem = numberElem(p.dtype);
  const bytes = bytesOfElem(elem);
  const lanes = info.vectorBytes / bytes;
  const { args, epilogue, key } = gemmArguments(p, info);
  args.index('whole', p.k.size - (p.k.size % lanes));
  // The short side stays in registers while the long one goes by, a few at a time.
  const short = p.m.size <= p.n.size ? 'm' : 'n';
  const long = short === 'm' ? 'n' : 'm';
  const few = p[short].size;
  const many = Math.max(1, Math.floor(8 / few));
  const [shortOperand, longOperand] = short === 'm' ? (['a', 'b'] as const) : (['b', 'a'] as const);
  const outBytes = bytesOf(p.epilogue?.dtype ?? p.dtype);

  const build = () => {
    const b = new KernelBuilder(p.name);
    const params = args.declare(b);
    const size = params(long);
    const zero = b.const(elem, elem === 'i64' ? 0n : 0);
    eachBatch(b, params, p.batch.length, (start) => {
      b.loop(0, size, many, [], (first) => {
        const last = b.sub(size, 1);
        const pointers = [
          ...range(few).map((i) =>
            b.add(start[shortOperand], b.mul(params(`${shortOperand}.${short}`), i)),
          ),
          ...range(many).map((j) => {
            const index = many === 1 ? first : b.min(b.add(first, j), last);
            return b.add(start[longOperand], b.mul(index, params(`${longOperand}.${long}`)));
          }),
        ];
        /** All products at `offset` bytes into the sum, added to `sums`. */
        const products = (offset: Reg, width: number, sums: readonly Reg[]): Reg[] => {
          const load = (pointer: Reg): Reg => b.load(elem, width, at(b.add(pointer, offset)));
          const ys = range(many).map((j) => load(pointers[few + j]));
          return range(few).flatMap((i) => {
            const x = load(pointers[i]);
            return ys.map((y, j) => multiplyAdd(b, x, y, sums[i * many + j]));
          });
        };
        const whole = params('whole');
        const zeros = range(few * many).map(() => b.splat(zero, lanes));
        const vectors = b.loop(0, whole, lanes, zeros, (k, sums) =>
          products(b.mul(k, bytes), lanes, sums),
        );
        const folded = vectors.map((v) => b.horizontal('add', v));
        const sums = b.loop(whole, params('k'), 1, folded, (k, s) =>
          products(b.mul(k, bytes), 1, s),
        );
        for (let j = 0; j < many; j++) {
          const position = b.add(first, j);
          const write = (): [] => {
            for (let i = 0; i < few; i++) {
              const [row, column] = short === 'm' ? [b.index(i), position] : [position, b.index(i)];
              const value = sums[i * many + j];
              const c = b.add(start.c, b.add(b.mul(row, params('c.m')), b.mul(column, outBytes)));
              const result = epilogue
                ?.at(b, params, start.outer, row, column)
                .applyScalar(value, b.index(0), b.index(0));
              b.store(epilogue?.mem ?? elem, at(c), result ?? value);
            }
            return [];
          };
          if (j === 0) write();
          else b.if(b.compare('lt', position, size), write);
        }
        return [];
      });
    });
    return b.finish();
  };
  return { key: `gemm dot ${short}${few} ${key}`, build, args: args.args };
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
