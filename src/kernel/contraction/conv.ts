/** Convolutions: the shared specification, and the choice of schedule. */

import { bytesOf } from '../../base/index.ts';
import type { ConvGeometry } from '../../ir/index.ts';
import type { Epilogue } from '../epilogue.ts';
import type { TargetInfo } from '../ir.ts';
import type { Launch } from '../launch.ts';
import type { Temp } from './arguments.ts';
import { inputConv } from './conv-input.ts';
import type { ConvSpec } from './conv-spec.ts';
import { weightConv } from './conv-weight.ts';
import { lowerGemm } from './gemm.ts';
import { type ImageConv, imageConv, overPixels } from './image-conv.ts';

export function lowerConv(spec: ConvSpec, info: TargetInfo, temp: Temp): Launch[] {
  const { geometry: g, face } = spec;
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const image = face === 'input' ? g.input : g.output;
  const sizes =
    face === 'weight'
      ? [g.outChannels, perIn, ...g.kernel]
      : [g.batch, face === 'input' ? g.inChannels : g.outChannels, ...image];
  if (sizes.includes(0)) return [];
  if (face === 'weight') return weightConv(spec, info, temp);
  if (isPointwise(g)) return pointwise(spec, perIn, perOut, info, temp);
  if (face === 'input') return inputConv(spec, info, temp);
  return imageConv(forwardConv(spec), info, temp);
}

function forwardConv(spec: ConvSpec): ImageConv {
  const { geometry: g, aStrides: x, bStrides: w, dtype } = spec;
  const bytes = bytesOf(dtype);
  const [perIn, perOut] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const { kernel, stride, padding, dilation, output } = g;
  const strides = [x[1] * bytes, x[2] * bytes, x[3] * bytes] as const;
  return {
    name: spec.name,
    dtype,
    keep: spec.keep ?? null,
    batch: g.batch,
    groups: g.groups,
    x: spec.a,
    imageBytes: x[0] * bytes,
    image: {
      channels: perIn,
      size: g.input,
      strides,
      output,
      kernel,
      stride,
      padding,
      dilation,
    },
    rows: perOut,
    weights: {
      buffer: spec.b,
      start: 0,
      group: perOut * w[0],
      row: w[0],
      channel: w[1],
      kernel: [w[2], w[3]],
    },
    out: spec.out,
    epilogue: spec.epilogue,
  };
}

/** A 1x1 convolution: a matrix product for each image. */
function isPointwise(g: ConvGeometry): boolean {
  return [...g.kernel, ...g.stride].every((x) => x === 1) && g.padding.every((x) => x === 0);
}

/**
 * Whether the image (operand 0) of this convolution must lie densely, because its schedule takes
 * all pixels as one dimension. The choice of schedule, and so the order of sums, is the geometry's
 * alone: an image that lies otherwise is copied first.
 */
export function needsEvenPixels(
  { face, geometry: g }: Pick<ConvSpec, 'face' | 'geometry'>,
  strides: readonly number[],
): boolean {
  return (
    face !== 'weight' && isPointwise(g) && g.input[0] > 1 && strides[2] !== g.input[1] * strides[3]
  );
}

function pointwise(
  spec: ConvSpec,
  perIn: number,
  perOut: number,
  info: TargetInfo,
  temp: Temp,
): Launch[] {
  const { geometry: g, epilogue, aStrides: x, bStrides: w } = spec;
  const forward = spec.face === 'forward';
  const [rows, sums] = forward ? [perOut, perIn] : [perIn, perOut];
  const [rowStride, sumStride] = forward ? [w[0], w[1]] : [w[1], w[0]];
  const map = {
    batch: [
      { size: g.batch, a: 0, b: x[0] },
      { size: g.groups, a: perOut * w[0], b: sums * x[1] },
    ],
    m: { size: rows, a: rowStride },
    n: { size: g.input[0] * g.input[1], b: g.input[1] > 1 ? x[3] : x[2] },
    k: { size: sums, a: sumStride, b: x[1] },
  };
  const flat: Epilogue | null = epilogue && {
    key: epilogue.key,
    dtype: epilogue.dtype,
    operands: epilogue.operands.map((o) =>
      o.source.kind === 'scalar' ? o : { ...o, strides: overPixels(o.strides, rows, g.input) },
    ),
    apply: (b, sum, operands) => epilogue.apply(b, sum, operands),
  };
  const { name, dtype, out } = spec;
  return lowerGemm({ name, map, dtype, a: spec.b, b: spec.a, out, epilogue: flat }, info, temp);
}
