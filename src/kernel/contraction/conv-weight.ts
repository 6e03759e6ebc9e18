/**
 * A convolution's weight gradient. Rows of the tile are (input channel, tap), its vectors run over
 * output channels, the sum over pixels: dy is turned to have output channels side by side, every
 * row reads the copied image from its own place. Images add to one array, image after image.
 */
import { bytesOf } from '../../base/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import { Arguments, numberElem, type Params, type Temp } from './arguments.ts';
import { clearImage, fillZero, packImage, planImage, writeTable } from './conv-image.ts';
import type { ConvSpec } from './conv-spec.ts';
import { EpilogueCode } from './epilogue-code.ts';
import { packPanels } from './pack.ts';
import { chooseTile, columnsOf, sumTile, tileKey } from './tile.ts';

/** Most pixels summed before their result is added to the rest. */
const PIXELS = 320;

const roundUp = (n: number, unit: number): number => Math.ceil(n / unit) * unit;

export function weightConv(spec: ConvSpec, info: TargetInfo, temp: Temp): Launch[] {
  const { geometry: g, epilogue: fused, aStrides: xs, bStrides: dys } = spec;
  const elem = numberElem(spec.dtype);
  const bytes = bytesOf(spec.dtype);
  const outBytes = bytesOf(fused?.dtype ?? spec.dtype);
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const rows = perIn * g.kernel[0] * g.kernel[1];
  const t = chooseTile(info, elem, rows, perOut);
  const width = columnsOf(t);
  const [height, breadth] = g.output;
  const pixels = height * breadth;

  const args = new Arguments().pointer('x', spec.a).pointer('dy', spec.b).pointer('dw', spec.out);
  const { input: size, output, kernel, stride, padding, dilation } = g;
  const strides = [xs[1] * bytes, xs[2] * bytes, xs[3] * bytes] as const;
  const plan = planImage(
    { channels: perIn, size, strides, output, kernel, stride, padding, dilation },
    elem,
    bytes,
    info,
    args,
  );
  const paddedRows = roundUp(rows, t.rows);
  const panels = Math.ceil(perOut / width);
  const sumBytes = roundUp(panels * paddedRows * width * bytes, 64);
  args.pointer('image', temp(plan.totalBytes + 64));
  args.pointer('turned', temp(Math.max(1, panels * pixels * width) * bytes));
  args.pointer('sums', temp(sumBytes));
  args.pointer('table', temp(paddedRows * info.indexBytes));
  // dy's pixels in one run if they lie evenly, else row by row.
  const even = height <= 1 || dys[2] === breadth * dys[3];
  const run = even ? pixels : breadth;
  const blocks = Math.max(1, Math.ceil(pixels / PIXELS));
  args.indices({
    batch: g.batch,
    groups: g.groups,
    rows,
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
    'dw.c': rows * outBytes,
    'dw.g': perOut * rows * outBytes,
  });
  const epilogue = fused
    ? new EpilogueCode(
        fused,
        fused.operands.map((o) => [...o.strides, 0, 0]),
        spec.dtype,
        args,
      )
    : undefined;
  const channelsDense = dys[1] === 1;
  const pixelsDense = dys[3] === 1;
  const layout = `${channelsDense ? 'c' : ''}${pixelsDense ? 'w' : ''}`;

  const build = () => {
    const b = new KernelBuilder(spec.name);
    const p = args.declare(b);
    const [image, turned, sums, table] = [p('image'), p('turned'), p('sums'), p('table')];
    clearImage(b, plan, p, image);
    writeTable(b, plan, p, table, info.indexBytes, true);
    // Rows that only fill the last tile read anything.
    b.loop(p('rows'), p('paddedRows'), 1, [], (row) => {
      b.store('index', at(b.add(table, b.mul(row, info.indexBytes))), b.index(0));
      return [];
    });

    const turnDy = (dy: Reg): void => {
      const line = width * bytes;
      b.loop(0, p('runs'), 1, [dy, turned], (_, [source, to]) => {
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

    const addBlock = (first: Reg): void => {
      const count = b.min(b.sub(p('pixels'), first), p('block'));
      const unrolled = b.min(b.sub(p('unrolled'), first), p('block'));
      const from = b.add(image, b.mul(first, bytes));
      const starts = [b.add(turned, b.mul(first, width * bytes)), sums];
      b.loop(0, p('channels'), width, starts, (_, [dy, panel]) => {
        b.loop(0, p('paddedRows'), t.rows, [table, panel], (_row, [entry, target]) => {
          const pointers = Array.from({ length: t.rows }, (_i, i) =>
            b.add(from, b.load('index', 1, at(entry, i * info.indexBytes))),
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
          return [b.add(entry, t.rows * info.indexBytes), b.add(target, t.rows * width * bytes)];
        });
        return [b.add(dy, p('panel.dy')), b.add(panel, p('panel.sums'))];
      });
    };

    b.loop(0, p('groups'), 1, [p('x'), p('dy'), p('dw')], (group, [xg, dyg, dw]) => {
      fillZero(b, plan, sums, p('sums.bytes'));
      b.loop(0, p('batch'), 1, [xg, dyg], (_, [x, dy]) => {
        packImage(b, plan, p, x, image);
        turnDy(dy);
        b.loop(0, p('blocks'), 1, [b.index(0)], (_block, [first]) => {
          addBlock(first);
          return [b.add(first, p('block'))];
        });
        return [b.add(x, p('x.n')), b.add(dy, p('dy.n'))];
      });
      // [panel][row][channel] to [channel][row], with the epilogue.
      b.loop(0, p('channels'), width, [sums], (panel, [from]) => {
        const inPanel = b.min(b.sub(p('channels'), panel), width);
        b.loop(0, inPanel, 1, [], (c) => {
          const channel = b.add(panel, c);
          const source = b.add(from, b.mul(c, bytes));
          const to = b.add(dw, b.mul(channel, p('dw.c')));
          const oc = b.add(b.mul(group, p('channels')), channel);
          eachWeight(b, p, g.kernel, (outer, row) => {
            const sum = b.load(elem, 1, at(b.add(source, b.mul(row, width * bytes))));
            const zero = b.index(0);
            const value = epilogue
              ? epilogue.at(b, p, [oc, ...outer], zero, zero).applyScalar(sum, zero, zero)
              : sum;
            b.store(epilogue?.mem ?? elem, at(b.add(to, b.mul(row, outBytes))), value);
          });
          return [];
        });
        return [b.add(from, p('panel.sums'))];
      });
      return [b.add(xg, p('x.g')), b.add(dyg, p('dy.g')), b.add(dw, p('dw.g'))];
    });
    return b.finish();
  };
  const key = `conv weight ${plan.key} ${tileKey(t)} ${layout} [${epilogue?.key ?? ''}] ${info.isa}`;
  return [{ key, build, args: args.args }];
}

/** Every weight of one output channel: its (channel, kh, kw) and its row. */
function eachWeight(
  b: KernelBuilder,
  p: Params,
  kernel: readonly [number, number],
  body: (outer: readonly Reg[], row: Reg) => void,
): void {
  b.loop(0, p('image.channels'), 1, [b.index(0)], (channel, [first]) =>
    b.loop(0, kernel[0], 1, [first], (kh, [start]) =>
      b.loop(0, kernel[1], 1, [start], (kw, [row]) => {
        body([channel, kh, kw], row);
        return [b.add(row, 1)];
      }),
    ),
  );
}
