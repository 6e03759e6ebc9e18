/** What comes before and after the sums of a convolution's weight gradient. */
import { bytesOf } from '../../base/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { BufferRef, Launch } from '../launch.ts';
import { Arguments, numberElem, type Params } from './arguments.ts';
import { clearImage, type ImageShape, planImage, writeTable } from './conv-image.ts';
import type { ConvSpec } from './conv-spec.ts';
import { EpilogueCode } from './epilogue-code.ts';
import { Outer, type ScratchBuffer } from './outer.ts';
import { columnsOf, type Tile, tileKey } from './tile.ts';

interface Preparation {
  readonly name: string;
  readonly shape: ImageShape;
  readonly t: Tile;
  readonly table: BufferRef;
  readonly rows: number;
  readonly paddedRows: number;
  readonly imageBuffer: ScratchBuffer;
}

/** Where each row reads the copied image, and zeros where its padding stays. */
export function prepareWeightConv(
  { name, shape, t, table, rows, paddedRows, imageBuffer }: Preparation,
  info: TargetInfo,
): Launch {
  const args = new Arguments()
    .pointer('table', table)
    .pointer('image', imageBuffer.buffer)
    .indices({ rows, paddedRows, threads: info.threads, 'image.own': imageBuffer.bytes });
  const plan = planImage(shape, t.elem, t.bytes, info, args);
  const build = () => {
    const b = new KernelBuilder(`${name} preparation`);
    const p = args.declare(b);
    b.loop(0, p('threads'), 1, [p('image')], (_, [copy]) => {
      clearImage(b, plan, p, copy);
      return [b.add(copy, p('image.own'))];
    });
    writeTable(b, plan, p, p('table'), info.indexBytes, true);
    // Rows that only fill the last tile read anything.
    b.loop(p('rows'), p('paddedRows'), 1, [], (row) => {
      b.store('index', at(b.add(p('table'), b.mul(row, info.indexBytes))), b.index(0));
      return [];
    });
    return b.finish();
  };
  return {
    key: `conv weight preparation ${plan.key} ${t.elem} ${info.isa}`,
    build,
    args: args.args,
  };
}

/** Arrays of sums: [group][chunk][panel of output channels][row][channel of the panel]. */
interface Sums {
  readonly sums: BufferRef;
  /** Of one chunk. */
  readonly sumBytes: number;
  readonly chunks: number;
  readonly panels: number;
  readonly paddedRows: number;
}

/** Adds the chunks in order, then turns [panel][row][channel] to [channel][row], with the epilogue. */
export function finishWeightConv(
  spec: ConvSpec,
  t: Tile,
  { sums, sumBytes, chunks, panels, paddedRows }: Sums,
  info: TargetInfo,
): Launch {
  const { geometry: g, epilogue: fused } = spec;
  const { bytes } = t;
  const elem = numberElem(spec.dtype);
  const width = columnsOf(t);
  const outBytes = bytesOf(fused?.dtype ?? spec.dtype);
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const rows = perIn * g.kernel[0] * g.kernel[1];
  const args = new Arguments()
    .pointer('sums', sums)
    .pointer('dw', spec.out)
    .indices({
      groups: g.groups,
      panels,
      chunks,
      channels: perOut,
      'image.channels': perIn,
      'sums.bytes': sumBytes,
      'group.sums': chunks * sumBytes,
      'panel.sums': paddedRows * width * bytes,
      'row.bytes': rows * width * bytes,
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
  const loops = [
    { name: 'groups', size: g.groups },
    { name: 'panels', size: panels },
  ];
  const outer = new Outer(args, loops, g.groups * panels * rows * width * (chunks + 8), info);
  const build = () => {
    const b = new KernelBuilder(`${spec.name} sum`);
    const p = args.declare(b);
    outer.each(b, p, ([group, panel]) => {
      const from = b.add(
        b.add(p('sums'), b.mul(group, p('group.sums'))),
        b.mul(panel, p('panel.sums')),
      );
      b.loop(0, p('row.bytes'), t.lanes * bytes, [], (offset) => {
        const place = at(b.add(from, offset));
        const first = [b.load(elem, t.lanes, place), b.add(from, p('sums.bytes'))];
        const [sum] = b.loop(1, p('chunks'), 1, first, (_, [total, chunk]) => [
          b.add(total, b.load(elem, t.lanes, at(b.add(chunk, offset)))),
          b.add(chunk, p('sums.bytes')),
        ]);
        b.store(elem, place, sum);
        return [];
      });
      const start = b.mul(panel, width);
      const inPanel = b.min(b.sub(p('channels'), start), width);
      const dw = b.add(p('dw'), b.mul(group, p('dw.g')));
      b.loop(0, inPanel, 1, [], (c) => {
        const channel = b.add(start, c);
        const source = b.add(from, b.mul(c, bytes));
        const to = b.add(dw, b.mul(channel, p('dw.c')));
        const oc = b.add(b.mul(group, p('channels')), channel);
        eachWeight(b, p, g.kernel, (indices, row) => {
          const sum = b.load(elem, 1, at(b.add(source, b.mul(row, width * bytes))));
          const zero = b.index(0);
          const value = epilogue
            ? epilogue.at(b, p, [oc, ...indices], zero, zero).applyScalar(sum, zero, zero)
            : sum;
          b.store(epilogue?.mem ?? elem, at(b.add(to, b.mul(row, outBytes))), value);
        });
        return [];
      });
    });
    return b.finish();
  };
  const kernel = g.kernel.join('x');
  const key = `conv weight sum ${kernel} ${tileKey(t)} [${epilogue?.key ?? ''}] ${info.isa}${outer.key}`;
  return { key, build, args: args.args, ...outer.launch };
}

/** Every weight of one output channel: its (channel, kh, kw) and its row. */
function eachWeight(
  b: KernelBuilder,
  p: Params,
  kernel: readonly [number, number],
  body: (indices: readonly Reg[], row: Reg) => void,
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
