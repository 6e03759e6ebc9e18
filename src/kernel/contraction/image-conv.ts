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
  type ImageShape,
  packImage,
  planImage,
  type Tap,
  writeTable,
} from './conv-image.ts';
import { EpilogueCode } from './epilogue-code.ts';
import { finishTile, prefetchTile } from './finish.ts';
import { Outer, PRODUCTS, Scratch, type ScratchBuffer, scratchBuffer } from './outer.ts';
import { chooseTile, columnsOf, sumTile, type Tile, tileKey } from './tile.ts';

/** Copying element by element costs so many times what a vector load costs. */
const SCALAR = 8;

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
  const { image: shape, rows, groups, epilogue: fused } = spec;
  const elem = numberElem(spec.dtype);
  const bytes = bytesOf(spec.dtype);
  const outBytes = bytesOf(fused?.dtype ?? spec.dtype);
  const pixels = shape.output[0] * shape.output[1];
  const t = chooseTile(info, elem, rows, pixels);
  const width = columnsOf(t);
  const args = new Arguments().pointer('x', spec.x).pointer('y', spec.out);
  const plan = planImage(shape, elem, bytes, info, args);
  const sums = shape.channels * plan.taps.length;
  const panels = Math.ceil(rows / t.rows);
  // Few images are cut by output channels, though each part then copies its image for itself.
  const parts = Math.min(panels, Math.ceil(info.threads / (spec.batch * groups)));
  const partRows = Math.ceil(panels / parts) * t.rows;
  const prepared: Prepared = {
    weights: temp(Math.max(1, groups * panels * sums * t.rows) * bytes),
    table: temp(Math.max(1, sums) * info.indexBytes),
    image: scratchBuffer(temp, plan.totalBytes + width * bytes, info),
  };
  args.pointer('weights', prepared.weights).pointer('table', prepared.table);
  const image = new Scratch(args, 'image', prepared.image);
  args.indices({
    batch: spec.batch,
    groups,
    parts: Math.ceil(rows / partRows),
    'part.rows': partRows,
    rows,
    pixels,
    sums,
    unrolled: sums - (sums % 4),
    'row.weights': sums * bytes,
    panel: sums * t.rows * bytes,
    group: panels * sums * t.rows * bytes,
    'x.n': spec.imageBytes,
    'x.g': shape.channels * shape.strides[0],
    'y.row': pixels * outBytes,
    'y.g': rows * pixels * outBytes,
    'y.n': groups * rows * pixels * outBytes,
  });
  const strides = (fused?.operands ?? []).map((o) =>
    o.source.kind === 'scalar' ? [] : overPixels(o.strides, rows, shape.output),
  );
  const epilogue = fused ? new EpilogueCode(fused, strides, spec.dtype, args) : undefined;
  const scratch = !info.masks || (epilogue !== undefined && !epilogue.vector);
  const edge = scratch
    ? new Scratch(args, 'scratch', scratchBuffer(temp, t.rows * width * bytes, info))
    : null;
  const products = spec.batch * groups * rows * pixels * sums;
  const loops = [
    { name: 'batch', size: spec.batch },
    { name: 'groups', size: groups },
    { name: 'parts', size: Math.ceil(rows / partRows) },
  ];
  const outer = new Outer(args, loops, products / PRODUCTS, info);

  const build = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);
    const [copy, table] = [image.here(b, p), p('table')];
    const at = edge?.here(b, p);
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
        ...(at ? { scratch: at } : {}),
        ...(epilogue ? { epilogue: epilogue.at(b, p, outer, row, pixel) } : {}),
      });
    };
    outer.each(b, p, ([n, group, part]) => {
      const place = (pointer: Reg, name: string): Reg =>
        b.add(b.add(pointer, b.mul(n, p(`${name}.n`))), b.mul(group, p(`${name}.g`)));
      packImage(b, plan, p, place(p('x'), 'x'), copy);
      const y = place(p('y'), 'y');
      const first = b.mul(part, p('part.rows'));
      const last = b.min(b.add(first, p('part.rows')), p('rows'));
      const weights = b.add(
        b.add(p('weights'), b.mul(group, p('group'))),
        b.mul(first, p('row.weights')),
      );
      b.loop(0, p('pixels'), BLOCK * width, [], (block) => {
        const end = b.min(b.add(block, BLOCK * width), p('pixels'));
        b.loop(first, last, t.rows, [weights], (row, [panel]) => {
          b.loop(block, end, width, [], (pixel) => {
            tile([n, group], y, row, pixel, panel);
            return [];
          });
          return [b.add(panel, p('panel'))];
        });
        return [];
      });
    });
    return b.finish();
  };
  const key = `conv ${plan.key} ${tileKey(t)} [${epilogue?.key ?? ''}] ${info.isa}${outer.key}`;
  const launch = { key, build, args: args.args, ...outer.launch };
  return [prepare(spec, t, prepared, info), launch];
}

/** What a first kernel makes for all threads. */
interface Prepared {
  /** As the tile reads them: panels of rows, for each (channel, tap) the rows side by side. */
  readonly weights: BufferRef;
  /** Where each (channel, tap) lies in a copied image. */
  readonly table: BufferRef;
  /** Zero where padding stays. */
  readonly image: ScratchBuffer;
}

function prepare(
  { name, dtype, groups, image, rows, weights: w }: ImageConv,
  t: Tile,
  prepared: Prepared,
  info: TargetInfo,
): Launch {
  const { bytes, elem } = t;
  const panels = Math.ceil(rows / t.rows);
  const args = new Arguments()
    .pointer('from', w.buffer)
    .pointer('to', prepared.weights)
    .pointer('table', prepared.table)
    .pointer('image', prepared.image.buffer)
    .indices({
      groups,
      panels,
      rows,
      channels: image.channels,
      start: w.start * bytes,
      group: w.group * bytes,
      row: w.row * bytes,
      channel: w.channel * bytes,
      kh: w.kernel[0] * bytes,
      kw: w.kernel[1] * bytes,
      'image.own': prepared.image.bytes,
      threads: info.threads,
    });
  const plan = planImage(image, numberElem(dtype), bytes, info, args);
  const sums = image.channels * plan.taps.length;
  args.indices({ panel: sums * t.rows * bytes, 'group.to': panels * sums * t.rows * bytes });
  const loops = [
    { name: 'groups', size: groups },
    { name: 'panels', size: panels },
  ];
  const outer = new Outer(args, loops, groups * panels * sums * t.rows * SCALAR, info);
  const build = () => {
    const b = new KernelBuilder(`${name} weights`);
    const p = args.declare(b);
    const offset = (tap: Tap): Reg => b.add(b.mul(p('kh'), tap.kh), b.mul(p('kw'), tap.kw));
    // Only the call that has the first tile makes what all share.
    b.if(b.compare('eq', outer.first(b), b.index(0)), () => {
      b.loop(0, p('threads'), 1, [p('image')], (_, [copy]) => {
        clearImage(b, plan, p, copy);
        return [b.add(copy, p('image.own'))];
      });
      writeTable(b, plan, p, p('table'), info.indexBytes);
      return [];
    });
    outer.each(b, p, ([group, panel]) => {
      const from = b.add(b.add(p('from'), p('start')), b.mul(group, p('group')));
      const last = b.sub(p('rows'), 1);
      const row = b.mul(panel, t.rows);
      const pointers = Array.from({ length: t.rows }, (_, i) =>
        b.add(from, b.mul(b.min(b.add(row, i), last), p('row'))),
      );
      const target = b.add(b.add(p('to'), b.mul(group, p('group.to'))), b.mul(panel, p('panel')));
      b.loop(0, p('channels'), 1, [...pointers, target], (_c, carried) => {
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
    });
    return b.finish();
  };
  const key = `conv weights ${plan.key} ${tileKey(t)} ${info.isa}${outer.key}`;
  return { key, build, args: args.args, ...outer.launch };
}
