/**
 * A convolution's input gradient: convolutions of dy with the kernel turned around. Every position
 * modulo the stride meets its own part of the kernel, with stride one; the results are then
 * woven together.
 */
import { bytesOf } from '../../base/index.ts';
import { at, KernelBuilder } from '../builder.ts';
import type { TargetInfo } from '../ir.ts';
import type { BufferRef, Launch } from '../launch.ts';
import { Arguments, numberElem, type Temp } from './arguments.ts';
import type { ConvSpec } from './conv-spec.ts';
import { EpilogueCode } from './epilogue-code.ts';
import { type ImageConv, imageConv } from './image-conv.ts';
import { Outer } from './outer.ts';

/** Along one dimension: the positions `first`, `first + stride`, ... and what they read. */
interface Phase {
  readonly first: number;
  readonly count: number;
  /** The taps that reach them, from the last to the first. */
  readonly taps: number;
  readonly lastTap: number;
  readonly tapStep: number;
  readonly dilation: number;
  readonly padding: number;
}

function phasesOf(spec: ConvSpec, d: 0 | 1): Phase[] {
  const { geometry: g } = spec;
  const [stride, dilation, size] = [g.stride[d], g.dilation[d], g.input[d]];
  const phases: Phase[] = [];
  for (let first = 0; first < Math.min(stride, size); first++) {
    // Position first + stride * i reads dy at i + from(tap), where that is whole.
    const from = (tap: number): number => (first + g.padding[d] - dilation * tap) / stride;
    const taps = Array.from({ length: g.kernel[d] }, (_, tap) => tap).filter((tap) =>
      Number.isInteger(from(tap)),
    );
    const lastTap = taps[taps.length - 1] ?? 0;
    const tapStep = taps.length > 1 ? taps[1] - taps[0] : 1;
    phases.push({
      first,
      count: Math.ceil((size - first) / stride),
      taps: taps.length,
      lastTap,
      tapStep,
      dilation: taps.length > 1 ? (dilation * tapStep) / stride : 1,
      padding: taps.length > 0 ? -from(lastTap) : 0,
    });
  }
  return phases;
}

export function inputConv(spec: ConvSpec, info: TargetInfo, temp: Temp): Launch[] {
  const rows = phasesOf(spec, 0);
  const columns = phasesOf(spec, 1);
  const { geometry: g, epilogue } = spec;
  if (rows.length === 1 && columns.length === 1 && g.stride[0] === 1 && g.stride[1] === 1) {
    return imageConv(phaseConv(spec, rows[0], columns[0], spec.out, epilogue), info, temp);
  }
  const launches: Launch[] = [];
  const parts: Part[] = [];
  for (const row of rows) {
    for (const column of columns) {
      const planes = g.batch * g.inChannels;
      const buffer = temp(planes * row.count * column.count * bytesOf(spec.dtype));
      launches.push(...imageConv(phaseConv(spec, row, column, buffer, null), info, temp));
      parts.push({ row, column, buffer });
    }
  }
  return [...launches, weave(spec, parts, info)];
}

function phaseConv(
  spec: ConvSpec,
  row: Phase,
  column: Phase,
  out: BufferRef,
  epilogue: ImageConv['epilogue'],
): ImageConv {
  const { geometry: g, aStrides: dy, bStrides: w, dtype } = spec;
  const bytes = bytesOf(dtype);
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  return {
    name: spec.name,
    dtype,
    keep: spec.keep ?? null,
    batch: g.batch,
    groups: g.groups,
    x: spec.a,
    imageBytes: dy[0] * bytes,
    image: {
      channels: perOut,
      size: g.output,
      strides: [dy[1] * bytes, dy[2] * bytes, dy[3] * bytes],
      output: [row.count, column.count],
      kernel: [row.taps, column.taps],
      stride: [1, 1],
      padding: [row.padding, column.padding],
      dilation: [row.dilation, column.dilation],
    },
    rows: perIn,
    weights: {
      buffer: spec.b,
      start: row.lastTap * w[2] + column.lastTap * w[3],
      group: perOut * w[0],
      row: w[1],
      channel: w[0],
      kernel: [-row.tapStep * w[2], -column.tapStep * w[3]],
    },
    out,
    epilogue,
  };
}

interface Part {
  readonly row: Phase;
  readonly column: Phase;
  readonly buffer: BufferRef;
}

/** Puts the parts in their places, with the epilogue. */
function weave(spec: ConvSpec, parts: readonly Part[], info: TargetInfo): Launch {
  const { geometry: g, epilogue: fused } = spec;
  const elem = numberElem(spec.dtype);
  const bytes = bytesOf(spec.dtype);
  const outBytes = bytesOf(fused?.dtype ?? spec.dtype);
  const [height, width] = g.input;
  const args = new Arguments().pointer('out', spec.out).indices({
    batch: g.batch,
    channels: g.inChannels,
    'out.c': height * width * outBytes,
    'out.h': width * g.stride[0] * outBytes,
  });
  for (const [k, { row, column, buffer }] of parts.entries()) {
    args.pointer(`part.${k}`, buffer).indices({
      [`rows.${k}`]: row.count,
      [`columns.${k}`]: column.count,
      [`plane.${k}`]: row.count * column.count * bytes,
      [`start.${k}`]: (row.first * width + column.first) * outBytes,
    });
  }
  const strides = (fused?.operands ?? []).map((o) => [...o.strides, 0, 0]);
  const epilogue = fused ? new EpilogueCode(fused, strides, spec.dtype, args) : undefined;
  const planes = g.batch * g.inChannels;
  const loops = [
    { name: 'batch', size: g.batch },
    { name: 'channels', size: g.inChannels },
  ];
  const outer = new Outer(args, loops, 4 * planes * height * width, info);
  const build = () => {
    const b = new KernelBuilder(`${spec.name} weave`);
    const p = args.declare(b);
    const zero = b.index(0);
    const sources = parts.map((_, k) => p(`part.${k}`));
    outer.each(b, p, ([n, c]) => {
      const plane = b.add(b.mul(n, p('channels')), c);
      const out = b.add(p('out'), b.mul(plane, p('out.c')));
      for (const [k, { row, column }] of parts.entries()) {
        const source = b.add(sources[k], b.mul(plane, p(`plane.${k}`)));
        const start = [b.add(out, p(`start.${k}`)), source];
        b.loop(0, p(`rows.${k}`), 1, start, (i, [line, source]) => {
          const h = b.add(b.mul(i, g.stride[0]), row.first);
          const [, next] = b.loop(0, p(`columns.${k}`), 1, [line, source], (j, [to, from]) => {
            const sum = b.load(elem, 1, at(from));
            const w = b.add(b.mul(j, g.stride[1]), column.first);
            const value = epilogue
              ? epilogue.at(b, p, [n, c, h, w], zero, zero).applyScalar(sum, zero, zero)
              : sum;
            b.store(epilogue?.mem ?? elem, at(to), value);
            return [b.add(to, g.stride[1] * outBytes), b.add(from, bytes)];
          });
          return [b.add(line, p('out.h')), next];
        });
      }
    });
    return b.finish();
  };
  const places = parts.map(({ row, column }) => `${row.first},${column.first}`).join(' ');
  const key = `weave ${elem} ${g.stride.join('x')} ${places} [${epilogue?.key ?? ''}] ${info.isa}${outer.key}`;
  return { key, build, args: args.args, ...outer.launch };
}
