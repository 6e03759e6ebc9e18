import {
  checkOptions,
  DtypeError,
  formatShape,
  given,
  isFloat,
  ShapeError,
  type Type,
  ValueError,
} from '../../base/index.ts';
import { apply } from '../apply.ts';
import type { WindowMap } from '../lowering.ts';
import { ndZeros, setElement } from '../nd-array.ts';
import { type Attrs, attrs, defineOp, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { conv2d, type Pair, pairOf, windows } from './conv2d.ts';
import { full } from './full.ts';
import { gather } from './gather.ts';
import { flatten, reshape } from './reshape.ts';

interface PoolAttrs extends Attrs, WindowMap {
  readonly ceilMode: boolean;
}

export interface PoolOptions {
  /** Step of the window; its own size by default. A number stands for both directions. */
  readonly stride?: number | Pair;
  /** Added at each side, never chosen; 0 by default, at most half the window. */
  readonly padding?: number | Pair;
  /** Distance of the window's elements; 1 by default. */
  readonly dilation?: number | Pair;
  /** Also takes a last window that is only partly inside; false by default. */
  readonly ceilMode?: boolean;
}

/** Windows along height (0) or width (1); none starts in the padding behind the image. */
function windowCount(x: Type, a: PoolAttrs, i: 0 | 1): number {
  const [n, k, s, p, d] = [x.shape[2 + i], a.kernel[i], a.stride[i], a.padding[i], a.dilation[i]];
  const whole = windows(n, k, s, p, d);
  const rest = (n + 2 * p - d * (k - 1) - 1) % s;
  return a.ceilMode && rest !== 0 && whole * s < n + p ? whole + 1 : whole;
}

interface PoolGradAttrs extends PoolAttrs {
  readonly height: number;
  readonly width: number;
}

/** The planes of the last two dimensions as rows, as `gather` takes them. */
const planes = (x: Value): Value => flatten(x, 2);

/** Operands (positions, dy): every element's gradient at the position it came from. */
export const MAX_POOL2D_GRAD = defineOp<PoolGradAttrs>({
  name: 'maxPool2dGrad',
  infer: ([, dy], { height, width }) => ({
    shape: [dy.shape[0], dy.shape[1], height, width],
    dtype: dy.dtype,
  }),
  reference([positions, dy], { height, width }, [{ shape, dtype }]) {
    const dx = ndZeros(shape, dtype);
    const windowsOfPlane = dy.shape[2] * dy.shape[3];
    for (let i = 0; i < dy.data.length; i++) {
      const plane = Math.floor(i / windowsOfPlane) * height * width;
      const to = plane + Number(positions.data[i]);
      setElement(dx, to, Number(dx.data[to]) + Number(dy.data[i]));
    }
    return dx;
  },
  lower: { kind: 'maxWindowGrad', window: (a) => a },
  saves: SAVE.in0,
  gradient(ctx, g) {
    const positions = ctx.input(0) as Value;
    const picked = gather(planes(g), 2, planes(positions));
    ctx.give(1, reshape(picked, positions.shape));
  },
});

export const MAX_POOL2D = defineOp<PoolAttrs>({
  name: 'maxPool2d',
  onnx: 'MaxPool',
  infer([x], a) {
    if (x.shape.length !== 4) {
      throw new ShapeError({
        op: 'maxPool2d',
        problem: `the input ${formatShape(x.shape)} is not [batch, channels, height, width]`,
        operands: [x],
        remedy: x.shape.length === 3 ? 'add a batch dimension: x.unsqueeze(0)' : undefined,
      });
    }
    if (!isFloat(x.dtype)) {
      throw new DtypeError({
        op: 'maxPool2d',
        problem: `takes floats, not ${x.dtype}`,
        operands: [x],
        remedy: "convert first: x.to('float32')",
      });
    }
    const shape = [x.shape[0], x.shape[1], windowCount(x, a, 0), windowCount(x, a, 1)];
    if (shape[2] < 1 || shape[3] < 1 || a.padding.some((p, i) => 2 * p > a.kernel[i])) {
      throw new ShapeError({
        op: 'maxPool2d',
        problem:
          `a ${a.kernel.join('x')} window with padding ${a.padding.join('x')} does not fit ` +
          `the ${x.shape[2]}x${x.shape[3]} input`,
        operands: [x],
        remedy: 'padding is at most half the window, and the window no larger than the input',
      });
    }
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int32' },
    ];
  },
  reference([x], a, [type]) {
    const values = ndZeros(type.shape, x.dtype);
    const positions = ndZeros(type.shape, 'int32');
    const [, , height, width] = x.shape;
    const [, , outHeight, outWidth] = type.shape;
    for (let at = 0; at < values.data.length; at++) {
      const ow = at % outWidth;
      const oh = Math.floor(at / outWidth) % outHeight;
      const plane = Math.floor(at / (outWidth * outHeight)) * height * width;
      let best: number | null = null;
      for (let kh = 0; kh < a.kernel[0]; kh++)
        for (let kw = 0; kw < a.kernel[1]; kw++) {
          const h = oh * a.stride[0] - a.padding[0] + kh * a.dilation[0];
          const w = ow * a.stride[1] - a.padding[1] + kw * a.dilation[1];
          if (h < 0 || h >= height || w < 0 || w >= width) continue;
          const v = Number(x.data[plane + h * width + w]);
          const wins = best === null || (!Number.isNaN(best) && (Number.isNaN(v) || v > best));
          if (!wins) continue;
          best = v;
          positions.data[at] = h * width + w;
        }
      values.data[at] = best ?? Number.NEGATIVE_INFINITY;
    }
    return [values, positions];
  },
  lower: { kind: 'maxWindow', window: (a) => a },
  saves: SAVE.out1,
  gradient(ctx, g) {
    const [, , height, width] = ctx.inputType(0).shape;
    const { kernel, stride, padding, dilation, ceilMode } = ctx.attrs;
    const a = attrs({ kernel, stride, padding, dilation, ceilMode, height, width });
    ctx.give(0, apply(MAX_POOL2D_GRAD, [ctx.output(1), g], a)[0]);
  },
});

/**
 * The greatest element of each window, and where it is; see {@link maxPool2d}. Positions are int32,
 * counted in row-major order within the H x W plane; the first of equal ones.
 *
 * @example
 * maxPool2dWithIndices(ones([1, 1, 2, 2]), 2)[1].toArray(); // [[[[0]]]]
 */
export function maxPool2dWithIndices(
  x: Value,
  kernel: number | Pair,
  options: PoolOptions = {},
): readonly [Value, Value] {
  const op = 'maxPool2d';
  checkOptions(op, options, ['stride', 'padding', 'dilation', 'ceilMode']);
  const size = pairOf(op, 'kernel', kernel, 1);
  const a = attrs({
    kernel: size,
    stride: pairOf(op, 'stride', options.stride ?? size, 1),
    padding: pairOf(op, 'padding', options.padding ?? 0, 0),
    dilation: pairOf(op, 'dilation', options.dilation ?? 1, 1),
    ceilMode: flag(op, 'ceilMode', options.ceilMode),
  });
  const [values, positions] = apply(MAX_POOL2D, [x], a);
  return [values, positions];
}

function flag(op: string, name: string, x: boolean | undefined): boolean {
  if (x === undefined || typeof x === 'boolean') return x ?? false;
  throw new ValueError({ op, problem: `${name} is true or false, not ${given(x)}` });
}

/**
 * The greatest element of each window that slides over the last two dimensions.
 *
 * Shapes: x `[N, C, H, W]`; gives `[N, C, OH, OW]` with
 * `OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1` (ceil with `ceilMode`). Dtypes: floats. Numerics: NaN
 * if the window holds one; the gradient goes to the first of equal elements.
 * Throws ShapeError when the window does not fit, DtypeError for integers.
 *
 * @example
 * maxPool2d(arange(0, 4).reshape([1, 1, 2, 2]), 2).toArray(); // [[[[3]]]]
 */
export const maxPool2d = (x: Value, kernel: number | Pair, options: PoolOptions = {}): Value =>
  maxPool2dWithIndices(x, kernel, options)[0];

/**
 * The mean of each window that slides over the last two dimensions; padding counts as zeros.
 *
 * Shapes: as {@link maxPool2d}. Throws ShapeError when the window does not fit, DtypeError for
 * integers.
 *
 * @example
 * avgPool2d(arange(0, 4).reshape([1, 1, 2, 2]), 2).toArray(); // [[[[1.5]]]]
 */
export function avgPool2d(
  x: Value,
  kernel: number | Pair,
  options: Omit<PoolOptions, 'ceilMode'> = {},
): Value {
  checkOptions('avgPool2d', options, ['stride', 'padding', 'dilation']);
  const [kh, kw] = pairOf('avgPool2d', 'kernel', kernel, 1);
  const channels = x.shape.at(1) ?? 1;
  const dtype = isFloat(x.dtype) ? x.dtype : 'float32';
  const weight = full([channels, 1, kh, kw], 1 / (kh * kw), dtype, x.device);
  const { stride = [kh, kw], padding, dilation } = options;
  return conv2d(x, weight, null, { stride, padding, dilation, groups: channels });
}
