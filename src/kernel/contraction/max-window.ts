/**
 * The largest element of each window and where it lies. Windows inside the image run without
 * tests; those over its border test every position, so that padding never wins.
 */
import { bytesOf, type DType } from '../../base/index.ts';
import type { WindowMap } from '../../ir/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { BufferRef, Launch } from '../launch.ts';
import { Arguments, bytesOfElem, type NumberElem, numberElem, type Temp } from './arguments.ts';
import { Outer } from './outer.ts';

export interface MaxWindowSpec {
  readonly name: string;
  readonly window: WindowMap;
  readonly dtype: DType;
  readonly input: BufferRef;
  /** [N, C, H, W], and strides in elements. */
  readonly inputShape: readonly number[];
  readonly inputStrides: readonly number[];
  /** [OH, OW]; the last windows may be only partly inside. */
  readonly outputSize: readonly number[];
  /** Dense; positions are int32 in H * W, null if nobody reads them. */
  readonly values: BufferRef;
  readonly positions: BufferRef | null;
}

/** Most positions of a window that are written out one by one. */
const UNROLLED = 16;

export function lowerMaxWindow(spec: MaxWindowSpec, info: TargetInfo, _temp: Temp): Launch[] {
  const { window: w, inputShape: shape, inputStrides: strides, outputSize: out } = spec;
  const elem = numberElem(spec.dtype);
  const bytes = bytesOf(spec.dtype);
  const bits = bytes === 8 ? 'i64' : 'i32';
  const span = [0, 1].map((d) => w.dilation[d] * (w.kernel[d] - 1));
  if (shape[0] * shape[1] === 0 || out[0] < 1 || out[1] < 1) return [];
  // The windows that lie inside.
  const first = [0, 1].map((d) => Math.min(out[d], Math.ceil(w.padding[d] / w.stride[d])));
  const end = [0, 1].map((d) => {
    const last = Math.floor((shape[2 + d] - 1 + w.padding[d] - span[d]) / w.stride[d]);
    return Math.max(first[d], Math.min(out[d], last + 1));
  });
  const unpadded = [0, 1].every((d) => first[d] === 0 && end[d] === out[d]);
  // Positions are as wide as values where a whole vector of windows runs at a time.
  const lanes = bytes === 4 ? info.vectorBytes / bytes : 1;
  // How far neighbouring windows' elements are apart, where vectors can be loaded.
  const apart = strides[3] === 1 && w.stride[1] <= 2 ? w.stride[1] : 0;
  const [height, width] = [shape[2], shape[3]];
  const args = new Arguments()
    .pointer('x', spec.input)
    .pointer('values', spec.values)
    .pointer('positions', spec.positions ?? spec.values)
    .indices({
      batch: shape[0],
      channels: shape[1],
      'x.n': strides[0] * bytes,
      'x.c': strides[1] * bytes,
      'x.h': strides[2] * bytes,
      'x.w': strides[3] * bytes,
      width,
      'out.h': out[0],
      'out.w': out[1],
      'first.h': first[0],
      'first.w': first[1],
      'end.h': end[0],
      'end.w': end[1],
      // Where coordinates counted from the padded corner enter and leave the image.
      'low.h': w.padding[0],
      'low.w': w.padding[1],
      'high.h': w.padding[0] + height,
      'high.w': w.padding[1] + width,
      corner: (w.padding[0] * strides[2] + w.padding[1] * strides[3]) * bytes,
      'corner.position': w.padding[0] * width + w.padding[1],
    });
  const work = shape[0] * shape[1] * out[0] * out[1] * (w.kernel[0] * w.kernel[1] + 2);
  const loops = [
    { name: 'batch', size: shape[0] },
    { name: 'channels', size: shape[1] },
  ];
  const outer = new Outer(args, loops, work, info);

  const masked = info.masks && lanes > 1 && apart > 0;

  const build = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);

    /**
     * Folds one element into (largest, position); the first of equals and the first NaN stay.
     * Values are chosen as bits: engines choose integers without a branch, floats with one.
     */
    const fold = (best: Reg, where: Reg, value: Reg, position: Reg, started?: Reg): Reg[] => {
      let wins: Reg;
      if (elem === bits) wins = b.compare('gt', value, best);
      else {
        const [v, largest] = [b.bitcast(value, elem), b.bitcast(best, elem)];
        const more = b.unary('not', b.compare('le', v, largest));
        wins = b.binary('and', more, b.compare('eq', largest, largest));
      }
      if (started !== undefined) wins = b.binary('or', wins, b.unary('not', started));
      const larger = b.select(wins, value, best);
      // Windows over the border still tell by it whether they have begun.
      const unread = spec.positions === null && started === undefined;
      return [larger, unread ? where : b.select(wins, position, where)];
    };

    /** The window at (oh, ow): calls for each of its positions, carrying registers. */
    const eachPosition = (
      init: readonly Reg[],
      body: (kh: Reg, kw: Reg, carried: readonly Reg[], index: number | undefined) => Reg[],
    ): Reg[] => {
      const [rows, columns] = w.kernel;
      if (rows * columns > UNROLLED) {
        return b.loop(0, rows, 1, init, (kh, outer) =>
          b.loop(0, columns, 1, outer, (kw, carried) => body(kh, kw, carried, undefined)),
        );
      }
      let carried = [...init];
      for (let i = 0; i < rows * columns; i++) {
        carried = body(b.index(Math.floor(i / columns)), b.index(i % columns), carried, i);
      }
      return carried;
    };

    outer.each(b, p, ([n, c]) => {
      const x = b.add(b.add(p('x'), b.mul(n, p('x.n'))), b.mul(c, p('x.c')));
      const written = b.mul(b.add(b.mul(n, p('channels')), c), b.mul(p('out.h'), p('out.w')));
      b.loop(0, p('out.h'), 1, [], (oh) => {
        const top = b.mul(oh, w.stride[0]);
        const rowOut = b.add(written, b.mul(oh, p('out.w')));
        const store = (ow: Reg, best: Reg, where: Reg, count?: Reg): [] => {
          const place = b.add(rowOut, ow);
          const mask = count && b.edge(count, best.type.lanes);
          b.store(bits, at(b.add(p('values'), b.mul(place, bytes))), best, mask);
          if (spec.positions !== null) {
            b.store('i32', at(b.add(p('positions'), b.mul(place, 4))), where, mask);
          }
          return [];
        };
        /** Address and position of (kh, kw), wherever it lies. */
        const locate = (left: Reg, kh: Reg, kw: Reg) => {
          const h = b.add(top, b.mul(kh, w.dilation[0]));
          const column = b.add(left, b.mul(kw, w.dilation[1]));
          const bytesIn = b.add(b.mul(h, p('x.h')), b.mul(column, p('x.w')));
          const position = b.add(b.mul(h, p('width')), column);
          return {
            h,
            column,
            address: b.sub(b.add(x, bytesIn), p('corner')),
            position: b.convert(b.sub(position, p('corner.position')), 'i32'),
          };
        };
        /** `width` neighbouring windows, all inside; of the last vector perhaps only `count`. */
        const whole = (ow: Reg, width: number, count?: Reg): [] => {
          const start = locate(b.mul(ow, w.stride[1]), b.index(0), b.index(0));
          const step = b.mul(p('x.w'), w.stride[1]);
          const origin = b.add(
            b.splat(start.position, width),
            width === 1 ? b.const('i32', 0) : b.mul(b.lanes('i32', width), w.stride[1]),
          );
          const initial = [loadEvery(b, bits, width, start.address, step, apart, count), origin];
          const [best, where] = eachPosition(initial, (kh, kw, [value, position], index) => {
            if (index === 0) return [value, position];
            const [row, column] = [b.mul(kh, w.dilation[0]), b.mul(kw, w.dilation[1])];
            const offset = b.add(b.mul(row, p('x.h')), b.mul(column, p('x.w')));
            const further = b.convert(b.add(b.mul(row, p('width')), column), 'i32');
            const here = b.add(start.address, offset);
            const loaded = loadEvery(b, bits, width, here, step, apart, count);
            return fold(value, position, loaded, b.add(origin, b.splat(further, width)));
          });
          return store(ow, best, where, count);
        };
        /** The windows from `from` to `to`, all inside: many at a time, then one by one. */
        const inside = (from: Reg, to: Reg): void => {
          const edged = (): [] => {
            b.loop(from, to, lanes, [], (ow) => whole(ow, lanes, b.sub(to, ow)));
            return [];
          };
          // The last vector of a row ends with it, and makes some windows again.
          const overlapping = (): [] => {
            const last = b.sub(to, lanes);
            b.loop(from, to, lanes, [], (ow) => whole(b.min(ow, last), lanes));
            return [];
          };
          if (masked && info.slowMasks) {
            b.if(b.compare('ge', b.sub(to, from), b.index(lanes)), overlapping, edged);
            return;
          }
          if (masked) {
            edged();
            return;
          }
          let rest = from;
          if (lanes > 1) {
            const end = b.sub(b.max(to, lanes - 1), lanes - 1);
            [rest] = b.loop(from, end, lanes, [from], (ow) => {
              whole(ow, lanes);
              return [b.add(ow, lanes)];
            });
          }
          b.loop(rest, to, 1, [], (ow) => whole(ow, 1));
        };
        const clipped = (ow: Reg): [] => {
          const left = b.mul(ow, w.stride[1]);
          const initial = [lowest(b, elem, bits), b.const('i32', -1)];
          const [best, where] = eachPosition(initial, (kh, kw, carried) => {
            const here = locate(left, kh, kw);
            const within = (value: Reg, side: string): Reg =>
              b.binary(
                'and',
                b.compare('ge', value, p(`low.${side}`)),
                b.compare('lt', value, p(`high.${side}`)),
              );
            const [value, position] = carried;
            return b.if(
              b.binary('and', within(here.h, 'h'), within(here.column, 'w')),
              () => {
                const started = b.compare('ge', position, b.const('i32', 0));
                const loaded = b.load(bits, 1, at(here.address));
                return fold(value, position, loaded, here.position, started);
              },
              () => carried,
            );
          });
          return store(ow, best, where);
        };
        if (unpadded) {
          inside(b.index(0), p('out.w'));
          return [];
        }
        const rowInside = b.binary(
          'and',
          b.compare('ge', oh, p('first.h')),
          b.compare('lt', oh, p('end.h')),
        );
        const [from, to] = b.if(
          rowInside,
          () => [p('first.w'), p('end.w')],
          () => [p('out.w'), p('out.w')],
        );
        inside(from, to);
        b.loop(0, 2, 1, [b.index(0), from], (_side, [low, high]) => {
          b.loop(low, high, 1, [], clipped);
          return [to, p('out.w')];
        });
        return [];
      });
    });
    return b.finish();
  };
  const constants = [w.kernel, w.stride, w.dilation].map((pair) => pair.join('x')).join(' ');
  const key = `max window ${constants} ${elem}${unpadded ? ' unpadded' : ''}${spec.positions === null ? ' values' : ''}${apart === 0 ? '' : ` apart ${apart}`} ${info.isa}${outer.key}`;
  return [{ key, build, args: args.args, ...outer.launch }];
}

/** Elements `step` bytes apart, as one vector; only the first `count`, if that is given. */
function loadEvery(
  b: KernelBuilder,
  elem: NumberElem,
  lanes: number,
  from: Reg,
  step: Reg,
  apart: number,
  count?: Reg,
): Reg {
  /** The vector `ahead` elements further, without what lies behind the last one that counts. */
  const load = (ahead: number, counted = count): Reg => {
    const mask = counted && b.edge(b.sub(b.max(counted, ahead), ahead), lanes);
    return b.load(elem, lanes, at(from, ahead * bytesOfElem(elem)), mask ? { mask } : {});
  };
  if (apart === 1 || lanes === 1) return load(0);
  if (apart === 2 && count !== undefined) {
    const last = b.sub(b.mul(count, 2), 1);
    return b.unzip('even', load(0, last), load(lanes, last));
  }
  if (apart === 2) {
    // The second vector ends with the last element that counts, so that nothing beyond is read.
    const [low, high] = [load(0), load(lanes - 1)];
    const upper = b.compare('ge', b.lanes('i32', lanes), b.splat(b.const('i32', lanes / 2), lanes));
    return b.select(upper, b.unzip('odd', high, high), b.unzip('even', low, low));
  }
  let pointer = from;
  let all = b.load(elem, lanes, at(pointer), { splat: true });
  for (let lane = 1; lane < lanes; lane++) {
    pointer = b.add(pointer, step);
    const one = b.load(elem, lanes, at(pointer), { splat: true });
    const here = b.splat(b.const('i32', lane), lanes);
    all = b.select(b.compare('ge', b.lanes('i32', lanes), here), one, all);
  }
  return all;
}

function lowest(b: KernelBuilder, elem: NumberElem, bits: 'i32' | 'i64'): Reg {
  if (elem === 'i64') return b.const(elem, -(2n ** 63n));
  if (elem === 'i32') return b.const(elem, -(2 ** 31));
  return b.bitcast(b.const(elem, -Infinity), bits);
}
