/** An epilogue inside a kernel: its operands as arguments, its expression on a tile's values. */
import { bytesOf, type DType } from '../../base/index.ts';
import { at, type KernelBuilder } from '../builder.ts';
import type { Epilogue, EpilogueOperand } from '../epilogue.ts';
import type { MemElem, Reg } from '../ir.ts';
import { type Arguments, numberElem, type Params } from './arguments.ts';

/** What memory holds for a dtype. */
export const memElem = (dtype: DType): MemElem => (dtype === 'bool' ? 'u8' : numberElem(dtype));

const isScalar = (o: EpilogueOperand): boolean => o.source.kind === 'scalar';

/**
 * An epilogue whose operands are addressed by the contraction's own loops: `strides` gives, for
 * each operand, elements per step along each outer loop, the tile's rows and the tile's columns.
 */
export class EpilogueCode {
  readonly key: string;
  readonly mem: MemElem;
  readonly bytes: number;
  /** Whether it may run on whole vectors: everything as wide as the accumulators, or bool. */
  readonly vector: boolean;
  private readonly epilogue: Epilogue;
  private readonly strides: readonly (readonly number[])[];

  constructor(
    epilogue: Epilogue,
    strides: readonly (readonly number[])[],
    accumulated: DType,
    args: Arguments,
  ) {
    const { operands, dtype } = epilogue;
    this.epilogue = epilogue;
    this.strides = strides;
    this.mem = memElem(dtype);
    this.bytes = bytesOf(dtype);
    const fits = (d: DType): boolean => d === 'bool' || bytesOf(d) === bytesOf(accumulated);
    this.vector = fits(dtype) && operands.every((o) => isScalar(o) || fits(o.dtype));
    const classes = operands.map((o, k) => {
      if (o.source.kind === 'scalar') {
        args.scalar(`e${k}`, o.source.input, numberElem(o.dtype));
        return 's';
      }
      args.pointer(`e${k}`, o.source);
      const bytes = bytesOf(o.dtype);
      for (const [d, stride] of strides[k].slice(0, -1).entries()) {
        args.index(`e${k}.${d}`, stride * bytes);
      }
      const [row, column] = strides[k].slice(-2);
      if (column !== 0 && column !== 1)
        throw new Error('an epilogue operand is neither dense nor constant');
      return `${row === 0 ? 0 : 'r'}${column}`;
    });
    this.key = `${epilogue.key};${classes.join(',')}`;
  }

  /** The operands seen from the tile at outer loop indices `outer`, row `row`, column `column`. */
  at(b: KernelBuilder, params: Params, outer: readonly Reg[], row: Reg, column: Reg): TileEpilogue {
    const { operands } = this.epilogue;
    const places = operands.map((o, k): OperandPlace => {
      if (isScalar(o)) return { kind: 'scalar', value: params(`e${k}`) };
      const bytes = bytesOf(o.dtype);
      const columnStride = this.strides[k][outer.length + 1];
      const rowStride = params(`e${k}.${outer.length}`);
      let pointer = params(`e${k}`);
      for (const [d, index] of outer.entries()) {
        pointer = b.add(pointer, b.mul(index, params(`e${k}.${d}`)));
      }
      const rowZero = this.strides[k][outer.length] === 0;
      if (!rowZero) pointer = b.add(pointer, b.mul(row, rowStride));
      if (columnStride === 1) pointer = b.add(pointer, b.mul(column, bytes));
      return {
        kind: 'buffer',
        pointer,
        rowStride,
        rowZero,
        dense: columnStride === 1,
        mem: memElem(o.dtype),
        bytes,
      };
    });
    return new TileEpilogue(b, this.epilogue, places, this.mem, this.bytes, this.vector);
  }
}

type OperandPlace =
  | { readonly kind: 'scalar'; readonly value: Reg }
  | {
      readonly kind: 'buffer';
      /** At the tile's first element. */
      readonly pointer: Reg;
      readonly rowStride: Reg;
      readonly rowZero: boolean;
      readonly dense: boolean;
      readonly mem: MemElem;
      readonly bytes: number;
    };

export class TileEpilogue {
  readonly mem: MemElem;
  readonly bytes: number;
  readonly vector: boolean;
  private readonly b: KernelBuilder;
  private readonly epilogue: Epilogue;
  private readonly places: readonly OperandPlace[];

  constructor(
    b: KernelBuilder,
    epilogue: Epilogue,
    places: readonly OperandPlace[],
    mem: MemElem,
    bytes: number,
    vector: boolean,
  ) {
    this.b = b;
    this.epilogue = epilogue;
    this.places = places;
    this.mem = mem;
    this.bytes = bytes;
    this.vector = vector;
  }

  /**
   * Applies the expression to vector `j` of row `i`. `loaded` keeps what rows or columns share; it
   * must not outlive the branch it was made in.
   */
  applyVector(
    sum: Reg,
    i: number,
    j: number,
    loaded: Map<string, Reg>,
    mask: Reg | undefined,
  ): Reg {
    const { b } = this;
    const { lanes } = sum.type;
    const operands = this.places.map((p, k) => {
      if (p.kind === 'scalar') return b.splat(p.value, lanes);
      const key = `${k} ${p.rowZero ? '' : i} ${p.dense ? j : ''}`;
      let value = loaded.get(key);
      if (value === undefined) {
        let pointer = p.pointer;
        if (!p.rowZero) for (let r = 0; r < i; r++) pointer = b.add(pointer, p.rowStride);
        value = p.dense
          ? b.load(
              p.mem,
              lanes,
              at(pointer, j * lanes * p.bytes),
              mask === undefined ? {} : { mask },
            )
          : b.load(p.mem, lanes, at(pointer), { splat: lanes > 1 });
        loaded.set(key, value);
      }
      return value;
    });
    return this.epilogue.apply(b, sum, operands);
  }

  /** Applies the expression to one element, at run-time row `i` and column `j` of the tile. */
  applyScalar(sum: Reg, i: Reg, j: Reg): Reg {
    const { b } = this;
    const operands = this.places.map((p) => {
      if (p.kind === 'scalar') return p.value;
      let pointer = p.pointer;
      if (!p.rowZero) pointer = b.add(pointer, b.mul(i, p.rowStride));
      if (p.dense) pointer = b.add(pointer, b.mul(j, p.bytes));
      return b.load(p.mem, 1, at(pointer));
    });
    return this.epilogue.apply(b, sum, operands);
  }
}
