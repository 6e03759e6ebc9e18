/**
 * The convolution behind the forward face and the input gradient. Rows of the tile are output
 * channels, its vectors run over output pixels, the sum over (channel, tap) goes through a table
 * of where each lies in the copied image.
 */
import { bytesOf, type DType } from '../../base/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { Epilogue } from '../epilogue.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { BufferRef, Launch } from '../launch.ts';
import { Arguments, numberElem, type Temp } from './arguments.ts';
import {
  clearImage,
  type ImagePlan,
  type ImageShape,
  packImage,
  planImage,
  type Tap,
  writeTable,
} from './conv-image.ts';
import { EpilogueCode } from './epilogue-code.ts';
import { finishTile, prefetchTile } from './finish.ts';
import { chooseTile, columnsOf, sumTile, type Tile, tileKey } from './tile.ts';

/** Pixels of one block, in tiles: their part of the image stays near while channels go by. */
const BLOCK = 8;

export interface ImageConv {
  readonly name: string;
  readonly dtype: DType;
  readonly batch: number;
  readonly groups: number;
  readonly x: BufferRef;
  /** Bytes from image to image. */
  readonly imageBytes: number;
  /** One group of one image. */
  readonly image: ImageShape;
  /** Output channels of one group. */
  readonly rows: number;
  /** Strides in elements; those of the kernel may be negative. */
  readonly weights: {
    readonly buffer: BufferRef;
    readonly start: number;
    readonly group: number;
    readonly row: number;
    readonly channel: number;
    readonly kernel: readonly [number, number];
  };
  readonly out: BufferRef;
  readonly epilogue: Epilogue | null;
}

/** Strides of an epilogue operand over [batch, groups, channels of a group, pixels]. */
export function overPixels(
  strides: readonly number[],
  channels: number,
  image: readonly [number, number],
): number[] {
  const [n, c, h, w] = strides;
  const pixel = image[1] > 1 ? w : image[0] > 1 ? h : 0;
  return [n, c * channels, c, pixel];
}

export function imageConv(spec: ImageConv, info: TargetInfo, temp: Temp): Launch[] {
  const { image, rows, groups, epilogue: fused } = spec;
  const elem = numberElem(spec.dtype);
  const bytes = bytesOf(spec.dtype);
  const outBytes = bytesOf(fused?.dtype ?? spec.dtype);
  const pixels = image.output[0] * image.output[1];
  const t = chooseTile(info, elem, rows, pixels);
  const width = columnsOf(t);
  const args = new Arguments().pointer('x', spec.x).pointer('y', spec.out);
  const plan = planImage(image, elem, bytes, info, args);
  const sums = image.channels * plan.taps.length;
  const panels = Math.ceil(rows / t.rows);
  const packed = temp(Math.max(1, groups * panels * sums * t.rows) * bytes);
  args.pointer('weights', packed);
  args.pointer('image', temp(plan.totalBytes + width * bytes));
  args.pointer('table', temp(Math.max(1, sums) * info.indexBytes));
  args.indices({
    batch: spec.batch,
    groups,
    rows,
    pixels,
    sums,
    unrolled: sums - (sums % 4),
    panel: sums * t.rows * bytes,
    group: panels * sums * t.rows * bytes,
    'x.n': spec.imageBytes,
    'x.g': image.channels * image.strides[0],
    'y.row': pixels * outBytes,
    'y.g': rows * pixels * outBytes,
    'y.n': groups * rows * pixels * outBytes,
  });
  const strides = (fused?.operands ?? []).map((o) =>
    o.source.kind === 'scalar' ? [] : overPixels(o.strides, rows, image.output),
  );
  const epilogue = fused ? new EpilogueCode(fused, strides, spec.dtype, args) : undefined;
  const scratch = !info.masks || (epilogue !== undefined && !epilogue.vector);
  if (scratch) args.pointer('scratch', temp(t.rows * width * bytes));

  const build = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);
    const [copy, table] = [p('image'), p('table')];
    clearImage(b, plan, p, copy);
    writeTable(b, plan, p, table, info.indexBytes);
    /** One tile: the sum over (channel, tap), the epilogue, the store. */
    const tile = (outer: readonly Reg[], y: Reg, row: Reg, pixel: Reg, weights: Reg): void => {
      const out = {
        pointer: b.add(b.add(y, b.mul(row, p('y.row'))), b.mul(pixel, outBytes)),
        rowBytes: p('y.row'),
      };
      if (info.prefetch) prefetchTile(b, t, out);
      const total = sumTile(b, t, {
        rows: { pointers: [weights], spacing: bytes, stride: t.rows * bytes },
        vectors: {
          base: b.add(copy, b.mul(pixel, bytes)),
          table,
          entryBytes: info.indexBytes,
        },
        count: p('sums'),
        unrolled: p('unrolled'),
      });
      finishTile(b, t, total, {
        rows: b.sub(p('rows'), row),
        columns: b.sub(p('pixels'), pixel),
        out,
        masks: info.masks,
        ...(scratch ? { scratch: p('scratch') } : {}),
        ...(epilogue ? { epilogue: epilogue.at(b, p, outer, row, pixel) } : {}),
      });
    };
    b.loop(0, p('batch'), 1, [p('x'), p('y')], (n, [xn, yn]) => {
      const starts = [xn, yn, p('weights')];
      b.loop(0, p('groups'), 1, starts, (group, [x, y, weights]) => {
        packImage(b, plan, p, x, copy);
        b.loop(0, p('pixels'), BLOCK * width, [], (block) => {
          const end = b.min(b.add(block, BLOCK * width), p('pixels'));
          b.loop(0, p('rows'), t.rows, [weights], (row, [panel]) => {
            b.loop(block, end, width, [], (pixel) => {
              tile([n, group], y, row, pixel, panel);
              return [];
            });
            return [b.add(panel, p('panel'))];
          });
          return [];
        });
        return [b.add(x, p('x.g')), b.add(y, p('y.g')), b.add(weights, p('group'))];
      });
      return [b.add(xn, p('x.n')), b.add(yn, p('y.n'))];
    });
    return b.finish();
  };
  const key = `conv ${plan.key} ${tileKey(t)} [${epilogue?.key ?? ''}] ${info.isa}`;
  return [packWeights(spec, plan, t, packed, info), { key, build, args: args.args }];
}

/** Weights as the tile reads them: panels of rows, for each (channel, tap) the rows side by side. */
function packWeights(
  { name, groups, image, rows, weights: w }: ImageConv,
  plan: ImagePlan,
  t: Tile,
  packed: BufferRef,
  info: TargetInfo,
): Launch {
  const { bytes, elem } = t;
  const args = new Arguments()
    .pointer('from', w.buffer)
    .pointer('to', packed)
    .indices({
      groups,
      rows,
      channels: image.channels,
      start: w.start * bytes,
      group: w.group * bytes,
      row: w.row * bytes,
      channel: w.channel * bytes,
      kh: w.kernel[0] * bytes,
      kw: w.kernel[1] * bytes,
    });
  const build = () => {
    const b = new KernelBuilder(`${name} weights`);
    const p = args.declare(b);
    const offset = (tap: Tap): Reg => b.add(b.mul(p('kh'), tap.kh), b.mul(p('kw'), tap.kw));
    const start = [b.add(p('from'), p('start')), p('to')];
    b.loop(0, p('groups'), 1, start, (_g, [from, toGroup]) => {
      const last = b.sub(p('rows'), 1);
      const [next] = b.loop(0, p('rows'), t.rows, [toGroup], (row, [toPanel]) => {
        const pointers = Array.from({ length: t.rows }, (_, i) =>
          b.add(from, b.mul(b.min(b.add(row, i), last), p('row'))),
        );
        const end = b.loop(0, p('channels'), 1, [...pointers, toPanel], (_c, carried) => {
          const to = carried[t.rows];
          for (const [k, tap] of plan.taps.entries()) {
            for (let i = 0; i < t.rows; i++) {
              const value = b.load(elem, 1, at(b.add(carried[i], offset(tap))));
              b.store(elem, at(to, (k * t.rows + i) * bytes), value);
            }
          }
          const moved = carried.slice(0, t.rows).map((r) => b.add(r, p('channel')));
          return [...moved, b.add(to, plan.taps.length * t.rows * bytes)];
        });
        return [end[t.rows]];
      });
      return [b.add(from, p('group')), next];
    });
    return b.finish();
  };
  const { kernel, stride, dilation } = image;
  const taps = `${kernel.join('x')} ${stride[0]} ${dilation[0]}`;
  return { key: `conv weights ${taps} ${tileKey(t)} ${info.isa}`, build, args: args.args };
}
