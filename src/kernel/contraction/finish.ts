/** What happens to a tile's sums: added to earlier partial sums, the epilogue, the store. */
import { at, type KernelBuilder } from '../builder.ts';
import type { MemElem, Reg } from '../ir.ts';
import type { TileEpilogue } from './epilogue-code.ts';
import { columnsOf, edgeMasks, type Tile } from './tile.ts';

/** A matrix in memory, seen from a tile's first element. */
export interface Place {
  readonly pointer: Reg;
  /** Bytes from row to row. */
  readonly rowBytes: Reg;
}

export interface Finish {
  /** Rows and columns from the tile's first to the result's last; absent: the tile lies inside. */
  readonly rows?: Reg;
  readonly columns?: Reg;
  readonly out: Place;
  /** For a sum made in two passes or more. */
  readonly passes?: {
    /** Whether no partial sum exists yet, whether none will follow (scalar masks). */
    readonly first: Reg;
    readonly last: Reg;
    /** Where partial sums lie. */
    readonly partial: Place;
  };
  readonly epilogue?: TileEpilogue;
  /** Whether stores may be masked. */
  readonly masks: boolean;
  /** A tile's worth of memory, for edges where stores cannot be masked. */
  readonly scratch?: Reg;
}

/** Brings the lines that the tile will write closer, while the sum runs. */
export function prefetchTile(b: KernelBuilder, t: Tile, place: Place): void {
  for (let i = 0; i < t.rows; i++) {
    for (let j = 0; j < t.vectors; j++) {
      b.prefetch(at(rowPointer(b, place, i), j * t.lanes * t.bytes));
    }
  }
}

export function finishTile(b: KernelBuilder, t: Tile, sums: readonly Reg[], f: Finish): void {
  if (f.epilogue !== undefined && !f.epilogue.vector) return byElement(b, t, sums, f);
  const whole = (): [] => {
    writeRows(b, t, sums, f, range(t.rows));
    return [];
  };
  const inside = isInside(b, t, f);
  if (inside === undefined) whole();
  else if (f.columns !== undefined && !f.masks) {
    b.if(inside, whole, () => {
      byElement(b, t, sums, f);
      return [];
    });
  } else {
    b.if(inside, whole, () => {
      byRow(b, t, sums, f);
      return [];
    });
  }
}

function isInside(b: KernelBuilder, t: Tile, f: Finish): Reg | undefined {
  const rows = f.rows && t.rows > 1 ? b.compare('ge', f.rows, b.index(t.rows)) : undefined;
  const columns = f.columns && b.compare('ge', f.columns, b.index(columnsOf(t)));
  return rows && columns ? b.binary('and', rows, columns) : (rows ?? columns);
}

function byRow(b: KernelBuilder, t: Tile, sums: readonly Reg[], f: Finish): void {
  const masks = f.columns && edgeMasks(b, f.columns, t.vectors, t.lanes);
  for (let i = 0; i < t.rows; i++) {
    const write = (): [] => {
      writeRows(b, t, sums, f, [i], masks);
      return [];
    };
    if (f.rows === undefined || i === 0) write();
    else b.if(b.compare('gt', f.rows, b.index(i)), write);
  }
}

function writeRows(
  b: KernelBuilder,
  t: Tile,
  sums: readonly Reg[],
  f: Finish,
  rows: readonly number[],
  masks?: readonly Reg[],
): void {
  const { passes, epilogue } = f;
  const place = (p: Place, i: number, j: number, bytes: number) =>
    at(rowPointer(b, p, i), j * t.lanes * bytes);
  /** Stores what `value` makes of each sum, row by row: few values are alive at once. */
  const store = (
    mem: MemElem,
    bytes: number,
    to: Place,
    value: (sum: Reg, i: number, j: number) => Reg,
  ): [] => {
    for (const i of rows) {
      const values = range(t.vectors).map((j) => value(sums[i * t.vectors + j], i, j));
      for (const [j, v] of values.entries()) b.store(mem, place(to, i, j, bytes), v, masks?.[j]);
    }
    return [];
  };
  const storeFinal = (value: (sum: Reg, i: number, j: number) => Reg): [] => {
    if (epilogue === undefined) return store(t.elem, t.bytes, f.out, value);
    const loaded = new Map<string, Reg>();
    return store(epilogue.mem, epilogue.bytes, f.out, (sum, i, j) =>
      epilogue.applyVector(value(sum, i, j), i, j, loaded, masks?.[j]),
    );
  };
  const own = (sum: Reg): Reg => sum;
  if (passes === undefined) {
    storeFinal(own);
    return;
  }
  const { first, last, partial } = passes;
  const added = (sum: Reg, i: number, j: number): Reg => {
    const options = masks === undefined ? {} : { mask: masks[j] };
    return b.add(b.load(t.elem, t.lanes, place(partial, i, j, t.bytes), options), sum);
  };
  const storePartial = (value: typeof added): [] => store(t.elem, t.bytes, partial, value);
  b.if(
    first,
    () => storePartial(own),
    () => {
      if (epilogue === undefined) return storePartial(added);
      b.if(
        last,
        () => storeFinal(added),
        () => storePartial(added),
      );
      return [];
    },
  );
}

/** One element after another, out of scratch memory. */
function byElement(b: KernelBuilder, t: Tile, sums: readonly Reg[], f: Finish): void {
  const { scratch, passes, epilogue } = f;
  if (scratch === undefined) throw new Error('a tile at an edge needs scratch memory');
  const width = columnsOf(t);
  for (const [k, sum] of sums.entries()) b.store(t.elem, at(scratch, k * t.lanes * t.bytes), sum);
  const rows = f.rows ? b.min(f.rows, t.rows) : b.index(t.rows);
  const columns = f.columns ? b.min(f.columns, width) : b.index(width);
  b.loop(0, rows, 1, [], (i) => {
    const from = b.add(scratch, b.mul(i, width * t.bytes));
    const row = (p: Place): Reg => b.add(p.pointer, b.mul(i, p.rowBytes));
    b.loop(0, columns, 1, [], (j) => {
      const cell = (p: Place, bytes: number) => at(b.add(row(p), b.mul(j, bytes)));
      const storeFinal = (value: Reg): [] => {
        const result = epilogue === undefined ? value : epilogue.applyScalar(value, i, j);
        b.store(epilogue?.mem ?? t.elem, cell(f.out, epilogue?.bytes ?? t.bytes), result);
        return [];
      };
      const own = b.load(t.elem, 1, at(b.add(from, b.mul(j, t.bytes))));
      if (passes === undefined) {
        storeFinal(own);
        return [];
      }
      const { first, last, partial } = passes;
      const [value] = b.if(
        first,
        () => [own],
        () => [b.add(b.load(t.elem, 1, cell(partial, t.bytes)), own)],
      );
      const storePartial = (): [] => {
        b.store(t.elem, cell(partial, t.bytes), value);
        return [];
      };
      if (epilogue === undefined) storePartial();
      else b.if(last, () => storeFinal(value), storePartial);
      return [];
    });
    return [];
  });
}

function rowPointer(b: KernelBuilder, p: Place, i: number): Reg {
  let pointer = p.pointer;
  for (let r = 0; r < i; r++) pointer = b.add(pointer, p.rowBytes);
  return pointer;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
