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
import { Arguments, numberElem, type Params, type Temp } from './arguments.ts';
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
import { finishTile, type Place, prefetchTile } from './finish.ts';
import { Outer, PRODUCTS, Scratch, type ScratchBuffer, scratchBuffer } from './outer.ts';
import { chooseTile, columnsOf, sumTile, type Tile, tileKey } from './tile.ts';

/** Copying element by element costs so many times what a vector load costs. */
const SCALAR = 8;

/** Tiles of pixels in a block: their part of the image stays near while output channels go by. */
const BLOCK = 8;
/** The same where the sum is cut into parts, whose share of the image stays in the first cache. */
const SMALL_BLOCK = 4;
/** Bytes of that share; part of the order of summation, so no machine's own. */
const NEAR = 24 << 10;
/** Fewest steps of the sum in one part, and panels of output channels that make parts worth it. */
const [PART_STEPS, PART_PANELS] = [128, 3];
/** Bytes of a line of the cache. */
const LINE = 64;

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
  /** If the weights are constant: memory that keeps what is made of them. */
  readonly keep: Temp | null;
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

/**
 * Channels of the image that are added up at a time. With narrow tiles the sums of many channels
 * would fetch the image faster from the second cache than that gives it: parts of the sum are made
 * for all output channels while their share of the image is near, and added in order.
 */
function channelsAtATime(plan: ImagePlan, t: Tile, panels: number, info: TargetInfo): number {
  const { channels, output } = plan.shape;
  if (info.isa !== 'avx2' || panels < PART_PANELS) return channels;
  const block = SMALL_BLOCK * columnsOf(t) * t.bytes;
  const span = Math.max(0, ...plan.taps.map((tap) => tap.row)) * output[1] * t.bytes;
  const apart = (plan.taps.length / Math.max(1, plan.planes.length)) * (block + LINE);
  const near = NEAR / (plan.planes.length * Math.min(block + span, apart));
  const most = Math.max(Math.ceil(PART_STEPS / Math.max(1, plan.taps.length)), Math.floor(near));
  // In fours: the sum's loop makes four steps a turn.
  return 4 * Math.ceil(channels / Math.max(1, Math.ceil(channels / most)) / 4);
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
  const channels = channelsAtATime(plan, t, panels, info);
  const several = channels < shape.channels;
  const block = width * (several ? SMALL_BLOCK : BLOCK);
  // Few images are cut by output channels, though each part then copies its image for itself.
  const parts = Math.min(panels, Math.ceil(info.threads / (spec.batch * groups)));
  const partRows = Math.ceil(panels / parts) * t.rows;
  const short = shortTile(t, rows, partRows);
  const long = short === null ? rows : short.from;
  const groupBytes = (short === null ? panels * t.rows : rows) * sums * bytes;
  const make = spec.keep ?? temp;
  const prepared: Prepared = {
    weights: make(Math.max(1, groups * panels * sums * t.rows) * bytes),
    table: make(Math.max(1, sums) * info.indexBytes),
    image: scratchBuffer(make, plan.totalBytes + width * bytes, info),
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
    'part.sums': channels * plan.taps.length,
    'sum.parts': several ? Math.ceil(shape.channels / channels) : 1,
    'row.weights': sums * bytes,
    panel: sums * t.rows * bytes,
    'long.rows': long,
    group: groupBytes,
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
  // Sums of parts lie in the output, unless the epilogue stores something of another size.
  const apart = several && fused != null && fused.dtype !== spec.dtype;
  const partial = apart
    ? new Scratch(args, 'partial', scratchBuffer(temp, partRows * block * bytes, info))
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
    const [at, sumsAt] = [edge, partial].map((s) => s?.here(b, p));
    /** One tile: the sum over a part's (channel, tap), the epilogue, the store. */
    const tile = (t: Tile, where: Corner, y: Reg, weights: Reg, part: Part, sums?: Place): void => {
      const { outer, row, pixel } = where;
      const out = {
        pointer: b.add(b.add(y, b.mul(row, p('y.row'))), b.mul(pixel, outBytes)),
        rowBytes: p('y.row'),
      };
      if (info.prefetch) prefetchTile(b, t, out);
      const total = sumTile(b, t, {
        rows: { pointers: [weights], spacing: bytes, stride: t.rows * bytes },
        vectors: {
          base: b.add(copy, b.mul(pixel, bytes)),
          table: b.add(table, b.mul(part.from, info.indexBytes)),
          entryBytes: info.indexBytes,
        },
        count: part.count,
        unrolled: part.unrolled,
      });
      finishTile(b, t, total, {
        rows: b.sub(p('rows'), row),
        columns: b.sub(p('pixels'), pixel),
        out,
        masks: info.masks,
        ...(at ? { scratch: at } : {}),
        ...(epilogue ? { epilogue: epilogue.at(b, p, outer, row, pixel) } : {}),
        ...(several ? { passes: { ...part, partial: sums ?? out } } : {}),
      });
    };
    outer.each(b, p, ([n, group, share]) => {
      const place = (pointer: Reg, name: string): Reg =>
        b.add(b.add(pointer, b.mul(n, p(`${name}.n`))), b.mul(group, p(`${name}.g`)));
      packImage(b, plan, p, place(p('x'), 'x'), copy);
      const y = place(p('y'), 'y');
      const first = b.mul(share, p('part.rows'));
      const last = b.min(b.add(first, p('part.rows')), p('rows'));
      const weights = b.add(
        b.add(p('weights'), b.mul(group, p('group'))),
        b.mul(first, p('row.weights')),
      );
      b.loop(0, p('pixels'), block, [], (start) => {
        const end = b.min(b.add(start, block), p('pixels'));
        eachPart(b, p, (part) => {
          /** Panels of a tile's rows, from one row to another. */
          const panelsOf = (own: Tile, low: Reg, high: Reg): void => {
            const rowWeights = p('row.weights');
            const from = b.add(
              b.add(weights, b.mul(b.sub(low, first), rowWeights)),
              b.mul(part.from, own.rows * bytes),
            );
            b.loop(low, high, own.rows, [from], (row, [panel]) => {
              const line = b.index(block * bytes);
              b.loop(start, end, width, [], (pixel) => {
                const inside = b.add(
                  b.mul(b.sub(row, first), line),
                  b.mul(b.sub(pixel, start), bytes),
                );
                const sums = sumsAt && { pointer: b.add(sumsAt, inside), rowBytes: line };
                tile(own, { outer: [n, group], row, pixel }, y, panel, part, sums);
                return [];
              });
              return [b.add(panel, own === t ? p('panel') : b.mul(rowWeights, own.rows))];
            });
          };
          if (short === null) panelsOf(t, first, last);
          else {
            panelsOf(t, first, b.min(last, p('long.rows')));
            panelsOf(short.tile, b.max(first, p('long.rows')), last);
          }
        });
        return [];
      });
    });
    return b.finish();
  };
  const heights = short === null ? '' : ' short';
  const how = several ? ` parts${apart ? ' apart' : ''}` : '';
  const key = `conv ${plan.key} ${tileKey(t)}${heights}${how} [${epilogue?.key ?? ''}] ${info.isa}${outer.key}`;
  const launch = { key, build, args: args.args, ...outer.launch };
  return [prepare(spec, t, short, groupBytes, prepared, info), launch];
}

/** Rows of the panels that come last where tiles of 6 rows would stick out. */
const SHORT = 4;

interface Short {
  readonly tile: Tile;
  /** The first row of the short panels. */
  readonly from: number;
}

/**
 * One or two panels of 4 rows at the end, if these and tiles of 6 rows cover all rows exactly: 32 are
 * 24 and 8. A sum's order does not depend on the height of its tile.
 */
function shortTile(t: Tile, rows: number, partRows: number): Short | null {
  if (t.rows !== 6 || t.vectors !== 2) return null;
  const count = [1, 2].find((n) => rows >= n * SHORT && (rows - n * SHORT) % t.rows === 0);
  if (count === undefined || rows % t.rows === 0) return null;
  const from = rows - count * SHORT;
  // A part that begins among them would have to begin where one does.
  const lastPart = Math.floor((rows - 1) / partRows) * partRows;
  return lastPart > from ? null : { tile: { ...t, rows: SHORT }, from };
}

/** A tile's place in the result: batch and group, the output channel, the pixel. */
interface Corner {
  readonly outer: readonly Reg[];
  readonly row: Reg;
  readonly pixel: Reg;
}

/** Steps of the sum that are made at a time: `count` from `from` on. */
interface Part {
  readonly from: Reg;
  readonly count: Reg;
  readonly unrolled: Reg;
  readonly first: Reg;
  readonly last: Reg;
}

function eachPart(b: KernelBuilder, p: Params, body: (part: Part) => void): void {
  const [all, most] = [p('sums'), p('part.sums')];
  b.loop(0, p('sum.parts'), 1, [], (part) => {
    const from = b.mul(part, most);
    const count = b.min(b.sub(all, from), most);
    const unrolled = b.min(b.sub(p('unrolled'), from), most);
    const first = b.compare('eq', from, b.index(0));
    body({ from, count, unrolled, first, last: b.compare('eq', b.add(from, count), all) });
    return [];
  });
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
  { name, dtype, groups, image, rows, weights: w, keep }: ImageConv,
  t: Tile,
  short: Short | null,
  groupBytes: number,
  prepared: Prepared,
  info: TargetInfo,
): Launch {
  const { bytes, elem } = t;
  const longPanels = short === null ? Math.ceil(rows / t.rows) : short.from / t.rows;
  const panels = longPanels + (short === null ? 0 : (rows - short.from) / short.tile.rows);
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
  args.indices({ 'row.to': sums * bytes, 'group.to': groupBytes, 'long.panels': longPanels });
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
      /** A panel of `height` rows from `row` on. */
      const copyPanel = (row: Reg, height: number): [] => {
        const pointers = Array.from({ length: height }, (_, i) =>
          b.add(from, b.mul(b.min(b.add(row, i), last), p('row'))),
        );
        const target = b.add(b.add(p('to'), b.mul(group, p('group.to'))), b.mul(row, p('row.to')));
        b.loop(0, p('channels'), 1, [...pointers, target], (_c, carried) => {
          const to = carried[height];
          for (const [k, tap] of plan.taps.entries()) {
            for (let i = 0; i < height; i++) {
              const value = b.load(elem, 1, at(b.add(carried[i], offset(tap))));
              b.store(elem, at(to, (k * height + i) * bytes), value);
            }
          }
          const moved = carried.slice(0, height).map((r) => b.add(r, p('channel')));
          return [...moved, b.add(to, plan.taps.length * height * bytes)];
        });
        return [];
      };
      const whole = (): [] => copyPanel(b.mul(panel, t.rows), t.rows);
      if (short === null) return void whole();
      const { rows: height } = short.tile;
      const start = p('long.panels');
      b.if(b.compare('lt', panel, start), whole, () => {
        const before = b.mul(b.sub(panel, start), height);
        return copyPanel(b.add(b.mul(start, t.rows), before), height);
      });
    });
    return b.finish();
  };
  const heights = short === null ? '' : ' short';
  const key = `conv weights ${plan.key} ${tileKey(t)}${heights} ${info.isa}${outer.key}`;
  const kept = keep === null ? {} : { kept: true as const };
  return { key, build, args: args.args, ...outer.launch, ...kept };
}
