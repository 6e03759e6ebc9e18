/**
 * The gradient of the largest element of each window, as a gather: every element of the image asks
 * the windows over it whether it was their largest, in the order of the windows, and writes itself
 * once. Columns whose distance is the stride ask neighbouring windows, so that a vector loads what
 * it needs as it lies; the vectors of `stride` such phases then interleave to the image's row.
 */
import { bytesOf, type DType } from '../../base/index.ts';
import type { WindowMap } from '../../ir/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { BufferRef, Launch } from '../launch.ts';
import { Arguments, type NumberElem, numberElem, type Params } from './arguments.ts';
import { Outer } from './outer.ts';

export interface MaxWindowGradSpec {
  readonly name: string;
  readonly window: WindowMap;
  readonly dtype: DType;
  /** Dense; int32 in H * W. */
  readonly positions: BufferRef;
  readonly dy: BufferRef;
  /** [N, C, OH, OW], and strides in elements; rows are dense. */
  readonly dyShape: readonly number[];
  readonly dyStrides: readonly number[];
  /** Dense [N, C, H, W]. */
  readonly dx: BufferRef;
  readonly height: number;
  readonly width: number;
}

/** Most windows over one element that are asked: more cost more than a scatter, vectors or not. */
const MOST_WINDOWS = { vector: 32, scalar: 4 };

/** No position: what a window outside the image is asked for. */
const NOWHERE = -(2 ** 31);

/**
 * The windows over elements that lie `phase` beyond a multiple of the stride, counted from the
 * window of that number, in rising order.
 */
function windowsOver(w: WindowMap, d: 0 | 1, phase: number): number[] {
  const found: number[] = [];
  for (let k = w.kernel[d] - 1; k >= 0; k--) {
    const ahead = phase + w.padding[d] - k * w.dilation[d];
    if (ahead % w.stride[d] === 0) found.push(ahead / w.stride[d]);
  }
  return found;
}

const phasesOf = (w: WindowMap, d: 0 | 1): number[][] =>
  Array.from({ length: w.stride[d] }, (_, phase) => windowsOver(w, d, phase));

function lanesFor(w: WindowMap, dtype: DType, info: TargetInfo): number {
  const lanes = info.vectorBytes / 4;
  const interleaves = w.stride[1] <= lanes && Number.isInteger(Math.log2(w.stride[1]));
  return bytesOf(dtype) === 4 && interleaves ? lanes : 1;
}

/** Whether asking the windows is cheaper than adding each window's gradient where it belongs. */
export function gathersWindows(w: WindowMap, dtype: DType, info: TargetInfo): boolean {
  const [rows, columns] = ([0, 1] as const).map((d) =>
    Math.max(...phasesOf(w, d).map((over) => over.length)),
  );
  const { vector, scalar } = MOST_WINDOWS;
  return rows * columns <= (lanesFor(w, dtype, info) > 1 ? vector : scalar);
}

export function lowerMaxWindowGrad(spec: MaxWindowGradSpec, info: TargetInfo): Launch[] {
  const { window: w, dyShape: shape, dyStrides: strides, height, width } = spec;
  if (shape.includes(0) || height * width === 0) return [];
  const elem = numberElem(spec.dtype);
  const bytes = bytesOf(spec.dtype);
  const lanes = lanesFor(w, spec.dtype, info);
  const [rows, columns] = [phasesOf(w, 0), phasesOf(w, 1)];
  const [down, right] = w.stride;
  // Groups of neighbouring columns, one of each phase: those from `low` to `high` lie in the image
  // with all their windows.
  const groups = Math.ceil(width / right);
  const shifts = columns.flat();
  let low = Math.max(0, ...shifts.map((shift) => -shift));
  let high = Math.min(Math.floor(width / right), ...shifts.map((shift) => shape[3] - shift));
  if (high - low < lanes) low = high = 0;
  const edges = low > 0 || high < groups;
  const rest = height % down;
  const args = new Arguments()
    .pointer('positions', spec.positions)
    .pointer('dy', spec.dy)
    .pointer('dx', spec.dx)
    .indices({
      batch: shape[0],
      channels: shape[1],
      height,
      width,
      'out.h': shape[2],
      'out.w': shape[3],
      'dy.n': strides[0] * bytes,
      'dy.c': strides[1] * bytes,
      'dy.h': strides[2] * bytes,
      'groups.h': Math.floor(height / down),
      'groups.w': groups,
      low,
      high,
    });
  const loops = [
    { name: 'batch', size: shape[0] },
    { name: 'channels', size: shape[1] },
  ];
  const asked = rows.flat().length * columns.flat().length;
  const work = shape[0] * shape[1] * (height * width + 2 * asked * shape[2] * shape[3]);
  const outer = new Outer(args, loops, work, info);

  const build = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);
    const code = new WindowGradCode(b, p, { elem, bytes, lanes, rows, columns, edges }, info);
    outer.each(b, p, ([n, c]) => {
      const plane = code.plane(n, c);
      b.loop(0, p('groups.h'), 1, [], (group) => {
        code.rowGroup(plane, group, down);
        return [];
      });
      if (rest > 0) code.rowGroup(plane, p('groups.h'), rest);
    });
    return b.finish();
  };
  const constants = [w.kernel, w.stride, w.padding, w.dilation].map((pair) => pair.join('x'));
  const flags = `${edges ? ' edges' : ''}${rest > 0 ? ` rest ${rest}` : ''}`;
  const key = `max window grad ${constants.join(' ')} ${elem}${flags} ${info.isa}${outer.key}`;
  return [{ key, build, args: args.args, ...outer.launch }];
}

interface Form {
  readonly elem: NumberElem;
  readonly bytes: number;
  readonly lanes: number;
  /** By phase, the windows over an element. */
  readonly rows: readonly (readonly number[])[];
  readonly columns: readonly (readonly number[])[];
  /** Whether some column groups are not wholly inside. */
  readonly edges: boolean;
}

/** Where the three arrays of one image begin. */
interface Plane {
  readonly positions: Reg;
  readonly dy: Reg;
  readonly dx: Reg;
}

/** A row of windows, and the position that it is asked for by the first row of a group. */
interface Line {
  readonly positions: Reg;
  readonly dy: Reg;
  readonly start: Reg;
}

/** What some windows chose, their gradients, and what their line is asked for. */
interface Windows {
  readonly at: Reg;
  readonly dy: Reg;
  readonly start: Reg;
}

class WindowGradCode {
  private readonly b: KernelBuilder;
  private readonly p: Params;
  private readonly form: Form;
  private readonly info: TargetInfo;

  constructor(b: KernelBuilder, p: Params, form: Form, info: TargetInfo) {
    this.b = b;
    this.p = p;
    this.form = form;
    this.info = info;
  }

  plane(n: Reg, c: Reg): Plane {
    const { b, p } = this;
    const { bytes } = this.form;
    const plane = b.add(b.mul(n, p('channels')), c);
    const windows = b.mul(plane, b.mul(p('out.h'), p('out.w')));
    return {
      positions: b.add(p('positions'), b.mul(windows, 4)),
      dy: b.add(b.add(p('dy'), b.mul(n, p('dy.n'))), b.mul(c, p('dy.c'))),
      dx: b.add(p('dx'), b.mul(b.mul(plane, b.mul(p('height'), p('width'))), bytes)),
    };
  }

  /** The first `count` rows of a group: in all columns, of each phase. */
  rowGroup(plane: Plane, group: Reg, count: number): void {
    const { b, p } = this;
    const { rows, lanes, edges } = this.form;
    const first = b.mul(b.mul(group, rows.length), p('width'));
    const lines = new Map<number, Line>();
    for (const shift of rows.slice(0, count).flat()) {
      if (!lines.has(shift)) lines.set(shift, this.line(plane, group, shift, first));
    }
    const over = rows
      .slice(0, count)
      .map((shifts) => shifts.map((shift) => lines.get(shift) as Line));
    const to = b.add(plane.dx, b.mul(first, this.form.bytes));
    // The last vector ends with the last group; it may compute some once more.
    const last = b.sub(p('high'), lanes);
    b.loop(p('low'), p('high'), lanes, [], (q) => {
      this.whole(over, b.min(q, last), to);
      return [];
    });
    if (!edges) return;
    const masked = this.info.masks && lanes > 1;
    b.loop(0, 2, 1, [b.index(0), p('low')], (_side, [from, end]) => {
      b.loop(from, end, masked ? lanes : 1, [], (q) => {
        if (masked) this.masked(over, q, end, to);
        else this.single(over, q, to);
        return [];
      });
      return [p('high'), p('groups.w')];
    });
  }

  private line(plane: Plane, group: Reg, shift: number, first: Reg): Line {
    const { b, p } = this;
    const [oh, inside] = this.clamp(b.add(group, shift), p('out.h'));
    return {
      positions: b.add(plane.positions, b.mul(b.mul(oh, p('out.w')), 4)),
      dy: b.add(plane.dy, b.mul(oh, p('dy.h'))),
      start: b.select(inside, b.convert(first, 'i32'), b.const('i32', NOWHERE)),
    };
  }

  /** The number, brought into 0 to size - 1, and whether it was there. */
  private clamp(n: Reg, size: Reg): [Reg, Reg] {
    const { b } = this;
    const safe = b.max(b.min(n, b.sub(size, 1)), 0);
    return [safe, b.compare('eq', safe, n)];
  }

  // ---- column groups from `q` on

  /** `lanes` groups, all inside. */
  private whole(over: readonly Line[][], q: Reg, to: Reg): void {
    const { b } = this;
    const { lanes } = this.form;
    const read = (line: Line, shift: number) => this.read(line, q, shift, lanes);
    this.gradients(over, q, lanes, read, (row, phases) => {
      const vectors = lanes === 1 ? phases : b.transpose(phases);
      vectors.forEach((v, i) => this.store(v, to, row, q, i * lanes));
    });
  }

  /** Up to `lanes` groups that end before `end`, some columns or windows outside. */
  private masked(over: readonly Line[][], q: Reg, end: Reg, to: Reg): void {
    const { b, p } = this;
    const { lanes, columns } = this.form;
    const below = (count: Reg): Reg => b.edge(b.max(count, 0), lanes);
    const read = (line: Line, shift: number): Windows => {
      const first = b.add(q, shift);
      let mask = below(b.sub(p('out.w'), first));
      if (shift < 0) {
        mask = b.binary('and', mask, b.unary('not', below(b.sub(b.index(0), first))));
      }
      return this.read(line, q, shift, lanes, mask);
    };
    const left = b.mul(q, columns.length);
    const count = b.min(b.mul(b.sub(end, q), columns.length), b.sub(p('width'), left));
    this.gradients(over, q, lanes, read, (row, phases) => {
      b.transpose(phases).forEach((v, i) => {
        this.store(v, to, row, q, i * lanes, below(b.sub(count, i * lanes)));
      });
    });
  }

  /** One group, perhaps with columns or windows outside. */
  private single(over: readonly Line[][], q: Reg, to: Reg): void {
    const { b, p } = this;
    const { columns } = this.form;
    const read = (line: Line, shift: number): Windows => {
      const [ow, inside] = this.clamp(b.add(q, shift), p('out.w'));
      const start = b.select(inside, line.start, b.const('i32', NOWHERE));
      return { ...this.read(line, ow, 0, 1), start };
    };
    this.gradients(over, q, 1, read, (row, phases) => {
      phases.forEach((v, i) => {
        const store = (): [] => {
          this.store(v, to, row, q, i);
          return [];
        };
        // The group itself has a column in the image.
        if (i === 0) store();
        else b.if(b.compare('lt', b.add(b.mul(q, columns.length), i), p('width')), store);
      });
    });
  }

  private read(line: Line, q: Reg, shift: number, lanes: number, mask?: Reg): Windows {
    const { b } = this;
    const { elem, bytes } = this.form;
    const options = mask === undefined ? {} : { mask };
    return {
      at: b.load('i32', lanes, at(line.positions, shift * 4, q, 4), options),
      dy: b.load(elem, lanes, at(line.dy, shift * bytes, q, bytes as 4 | 8), options),
      start: line.start,
    };
  }

  private store(v: Reg, to: Reg, row: number, q: Reg, ahead: number, mask?: Reg): void {
    const { b, p } = this;
    const { elem, bytes, columns } = this.form;
    const line = b.add(to, b.mul(p('width'), row * bytes));
    b.store(elem, at(line, ahead * bytes, b.mul(q, columns.length * bytes), 1), v, mask);
  }

  /**
   * The gradients of `lanes` column groups: row by row, `give` gets a register for each phase.
   * `read` loads what windows hold, once for all rows and phases.
   */
  private gradients(
    over: readonly Line[][],
    q: Reg,
    lanes: number,
    read: (line: Line, shift: number) => Windows,
    give: (row: number, phases: Reg[]) => void,
  ): void {
    const { b, p } = this;
    const { elem, columns } = this.form;
    const known = new Map<Line, Map<number, Windows>>();
    const windowsAt = (line: Line, shift: number): Windows => {
      const row = known.get(line) ?? new Map<number, Windows>();
      known.set(line, row);
      const found = row.get(shift) ?? read(line, shift);
      row.set(shift, found);
      return found;
    };
    const zero = b.splat(b.const(elem, 0), lanes);
    const left = b.convert(b.mul(q, columns.length), 'i32');
    over.forEach((lines, row) => {
      const further = b.convert(b.mul(p('width'), row), 'i32');
      const phases = columns.map((shifts, phase) => {
        const own =
          lanes === 1
            ? b.const('i32', phase)
            : b.add(b.mul(b.lanes('i32', lanes), columns.length), phase);
        let sum = zero;
        for (const line of lines) {
          for (const shift of shifts) {
            const windows = windowsAt(line, shift);
            const mine = b.add(b.add(windows.start, further), left);
            const won = b.compare('eq', windows.at, b.add(b.splat(mine, lanes), own));
            sum = b.add(sum, b.select(won, windows.dy, zero));
          }
        }
        return sum;
      });
      give(row, phases);
    });
  }
}
