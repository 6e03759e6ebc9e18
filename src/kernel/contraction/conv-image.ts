/**
 * The image a convolution reads, copied so that every kernel tap sees output pixels in a row: for
 * each channel one plane per kernel column (and per row phase of a strided convolution), its rows
 * cut to the output's width, zeros where the padding lies. Pixels p, p + 1, ... of tap (kh, kw)
 * are then neighbours, across output rows too: any stride, padding and dilation costs only here.
 */
import { at, type KernelBuilder } from '../builder.ts';
import type { Reg, TargetInfo } from '../ir.ts';
import type { Arguments, NumberElem, Params } from './arguments.ts';

type Pair = readonly [number, number];

/** A convolution over a padded image; negative padding cuts. */
export interface ImageShape {
  readonly channels: number;
  readonly size: Pair;
  /** Bytes from channel to channel, row to row and column to column. */
  readonly strides: readonly [number, number, number];
  readonly output: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

export interface Tap {
  readonly kh: number;
  readonly kw: number;
  readonly plane: number;
  /** Output rows between this tap and its plane's start. */
  readonly row: number;
}

export interface ImagePlan {
  /** What is constant in the code: kernel, stride, dilation, whether rows copy as vectors. */
  readonly key: string;
  readonly shape: ImageShape;
  readonly taps: readonly Tap[];
  readonly planes: readonly { readonly phase: number; readonly kw: number }[];
  readonly elem: NumberElem;
  readonly bytes: number;
  readonly lanes: number;
  readonly masks: boolean;
  readonly slowMasks: boolean;
  readonly dense: boolean;
  /** Of all channels, without slack for the last vectors. */
  readonly totalBytes: number;
}

/** The kernel's taps, in the order of its planes. */
function listTaps(s: ImageShape): Pick<ImagePlan, 'taps' | 'planes'> & { phases: number[] } {
  const rows = Array.from({ length: s.kernel[0] }, (_, kh) => kh * s.dilation[0]);
  const phases = [...new Set(rows.map((r) => r % s.stride[0]))].sort((a, b) => a - b);
  const planes: { phase: number; kw: number }[] = [];
  const taps: Tap[] = [];
  for (const phase of phases) {
    for (let kw = 0; kw < s.kernel[1]; kw++) {
      const plane = planes.push({ phase, kw }) - 1;
      for (const [kh, r] of rows.entries()) {
        if (r % s.stride[0] === phase) {
          taps.push({ kh, kw, plane, row: Math.floor(r / s.stride[0]) });
        }
      }
    }
  }
  return { taps, planes, phases };
}

/** Which targets i get a source stride * i + shift. */
function overlap(targets: number, sources: number, stride: number, shift: number) {
  const first = Math.max(0, Math.ceil(-shift / stride));
  const end = Math.min(targets, Math.ceil((sources - shift) / stride));
  const count = Math.max(0, end - first);
  return count === 0
    ? { to: 0, from: 0, count }
    : { to: first, from: stride * first + shift, count };
}

/** Plans the copy and declares its arguments. */
export function planImage(
  shape: ImageShape,
  elem: NumberElem,
  bytes: number,
  info: TargetInfo,
  args: Arguments,
): ImagePlan {
  const { taps, planes, phases } = listTaps(shape);
  const { output, size, stride, padding, dilation, strides } = shape;
  const lanes = info.vectorBytes / bytes;
  const rows = output[0] + Math.max(0, ...taps.map((t) => t.row));
  const rowBytes = output[1] * bytes;
  const planeBytes = Math.ceil((rows * rowBytes) / 64) * 64;
  const channelBytes = planes.length * planeBytes;
  const totalBytes = channelBytes * shape.channels;
  const inRows = phases.map((phase) => overlap(rows, size[0], stride[0], phase - padding[0]));
  const inColumns = Array.from({ length: shape.kernel[1] }, (_, kw) =>
    overlap(output[1], size[1], stride[1], kw * dilation[1] - padding[1]),
  );
  const covered =
    inRows.every((r) => r.count === rows) && inColumns.every((c) => c.count === output[1]);
  args.indices({
    'image.channels': shape.channels,
    'image.zero': covered ? 0 : totalBytes,
    'image.row': rowBytes,
    'image.plane': planeBytes,
    'image.channel': channelBytes,
    'image.fromChannel': strides[0],
    'image.fromRow': strides[1] * stride[0],
    'image.fromColumn': strides[2] * stride[1],
  });
  for (const [i, r] of inRows.entries()) args.index(`image.rows.${phases[i]}`, r.count);
  for (const [kw, c] of inColumns.entries()) {
    args.index(`image.columns.${kw}`, c.count);
    args.index(`image.whole.${kw}`, c.count - (c.count % lanes));
  }
  for (const [p, { phase, kw }] of planes.entries()) {
    const r = inRows[phases.indexOf(phase)];
    const c = inColumns[kw];
    args.index(`image.from.${p}`, r.from * strides[1] + c.from * strides[2]);
    args.index(`image.to.${p}`, p * planeBytes + r.to * rowBytes + c.to * bytes);
  }
  const dense = strides[2] * stride[1] === bytes;
  const constants = [shape.kernel, stride, dilation].map((pair) => pair.join('x')).join(' ');
  return {
    key: `${constants}${dense ? ' dense' : ''}`,
    shape,
    taps,
    planes,
    elem,
    bytes,
    lanes,
    masks: info.masks,
    slowMasks: info.slowMasks,
    dense,
    totalBytes,
  };
}

/** Zeros in every place that no copy reaches; they stay, image after image. */
export function clearImage(b: KernelBuilder, plan: ImagePlan, params: Params, to: Reg): void {
  fillZero(b, plan, to, params('image.zero'));
}

/** Zeros in `bytes` bytes, a multiple of 64. */
export function fillZero(
  b: KernelBuilder,
  { elem, lanes, bytes: size }: Pick<ImagePlan, 'elem' | 'lanes' | 'bytes'>,
  to: Reg,
  bytes: Reg,
): void {
  const zero = b.splat(b.const(elem, elem === 'i64' ? 0n : 0), lanes);
  b.loop(0, bytes, lanes * size, [], (offset) => {
    b.store(elem, at(b.add(to, offset)), zero);
    return [];
  });
}

/** Copies one image (or one group's channels of it) from `source` to `to`. */
export function packImage(
  b: KernelBuilder,
  plan: ImagePlan,
  params: Params,
  source: Reg,
  to: Reg,
): void {
  const p = (name: string): Reg => params(`image.${name}`);
  b.loop(0, p('channels'), 1, [source, to], (_, [from, target]) => {
    for (const [i, { phase, kw }] of plan.planes.entries()) {
      const start = [b.add(from, p(`from.${i}`)), b.add(target, p(`to.${i}`))];
      b.loop(0, p(`rows.${phase}`), 1, start, (_row, [rowFrom, rowTo]) => {
        copyRow(b, plan, params, kw, rowFrom, rowTo);
        return [b.add(rowFrom, p('fromRow')), b.add(rowTo, p('row'))];
      });
    }
    return [b.add(from, p('fromChannel')), b.add(target, p('channel'))];
  });
}

function copyRow(
  b: KernelBuilder,
  plan: ImagePlan,
  params: Params,
  kw: number,
  from: Reg,
  to: Reg,
): void {
  const { elem, bytes, lanes } = plan;
  const count = params(`image.columns.${kw}`);
  if (!plan.dense) {
    const stride = params('image.fromColumn');
    b.loop(0, count, 1, [from, to], (_, [f, t]) => {
      b.store(elem, at(t), b.load(elem, 1, at(f)));
      return [b.add(f, stride), b.add(t, bytes)];
    });
    return;
  }
  const whole = params(`image.whole.${kw}`);
  const copy =
    (width: number) =>
    (_: Reg, [f, t]: readonly Reg[]) => {
      b.store(elem, at(t), b.load(elem, width, at(f)));
      return [b.add(f, width * bytes), b.add(t, width * bytes)];
    };
  if (plan.masks) {
    if (plan.slowMasks) b.loop(0, whole, lanes, [from, to], copy(lanes));
    b.loop(plan.slowMasks ? whole : 0, count, lanes, [], (column) => {
      const mask = b.edge(b.sub(count, column), lanes);
      const offset = b.mul(column, bytes);
      const value = b.load(elem, lanes, at(b.add(from, offset)), { mask });
      b.store(elem, at(b.add(to, offset)), value, mask);
      return [];
    });
    return;
  }
  const end = b.loop(0, whole, lanes, [from, to], copy(lanes));
  b.loop(whole, count, 1, end, copy(1));
}

/**
 * Writes the table of where each (channel, tap) lies in the copied image: channels outermost, taps
 * in the plan's order or, with `byPosition`, kernel rows then columns.
 */
export function writeTable(
  b: KernelBuilder,
  plan: ImagePlan,
  params: Params,
  table: Reg,
  indexBytes: number,
  byPosition = false,
): void {
  const taps = byPosition ? [...plan.taps].sort((x, y) => x.kh - y.kh || x.kw - y.kw) : plan.taps;
  const init = [b.index(0), table];
  b.loop(0, params('image.channels'), 1, init, (_, [offset, entry]) => {
    for (const [i, tap] of taps.entries()) {
      const inside = b.add(
        b.mul(params('image.plane'), tap.plane),
        b.mul(params('image.row'), tap.row),
      );
      b.store('index', at(entry, i * indexBytes), b.add(offset, inside));
    }
    return [b.add(offset, params('image.channel')), b.add(entry, taps.length * indexBytes)];
  });
}
