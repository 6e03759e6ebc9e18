/** Two-dimensional convolution and its two gradients, whose own gradients close among the three. */
import {
  checkOptions,
  DtypeError,
  formatShape,
  given,
  ShapeError,
  type Type,
  ValueError,
} from '../../base/index.ts';
import { apply, apply2 } from '../apply.ts';
import type { ConvGeometry } from '../conv-geometry.ts';
import { promoteTypes, requireTensor, unbroadcast } from '../element.ts';
import { type NdArray, ndZeros } from '../nd-array.ts';
import { type Attrs, attrs, defineOp, type GradContext, SAVE } from '../op.ts';
import type { Value } from '../value.ts';
import { add } from './add.ts';
import { reshape } from './reshape.ts';
import { sum } from './sum.ts';

export type Pair = readonly [number, number];

interface ConvAttrs extends Attrs {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  /** `conv2dInput`: height and width of the input; `conv2dWeight`: of the kernel. */
  readonly size?: Pair;
}

export interface ConvOptions {
  /** Step of the window; 1 by default. A number stands for both directions. */
  readonly stride?: number | Pair;
  /** Zeros added at each side; 0 by default. */
  readonly padding?: number | Pair;
  /** Distance of the kernel's elements; 1 by default. */
  readonly dilation?: number | Pair;
  /** Groups of channels that do not see each other; 1 by default. */
  readonly groups?: number;
}

/** The windows a kernel finds along one dimension. */
export const windows = (n: number, k: number, stride: number, padding: number, dilation: number) =>
  Math.floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;

function geometryOf(x: readonly number[], w: readonly number[], a: ConvAttrs): ConvGeometry {
  const at = (i: 0 | 1) => windows(x[2 + i], w[2 + i], a.stride[i], a.padding[i], a.dilation[i]);
  return {
    batch: x[0],
    groups: a.groups,
    inChannels: x[1],
    outChannels: w[0],
    input: [x[2], x[3]],
    kernel: [w[2], w[3]],
    output: [at(0), at(1)],
    stride: a.stride,
    padding: a.padding,
    dilation: a.dilation,
  };
}

/** Throws unless image `x` and weight `w` fit; returns what they make. */
function checked(op: string, x: Type, w: Type, a: ConvAttrs): ConvGeometry {
  const fail = (problem: string, remedy?: string): never => {
    throw new ShapeError({ op, problem, operands: [x, w], remedy });
  };
  if (x.shape.length !== 4) {
    fail(
      `the input ${formatShape(x.shape)} is not [batch, channels, height, width]`,
      x.shape.length === 3 ? 'add a batch dimension: x.unsqueeze(0)' : undefined,
    );
  }
  if (w.shape.length !== 4) {
    fail(`the weight ${formatShape(w.shape)} is not [outputs, inputs / groups, height, width]`);
  }
  const [channels, perGroup] = [x.shape[1], w.shape[1]];
  if (channels !== perGroup * a.groups) {
    fail(
      `the input has ${channels} channels, but the weight ${formatShape(w.shape)} with ` +
        `${a.groups} group${a.groups === 1 ? '' : 's'} expects ${perGroup * a.groups}`,
      x.shape[3] === perGroup * a.groups
        ? 'images are [batch, channels, height, width]: x.permute([0, 3, 1, 2])'
        : undefined,
    );
  }
  if (w.shape[0] % a.groups !== 0) {
    fail(`${w.shape[0]} outputs do not split into ${a.groups} groups`);
  }
  const g = geometryOf(x.shape, w.shape, a);
  if (g.output[0] < 1 || g.output[1] < 1) {
    fail(
      `a ${g.kernel.join('x')} kernel (dilation ${a.dilation.join('x')}) is larger than the ` +
        `${g.input.join('x')} input with padding ${a.padding.join('x')}`,
      'pad the input or use a smaller kernel',
    );
  }
  const dtype = promoteTypes([x, w]);
  if (dtype !== 'float32' && dtype !== 'float64') {
    throw new DtypeError({
      op,
      problem: `takes floats, not ${dtype}`,
      operands: [x, w],
      remedy: "convert first: x.to('float32')",
    });
  }
  return g;
}

/**
 * Visits every product of the convolution with its positions in x, w and y; x is -1 in the padding,
 * whose zeros are factors like others: times infinity or NaN they are NaN.
 */
function forEachProduct(g: ConvGeometry, visit: (x: number, w: number, y: number) => void): void {
  const { batch, groups, input, kernel, output, stride, padding, dilation } = g;
  const [inner, outer] = [g.inChannels / groups, g.outChannels / groups];
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < g.outChannels; o++)
      for (let oh = 0; oh < output[0]; oh++)
        for (let ow = 0; ow < output[1]; ow++) {
          const y = ((n * g.outChannels + o) * output[0] + oh) * output[1] + ow;
          for (let c = 0; c < inner; c++)
            for (let kh = 0; kh < kernel[0]; kh++)
              for (let kw = 0; kw < kernel[1]; kw++) {
                const h = oh * stride[0] - padding[0] + kh * dilation[0];
                const w = ow * stride[1] - padding[1] + kw * dilation[1];
                const outside = h < 0 || h >= input[0] || w < 0 || w >= input[1];
                const channel = Math.floor(o / outer) * inner + c;
                visit(
                  outside ? -1 : ((n * g.inChannels + channel) * input[0] + h) * input[1] + w,
                  ((o * inner + c) * kernel[0] + kh) * kernel[1] + kw,
                  y,
                );
              }
        }
}

const bothFloat = (_: readonly Type[], [out]: readonly Type[]) => [out.dtype, out.dtype];

export const CONV2D = defineOp<ConvAttrs>({
  name: 'conv2d',
  onnx: 'Conv',
  infer(xs, a) {
    const g = checked('conv2d', xs[0], xs[1], a);
    return { shape: [g.batch, g.outChannels, ...g.output], dtype: promoteTypes(xs) };
  },
  operands: bothFloat,
  reference([x, w], a, [{ shape, dtype }]) {
    const y = ndZeros(shape, dtype) as { data: Float64Array } & NdArray;
    forEachProduct(geometryOf(x.shape, w.shape, a), (i, j, k) => {
      y.data[k] += Number(x.data[i] ?? 0) * Number(w.data[j]);
    });
    return y;
  },
  lower: {
    kind: 'conv',
    face: 'forward',
    geometry: ([x, w], a) => geometryOf(x.shape, w.shape, a),
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [x, w] = [ctx.input(0) as Value, ctx.input(1) as Value];
    if (ctx.needs(0)) unbroadcast(ctx, 0, inputFace(g, w, ctx.attrs, sizeOf(x)), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, weightFace(x, g, ctx.attrs, sizeOf(w)), true);
  },
});

const sizeOf = (x: Type): Pair => [x.shape[2], x.shape[3]];

/** Shape of x, from those of dy and w. */
const inputShape = (dy: Type, w: Type, a: ConvAttrs) => [
  dy.shape[0],
  w.shape[1] * a.groups,
  ...(a.size as Pair),
];

/** Shape of w, from those of x and dy. */
const weightShape = (x: Type, dy: Type, a: ConvAttrs) => [
  dy.shape[1],
  x.shape[1] / a.groups,
  ...(a.size as Pair),
];

/** Throws unless `dy` has the shape of the convolution's result. */
function checkGradient(op: string, g: ConvGeometry, dy: Type, operands: readonly Type[]): void {
  const want = [g.batch, g.outChannels, ...g.output];
  if (want.length === dy.shape.length && want.every((n, d) => n === dy.shape[d])) return;
  throw new ShapeError({
    op,
    problem: `the gradient ${formatShape(dy.shape)} is not ${formatShape(want)}`,
    operands,
  });
}

export const CONV2D_INPUT = defineOp<ConvAttrs>({
  name: 'conv2dInput',
  onnx: 'ConvTranspose',
  infer(xs, a) {
    const [dy, w] = xs;
    const shape = inputShape(dy, w, a);
    const x = { shape, dtype: dy.dtype };
    checkGradient('conv2dInput', checked('conv2dInput', x, w, a), dy, xs);
    return { shape, dtype: promoteTypes(xs) };
  },
  operands: bothFloat,
  reference([dy, w], a, [{ shape, dtype }]) {
    const dx = ndZeros(shape, dtype) as { data: Float64Array } & NdArray;
    forEachProduct(geometryOf(shape, w.shape, a), (i, j, k) => {
      if (i >= 0) dx.data[i] += Number(dy.data[k]) * Number(w.data[j]);
    });
    return dx;
  },
  lower: {
    kind: 'conv',
    face: 'input',
    geometry: ([dy, w], a) => geometryOf(inputShape(dy, w, a), w.shape, a),
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [dy, w] = [ctx.input(0) as Value, ctx.input(1) as Value];
    if (ctx.needs(0)) unbroadcast(ctx, 0, forwardFace(g, w, ctx.attrs), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, weightFace(g, dy, ctx.attrs, sizeOf(w)), true);
  },
});

export const CONV2D_WEIGHT = defineOp<ConvAttrs>({
  name: 'conv2dWeight',
  infer(xs, a) {
    const [x, dy] = xs;
    const shape = weightShape(x, dy, a);
    const w = { shape, dtype: x.dtype };
    checkGradient('conv2dWeight', checked('conv2dWeight', x, w, a), dy, xs);
    return { shape, dtype: promoteTypes(xs) };
  },
  operands: bothFloat,
  reference([x, dy], a, [{ shape, dtype }]) {
    const dw = ndZeros(shape, dtype) as { data: Float64Array } & NdArray;
    forEachProduct(geometryOf(x.shape, shape, a), (i, j, k) => {
      dw.data[j] += Number(x.data[i] ?? 0) * Number(dy.data[k]);
    });
    return dw;
  },
  lower: {
    kind: 'conv',
    face: 'weight',
    geometry: ([x, dy], a) => geometryOf(x.shape, weightShape(x, dy, a), a),
  },
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx, g) {
    const [x, dy] = [ctx.input(0) as Value, ctx.input(1) as Value];
    if (ctx.needs(0)) unbroadcast(ctx, 0, inputFace(dy, g, ctx.attrs, sizeOf(x)), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, forwardFace(x, g, ctx.attrs), true);
  },
});

const plain = ({ stride, padding, dilation, groups }: ConvAttrs) => ({
  stride,
  padding,
  dilation,
  groups,
});

const forwardFace = (x: Value, w: Value, a: ConvAttrs): Value =>
  apply2(CONV2D, x, w, attrs(plain(a)));

const inputFace = (dy: Value, w: Value, a: ConvAttrs, size: Pair): Value =>
  apply2(CONV2D_INPUT, dy, w, attrs({ ...plain(a), size }));

const weightFace = (x: Value, dy: Value, a: ConvAttrs, size: Pair): Value =>
  apply2(CONV2D_WEIGHT, x, dy, attrs({ ...plain(a), size }));

/** Convolution and bias as one node; operands (x, w, b). */
export const CONV2D_BIAS = defineOp<ConvAttrs>({
  name: 'conv2dBias',
  onnx: 'Conv',
  infer(xs, a) {
    const [x, w, b] = xs;
    const g = checked('conv2d', x, w, a);
    if (b.shape.length !== 1 || b.shape[0] !== g.outChannels) {
      throw new ShapeError({
        op: 'conv2d',
        problem: `the bias ${formatShape(b.shape)} is not [${g.outChannels}], one for each output`,
        operands: xs,
      });
    }
    return { shape: [g.batch, g.outChannels, ...g.output], dtype: promoteTypes(xs) };
  },
  decompose: ([x, w, b], a) =>
    add(forwardFace(x as Value, w as Value, a), reshape(b as Value, [1, -1, 1, 1])),
  saves: SAVE.in0 | SAVE.in1,
  gradient(ctx: GradContext<ConvAttrs>, g: Value) {
    const [x, w] = [ctx.input(0) as Value, ctx.input(1) as Value];
    if (ctx.needs(0)) unbroadcast(ctx, 0, inputFace(g, w, ctx.attrs, sizeOf(x)), true);
    if (ctx.needs(1)) unbroadcast(ctx, 1, weightFace(x, g, ctx.attrs, sizeOf(w)), true);
    if (ctx.needs(2)) unbroadcast(ctx, 2, sum(g, [0, 2, 3]), true);
  },
});

/** A number stands for both directions; throws a ValueError unless both are whole, from `least`. */
export function pairOf(op: string, name: string, x: number | Pair, least: number): Pair {
  const pair: readonly unknown[] = Array.isArray(x) ? x : [x, x];
  const fits = (n: unknown) => Number.isInteger(n) && (n as number) >= least;
  if (pair.length === 2 && pair.every(fits)) return [pair[0], pair[1]] as unknown as Pair;
  throw new ValueError({
    op,
    problem: `${name} must be a whole number from ${least}, or two, not ${given(x)}`,
  });
}

const OPTIONS = ['stride', 'padding', 'dilation', 'groups'];

function convAttrs(op: string, options: ConvOptions) {
  checkOptions(op, options, OPTIONS);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return attrs({
    stride: pairOf(op, 'stride', stride, 1),
    padding: pairOf(op, 'padding', padding, 0),
    dilation: pairOf(op, 'dilation', dilation, 1),
    groups: pairOf(op, 'groups', groups, 1)[0],
  });
}

/**
 * Two-dimensional convolution (cross-correlation, as in PyTorch):
 * `y[n, o, i, j] = b[o] + sum over c, p, q of x[n, c, i s + p d - z, j s + q d - z] * w[o, c, p, q]`
 * with stride s, dilation d and zero padding z.
 *
 * Shapes: x `[N, C, H, W]`, w `[O, C / groups, KH, KW]`, b `[O]`; gives `[N, O, OH, OW]` with
 * `OH = floor((H + 2 z - d (KH - 1) - 1) / s) + 1`. Dtypes: floats, promoted together.
 * Numerics: sums run in an order fixed by shape, dtype and ISA class. The padding's zeros may be
 * multiplied like other elements: an infinite or NaN weight then gives NaN at the border.
 * Throws ShapeError when channels or sizes do not fit, DtypeError for integers, ValueError for
 * options that are no whole numbers.
 *
 * @example
 * conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2])).toArray(); // [[[[4, 4], [4, 4]]]]
 */
export function conv2d(
  x: Value,
  w: Value,
  bias: Value | null = null,
  options: ConvOptions = {},
): Value {
  requireTensor('conv2d', 'weight', w);
  const a = convAttrs('conv2d', options);
  if (bias !== null) {
    requireTensor('conv2d', 'bias', bias, 'write conv2d(x, weight, bias or null, options)');
  }
  return bias === null ? apply2(CONV2D, x, w, a) : apply(CONV2D_BIAS, [x, w, bias], a)[0];
}

/**
 * The transpose of {@link conv2d} with respect to its input: scatters `dy` back through the kernel
 * into an image of the given height and width. It is the gradient of a convolution and, as a layer,
 * the transposed convolution.
 *
 * Throws ShapeError when the sizes do not fit.
 *
 * @example
 * conv2dInput(ones([1, 1, 1, 1]), ones([1, 1, 2, 2]), [2, 2]).toArray(); // [[[[1, 1], [1, 1]]]]
 */
export const conv2dInput = (dy: Value, w: Value, size: Pair, options: ConvOptions = {}): Value =>
  inputFace(dy, w, convAttrs('conv2dInput', options) as ConvAttrs, size);

/**
 * The gradient of {@link conv2d} with respect to its weight, for a kernel of the given height and
 * width.
 *
 * Throws ShapeError when the sizes do not fit.
 *
 * @example
 * conv2dWeight(ones([1, 1, 3, 3]), ones([1, 1, 2, 2]), [2, 2]).toArray(); // [[[[4, 4], [4, 4]]]]
 */
export const conv2dWeight = (x: Value, dy: Value, size: Pair, options: ConvOptions = {}): Value =>
  weightFace(x, dy, convAttrs('conv2dWeight', options) as ConvAttrs, size);
