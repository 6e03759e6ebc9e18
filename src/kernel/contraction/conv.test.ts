import { describe, expect, it } from 'vitest';
import { contiguousStrides, type DType, numelOf } from '../../base/index.ts';
import type { ConvGeometry } from '../../ir/conv-geometry.ts';
import { wasmTarget } from '../../target/wasm/index.ts';
import { AVX2_TARGET, AVX512_TARGET, WASM_TARGET } from '../ir.ts';
import { INPUT, Machine, OUTPUT, Random, sumEpilogue, threaded } from './harness.test-util.ts';
import { lowerConv } from './index.ts';

const FACES = ['forward', 'input', 'weight'] as const;
type Face = (typeof FACES)[number];
type Layout = 'dense' | 'channels last' | 'apart';

interface Options {
  readonly dtype?: DType;
  readonly layouts?: readonly [Layout, Layout];
  /** Strides of epilogue operands over the output. */
  readonly extras?: (shape: readonly number[]) => readonly (readonly number[])[];
  readonly stored?: DType;
}

function shapesOf(g: ConvGeometry) {
  return {
    x: [g.batch, g.inChannels, ...g.input],
    w: [g.outChannels, g.inChannels / g.groups, ...g.kernel],
    y: [g.batch, g.outChannels, ...g.output],
  };
}

function stridesOf(shape: readonly number[], layout: Layout): number[] {
  if (layout === 'channels last') {
    const [n, h, w, c] = contiguousStrides([shape[0], shape[2], shape[3], shape[1]]);
    return [n, c, h, w];
  }
  const dense = contiguousStrides(shape);
  return layout === 'dense' ? dense : dense.map((s) => s * 2);
}

const place = (strides: readonly number[], ...index: readonly number[]): number =>
  index.reduce((sum, i, d) => sum + i * strides[d], 0);

/** Calls `visit` for every product of a convolution. */
function eachProduct(
  g: ConvGeometry,
  visit: (x: readonly number[], w: readonly number[], y: readonly number[]) => void,
): void {
  const perIn = g.inChannels / g.groups;
  const perOut = g.outChannels / g.groups;
  for (let n = 0; n < g.batch; n++)
    for (let oc = 0; oc < g.outChannels; oc++)
      for (let oh = 0; oh < g.output[0]; oh++)
        for (let ow = 0; ow < g.output[1]; ow++)
          for (let c = 0; c < perIn; c++)
            for (let kh = 0; kh < g.kernel[0]; kh++)
              for (let kw = 0; kw < g.kernel[1]; kw++) {
                const h = oh * g.stride[0] + kh * g.dilation[0] - g.padding[0];
                const w = ow * g.stride[1] + kw * g.dilation[1] - g.padding[1];
                if (h < 0 || h >= g.input[0] || w < 0 || w >= g.input[1]) continue;
                const ic = Math.floor(oc / perOut) * perIn + c;
                visit([n, ic, h, w], [oc, c, kh, kw], [n, oc, oh, ow]);
              }
}

function check(machine: Machine, g: ConvGeometry, face: Face, o: Options = {}): void {
  const { dtype = 'float32', layouts = ['dense', 'dense'] } = o;
  const shapes = shapesOf(g);
  const names = {
    forward: ['x', 'w', 'y'],
    input: ['y', 'w', 'x'],
    weight: ['x', 'y', 'w'],
  } as const;
  const [an, bn, on] = names[face];
  const random = new Random(numelOf(shapes.x) * 7 + numelOf(shapes.w));
  machine.reset();
  const operand = (input: number, shape: readonly number[], layout: Layout) => {
    const strides = stridesOf(shape, layout);
    const count = layout === 'apart' ? numelOf(shape) * 2 : numelOf(shape);
    return { strides, data: machine.put(INPUT(input), random.fill(dtype, count)) };
  };
  const a = operand(0, shapes[an], layouts[0]);
  const b = operand(1, shapes[bn], layouts[1]);
  const outShape = shapes[on];
  const extras = (o.extras?.(outShape) ?? []).map((strides, i) => {
    const span = 1 + strides.reduce((sum, s, d) => sum + s * Math.max(0, outShape[d] - 1), 0);
    return { strides, data: machine.put(INPUT(2 + i), random.fill('float32', span)) };
  });
  const stored = o.stored ?? dtype;
  const out = machine.out(OUTPUT(), stored, numelOf(outShape));
  const epilogue =
    o.extras || o.stored
      ? sumEpilogue(
          extras.map((e, i) => ({ source: INPUT(2 + i), dtype: 'float32', strides: e.strides })),
          stored,
        )
      : null;
  const launches = lowerConv(
    {
      name: 'test',
      face,
      geometry: g,
      dtype,
      a: INPUT(0),
      b: INPUT(1),
      aStrides: a.strides,
      bStrides: b.strides,
      out: OUTPUT(),
      epilogue,
    },
    machine.info,
    machine.temp,
  );
  machine.run(launches);

  const expected = new Float64Array(numelOf(outShape));
  const dense = contiguousStrides(outShape);
  eachProduct(g, (x, w, y) => {
    const at = { x, w, y };
    const left = Number(a.data[place(a.strides, ...at[an])]);
    const right = Number(b.data[place(b.strides, ...at[bn])]);
    expected[place(dense, ...at[on])] += left * right;
  });
  if (epilogue) {
    for (let p = 0; p < expected.length; p++) {
      const index = dense.map((s, d) => Math.floor(p / s) % outShape[d]);
      for (const e of extras) expected[p] += Number(e.data[place(e.strides, ...index)]);
      expected[p] = Math.max(0, expected[p]);
      if (stored === 'bool') expected[p] = expected[p] === 0 ? 0 : 1;
    }
  }
  expect(Array.from(out as Float32Array, Number), `${face} ${JSON.stringify(g)}`).toEqual(
    Array.from(expected),
  );
}

/** A geometry whose output may leave input rows unused. */
function randomGeometry(random: Random, small: boolean): ConvGeometry {
  const one = (from: number, to: number): number => from + random.below(to - from + 1);
  const pair = (from: number, to: number) => [one(from, to), one(from, to)] as const;
  const groups = random.below(3) === 0 ? one(2, 3) : 1;
  const most = small ? 3 : 13;
  for (;;) {
    const input = pair(1, small ? 7 : 14);
    const kernel = pair(1, 4);
    const stride = pair(1, 3);
    const dilation = pair(1, 2);
    const padding = pair(0, 4);
    const output = [0, 1].map(
      (d) =>
        Math.floor((input[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d]) + 1,
    );
    if (output[0] < 1 || output[1] < 1) continue;
    return {
      batch: one(1, 3),
      groups,
      inChannels: groups * one(1, most),
      outChannels: groups * one(1, most),
      input,
      kernel,
      output: [output[0], output[1]],
      stride,
      padding,
      dilation,
    };
  }
}

const plain = (
  batch: number,
  inChannels: number,
  outChannels: number,
  size: number,
  kernel: number,
  stride = 1,
  padding = 0,
  groups = 1,
): ConvGeometry => {
  const out = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return {
    batch,
    groups,
    inChannels,
    outChannels,
    input: [size, size],
    kernel: [kernel, kernel],
    output: [out, out],
    stride: [stride, stride],
    padding: [padding, padding],
    dilation: [1, 1],
  };
};

const machines = {
  wasm: Machine.wasm(threaded(wasmTarget()), 320),
  'interpreted wasm': Machine.interpreter(threaded(WASM_TARGET)),
  'interpreted avx512': Machine.interpreter(threaded(AVX512_TARGET)),
  'interpreted avx2': Machine.interpreter(threaded(AVX2_TARGET)),
};
const LAYOUTS: readonly Layout[] = ['dense', 'channels last', 'apart'];

for (const [name, machine] of Object.entries(machines)) {
  const fast = name === 'wasm';
  describe(`convolution, ${name}`, () => {
    for (const face of FACES) {
      it(`${face}: random geometries, strides, paddings, dilations, groups, layouts`, () => {
        const random = new Random(5);
        for (let i = 0; i < (fast ? 60 : 12); i++) {
          const g = randomGeometry(random, !fast);
          const layouts = [LAYOUTS[random.below(3)], LAYOUTS[random.below(3)]] as const;
          check(machine, g, face, { layouts });
        }
      });

      it(`${face}: chosen geometries`, () => {
        check(machine, plain(2, 3, 5, 6, 1), face);
        check(machine, plain(1, 4, 6, 5, 1, 1, 0, 2), face, {
          layouts: ['channels last', 'dense'],
        });
        check(machine, plain(2, 3, 3, 5, 3, 1, 1, 3), face);
        check(machine, plain(0, 3, 4, 5, 3), face);
        check(machine, plain(1, 2, 3, 4, 2, 2), face);
        check(machine, plain(1, 1, 2, 9, 3, 4, 0), face);
        if (fast) {
          check(machine, plain(2, 17, 33, 21, 3, 1, 1), face);
          check(machine, plain(1, 3, 16, 33, 7, 2, 3), face);
          check(machine, plain(1, 2, 4, 30, 11, 4, 2), face);
          check(machine, plain(2, 8, 8, 40, 1, 2), face);
        }
      });

      it(`${face}: dtypes`, () => {
        for (const dtype of ['float64', 'int32', 'int64'] as const) {
          check(machine, plain(2, 3, 5, 6, 3, 2, 1), face, { dtype });
        }
      });

      it(`${face}: epilogues`, () => {
        for (const g of [
          plain(2, 4, 6, 5, 3, 1, 1, 2),
          plain(2, 3, 5, 4, 1),
          plain(1, 2, 2, 1, 1),
          // Many channels, whose sum narrow tiles make in parts.
          plain(1, 50, 14, 4, 2),
          plain(1, 15, 49, 4, 2),
        ]) {
          const bias = () => [[0, 1, 0, 0]];
          check(machine, g, face, { extras: bias });
          check(machine, g, face, { extras: () => [] });
          check(machine, g, face, { extras: (shape) => [contiguousStrides(shape), [0, 1, 0, 0]] });
          check(machine, g, face, { extras: bias, stored: 'bool' });
          check(machine, g, face, { extras: bias, stored: 'float64' });
        }
      });
    }

    it('another batch size or image finds the same kernels', () => {
      const keys = (g: ConvGeometry, face: Face): string[] => {
        const { x, w, y } = shapesOf(g);
        const [a, b] = face === 'forward' ? [x, w] : face === 'input' ? [y, w] : [x, y];
        return lowerConv(
          {
            name: 'c',
            face,
            geometry: g,
            dtype: 'float32',
            a: INPUT(0),
            b: INPUT(1),
            aStrides: contiguousStrides(a),
            bStrides: contiguousStrides(b),
            out: OUTPUT(),
            epilogue: null,
          },
          machine.info,
          () => INPUT(9),
        ).map((l) => l.key);
      };
      for (const face of FACES) {
        expect(keys(plain(8, 8, 16, 12, 3), face)).toEqual(keys(plain(5, 8, 16, 12, 3), face));
      }
    });
  });
}
