/**
 * A convolution's weight gradient. Rows of the tile are (input channel, tap), its vectors run over
 * output channels, the sum over pixels: dy is turned to have output channels side by side, every
 * row reads the copied image from its own place. A chunk of images adds to one array, image after
 * image; the arrays of all chunks are then added in order. How many chunks there are follows from
 * the geometry, so that the order of summation does not depend on threads.
 */
import { bytesOf } from '../../base/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { Arguments, numberElem, type Temp } from './arguments.ts';
import { fillZero, packImage, planImage } from './conv-image.ts';
import type { ConvSpec } from './conv-spec.ts';
import { finishWeightConv, prepareWeightConv } from './conv-weight-ends.ts';
import { Outer, PRODUCTS, Scratch, scratchBuffer } from './outer.ts';
import { packPanels } from './pack.ts';
import { chooseTile, columnsOf, sumTile, tileKey } from './tile.ts';

/** Most chunks of images, and bytes of their arrays. */
const CHUNKS = 16;
const CHUNK_BYTES = 2 ** 25;
/** Most pixels summed before their result is added to the rest. */
const PIXELS = 320;

const roundUp = (n: number, unit: number): number => Math.ceil(n / unit) * unit;

export function weightConv(spec: ConvSpec, info: TargetInfo, temp: Temp): Launch[] {
  const { geometry: g, aStrides: xs, bStrides: dys } = spec;
  const elem = numberElem(spec.dtype);
  const bytes = bytesOf(spec.dtype);
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const rows = perIn * g.kernel[0] * g.kernel[1];
  const t = chooseTile(info, elem, rows, perOut);
  const width = columnsOf(t);
  const [height, breadth] = g.output;
  const pixels = height * breadth;

  const args = new Arguments().pointer('x', spec.a).pointer('dy', spec.b);
  const { input: size, output, kernel, stride, padding, dilation } = g;
  const strides = [xs[1] * bytes, xs[2] * bytes, xs[3] * bytes] as const;
  const shape = { channels: perIn, size, strides, output, kernel, stride, padding, dilation };
  const plan = planImage(shape, elem, bytes, info, args);
  const paddedRows = roundUp(rows, t.rows);
  const panels = Math.ceil(perOut / width);
  const sumBytes = roundUp(panels * paddedRows * width * bytes, 64);
  const chunkImages = Math.max(1, Math.ceil(g.batch / chunksOf(g.batch, sumBytes)));
  const chunks = Math.max(1, Math.ceil(g.batch / chunkImages));
  // Few chunks are cut by rows, though each part then copies its images for itself.
  const tiles = paddedRows / t.rows;
  const parts = Math.min(tiles, Math.ceil(info.threads / (g.groups * chunks)));
  const partRows = Math.ceil(tiles / parts) * t.rows;
  const imageBuffer = scratchBuffer(temp, plan.totalBytes + 64, info);
  const image = new Scratch(args, 'image', imageBuffer);
  const turnedBytes = Math.max(1, panels * pixels * width) * bytes;
  const turned = new Scratch(args, 'turned', scratchBuffer(temp, turnedBytes, info));
  const sums = temp(g.groups * chunks * sumBytes);
  const table = temp(paddedRows * info.indexBytes);
  args.pointer('sums', sums).pointer('table', table);
  // dy's pixels in one run if they lie evenly, else row by row.
  const even = height <= 1 || dys[2] === breadth * dys[3];
  const run = even ? pixels : breadth;
  const blocks = Math.max(1, Math.ceil(pixels / PIXELS));
  args.indices({
    batch: g.batch,
    groups: g.groups,
    chunks,
    'chunk.images': chunkImages,
    parts: Math.ceil(paddedRows / partRows),
    'part.rows': partRows,
    paddedRows,
    channels: perOut,
    pixels,
    unrolled: pixels - (pixels % 4),
    blocks,
    block: roundUp(Math.ceil(pixels / blocks), 4),
    runs: even ? 1 : height,
    run,
    'run.unrolled': run - (run % 4),
    'sums.bytes': sumBytes,
    'panel.dy': pixels * width * bytes,
    'panel.sums': paddedRows * width * bytes,
    'x.n': xs[0] * bytes,
    'x.g': perIn * xs[1] * bytes,
    'dy.n': dys[0] * bytes,
    'dy.g': perOut * dys[1] * bytes,
    'dy.c': dys[1] * bytes,
    'dy.h': dys[2] * bytes,
    'dy.w': dys[3] * bytes,
  });
  const products = g.batch * g.groups * perOut * rows * pixels;
  const loops = [
    { name: 'groups', size: g.groups },
    { name: 'chunks', size: chunks },
    { name: 'parts', size: Math.ceil(paddedRows / partRows) },
  ];
  const outer = new Outer(args, loops, products / PRODUCTS, info);
  const channelsDense = dys[1] === 1;
  const pixelsDense = dys[3] === 1;
  const layout = `${channelsDense ? 'c' : ''}${pixelsDense ? 'w' : ''}`;

  const build = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);
    const [copy, turnedDy, entries] = [image.here(b, p), turned.here(b, p), p('table')];

    const turnDy = (dy: Reg): void => {
      const line = width * bytes;
      b.loop(0, p('runs'), 1, [dy, turnedDy], (_, [source, to]) => {
        packPanels(b, {
          elem,
          bytes,
          lanes: t.lanes,
          masks: info.masks,
          width,
          source,
          outerStride: channelsDense ? bytes : p('dy.c'),
          stepStride: pixelsDense ? bytes : p('dy.w'),
          outer: p('channels'),
          steps: p('run'),
          unrolled: p('run.unrolled'),
          to,
          panelBytes: p('panel.dy'),
        });
        return [b.add(source, p('dy.h')), b.add(to, b.mul(p('run'), line))];
      });
    };

    /** Adds the sums over a block of pixels to the rows from `start` to `end`. */
    const addBlock = (first: Reg, start: Reg, end: Reg, to: Reg): void => {
      const count = b.min(b.sub(p('pixels'), first), p('block'));
      const unrolled = b.min(b.sub(p('unrolled'), first), p('block'));
      const from = b.add(copy, b.mul(first, bytes));
      const starts = [b.add(turnedDy, b.mul(first, width * bytes)), to];
      const entry = b.add(entries, b.mul(start, info.indexBytes));
      b.loop(0, p('channels'), width, starts, (_, [dy, panel]) => {
        const line = b.add(panel, b.mul(start, width * bytes));
        b.loop(start, end, t.rows, [entry, line], (_row, [places, target]) => {
          const pointers = Array.from({ length: t.rows }, (_i, i) =>
            b.add(from, b.load('index', 1, at(places, i * info.indexBytes))),
          );
          const total = sumTile(b, t, {
            rows: { pointers, spacing: 0, stride: bytes },
            vectors: { pointers: [dy], spacing: 0, stride: width * bytes },
            count,
            unrolled,
          });
          for (const [k, sum] of total.entries()) {
            const place = at(target, k * t.lanes * bytes);
            b.store(elem, place, b.add(b.load(elem, t.lanes, place), sum));
          }
          return [b.add(places, t.rows * info.indexBytes), b.add(target, t.rows * width * bytes)];
        });
        return [b.add(dy, p('panel.dy')), b.add(panel, p('panel.sums'))];
      });
    };

    /** Zeros in the rows from `start` to `end` of every panel. */
    const clearRows = (start: Reg, end: Reg, to: Reg): void => {
      b.loop(0, p('channels'), width, [to], (_, [panel]) => {
        const line = b.add(panel, b.mul(start, width * bytes));
        fillZero(b, plan, line, b.mul(b.sub(end, start), width * bytes));
        return [b.add(panel, p('panel.sums'))];
      });
    };

    outer.each(b, p, ([group, chunk, part]) => {
      const nth = b.add(b.mul(group, p('chunks')), chunk);
      const to = b.add(p('sums'), b.mul(nth, p('sums.bytes')));
      const start = b.mul(part, p('part.rows'));
      const end = b.min(b.add(start, p('part.rows')), p('paddedRows'));
      clearRows(start, end, to);
      const first = b.mul(chunk, p('chunk.images'));
      const last = b.min(b.add(first, p('chunk.images')), p('batch'));
      const imageOf = (name: string): Reg =>
        b.add(b.add(p(name), b.mul(group, p(`${name}.g`))), b.mul(first, p(`${name}.n`)));
      b.loop(first, last, 1, [imageOf('x'), imageOf('dy')], (_, [x, dy]) => {
        packImage(b, plan, p, x, copy);
        turnDy(dy);
        b.loop(0, p('blocks'), 1, [b.index(0)], (_block, [pixel]) => {
          addBlock(pixel, start, end, to);
          return [b.add(pixel, p('block'))];
        });
        return [b.add(x, p('x.n')), b.add(dy, p('dy.n'))];
      });
    });
    return b.finish();
  };
  const key = `conv weight ${plan.key} ${tileKey(t)} ${layout} ${info.isa}${outer.key}`;
  const sumLaunch = { key, build, args: args.args, ...outer.launch };
  const layoutOfSums = { sums, sumBytes, chunks, panels, paddedRows };
  return [
    prepareWeightConv({ name: spec.name, shape, t, table, rows, paddedRows, imageBuffer }, info),
    sumLaunch,
    finishWeightConv(spec, t, layoutOfSums, info),
  ];
}

const chunksOf = (batch: number, bytes: number): number =>
  Math.max(1, Math.min(batch, CHUNKS, Math.floor(CHUNK_BYTES / bytes)));
