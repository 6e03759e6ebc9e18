/** The loops over batch dimensions that every matrix schedule starts with. */
import type { KernelBuilder } from '../builder.ts';
import type { Reg } from '../ir.ts';
import type { Params } from './arguments.ts';

export interface BatchStart {
  readonly a: Reg;
  readonly b: Reg;
  readonly c: Reg;
  /** The batch indices, outermost first. */
  readonly outer: readonly Reg[];
}

/** Runs `body` for every batch, with the operands' and the result's first element. */
export function eachBatch(
  b: KernelBuilder,
  params: Params,
  rank: number,
  body: (start: BatchStart) => void,
): void {
  const nest = (d: number, start: BatchStart): void => {
    if (d === rank) {
      body(start);
      return;
    }
    b.loop(0, params(`batch.${d}`), 1, [], (index) => {
      const move = (pointer: Reg, name: string): Reg =>
        b.add(pointer, b.mul(index, params(`${name}.${d}`)));
      nest(d + 1, {
        a: move(start.a, 'a'),
        b: move(start.b, 'b'),
        c: move(start.c, 'c'),
        outer: [...start.outer, index],
      });
      return [];
    });
  };
  nest(0, { a: params('a'), b: params('b'), c: params('c'), outer: [] });
}
