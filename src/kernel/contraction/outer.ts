/**
 * The outer loops of a kernel, whose turns are independent of each other: one thread runs them as a
 * nest; several take tiles of them, runs of consecutive turns of the whole nest.
 */
import type { KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { BufferRef, Launch } from '../launch.ts';
import type { Arguments, Params, Temp } from './arguments.ts';

/** Multiplications that take as long as loading or storing one element. */
export const PRODUCTS = 8;

export interface OuterLoop {
  /** The argument that holds its size. */
  readonly name: string;
  readonly size: number;
}

export class Outer {
  /** For {@link Launch}: how many tiles, if there are several. */
  readonly launch: Pick<Launch, 'tiles'>;
  readonly key: string;
  private readonly loops: readonly OuterLoop[];
  private readonly tiled: boolean;

  /** `work` is that of all turns, in elements loaded or stored. */
  constructor(
    args: Arguments,
    loops: readonly OuterLoop[],
    work: number,
    { threads, parallelWork }: TargetInfo,
  ) {
    this.loops = loops;
    const turns = loops.reduce((n, { size }) => n * size, 1);
    const most = Math.min(Math.max(16, 4 * threads), Math.floor((4 * work) / parallelWork));
    const each = Math.max(1, Math.floor(turns / Math.max(1, most)));
    const tiles = Math.ceil(turns / each);
    this.tiled = threads > 1 && work >= parallelWork && tiles > 1;
    this.launch = this.tiled ? { tiles } : {};
    this.key = this.tiled ? ' tiles' : '';
    if (this.tiled) args.indices({ 'all.turns': turns, 'tile.turns': each });
  }

  /** The first tile of this call; 0 where there are no tiles. */
  first(b: KernelBuilder): Reg {
    return this.tiled ? b.firstTile() : b.index(0);
  }

  /** Runs `body` for each turn, with the loops' indices, outermost first. */
  each(b: KernelBuilder, p: Params, body: (indices: readonly Reg[]) => void): void {
    if (this.tiled) this.eachOfTile(b, p, body);
    else this.nest(b, p, [], body);
  }

  private nest(
    b: KernelBuilder,
    p: Params,
    indices: readonly Reg[],
    body: (indices: readonly Reg[]) => void,
  ): void {
    if (indices.length === this.loops.length) return body(indices);
    b.loop(0, p(this.loops[indices.length].name), 1, [], (i) => {
      this.nest(b, p, [...indices, i], body);
      return [];
    });
  }

  private eachOfTile(b: KernelBuilder, p: Params, body: (indices: readonly Reg[]) => void): void {
    b.tiles((tile) => {
      const from = b.mul(tile, p('tile.turns'));
      const to = b.min(b.add(from, p('tile.turns')), p('all.turns'));
      b.loop(from, to, 1, [], (turn) => {
        // The digits of the turn's number; a division a turn costs nothing beside its work.
        let rest = turn;
        const indices: Reg[] = [];
        for (const { name } of this.loops.slice(1).reverse()) {
          const size = p(name);
          const quotient = b.convert(
            b.binary('div', b.convert(rest, 'i32'), b.convert(size, 'i32')),
            'index',
          );
          indices.unshift(b.sub(rest, b.mul(quotient, size)));
          rest = quotient;
        }
        body([rest, ...indices]);
        return [];
      });
    });
  }
}

/** Scratch memory of which every thread has its own. */
export class Scratch {
  private readonly name: string;

  constructor(args: Arguments, name: string, buffer: ScratchBuffer) {
    this.name = name;
    args.pointer(name, buffer.buffer).index(`${name}.own`, buffer.bytes);
  }

  /** Where this thread's lies. */
  here(b: KernelBuilder, p: Params): Reg {
    return b.add(p(this.name), b.mul(b.thread(), p(`${this.name}.own`)));
  }
}

export interface ScratchBuffer {
  readonly buffer: BufferRef;
  /** Of one thread. */
  readonly bytes: number;
}

export function scratchBuffer(temp: Temp, bytes: number, { threads }: TargetInfo): ScratchBuffer {
  const own = Math.ceil(Math.max(1, bytes) / 64) * 64;
  return { buffer: temp(own * threads), bytes: own };
}
