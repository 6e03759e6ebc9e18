import { describe, expect, it } from 'vitest';
import { contiguousStrides, type DType, numelOf } from '../../base/index.ts';
import type { WindowMap } from '../../ir/lowering.ts';
import { wasmTarget } from '../../target/wasm/index.ts';
import { AVX2_TARGET, AVX512_TARGET } from '../ir.ts';
import { INPUT, Machine, OUTPUT, Random, threaded } from './harness.test-util.ts';
import { lowerMaxWindow } from './index.ts';

function check(
  machine: Machine,
  shape: readonly number[],
  window: WindowMap,
  dtype: DType = 'float32',
  spoil: (data: Float32Array) => void = () => {},
  channelsLast = false,
  ceil = false,
): void {
  machine.reset();
  const [n, c, h, w] = shape;
  let strides = contiguousStrides(shape);
  if (channelsLast) {
    const s = contiguousStrides([n, h, w, c]);
    strides = [s[0], s[3], s[1], s[2]];
  }
  const data = machine.put(INPUT(0), new Random(h * w + c).fill(dtype, numelOf(shape)));
  spoil(data as Float32Array);
  const { kernel, stride, padding, dilation } = window;
  const [oh, ow] = [0, 1].map((d) => {
    const rest = shape[2 + d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1;
    return (ceil ? Math.ceil(rest / stride[d]) : Math.floor(rest / stride[d])) + 1;
  });
  const count = n * c * oh * ow;
  const values = machine.out(OUTPUT(0), dtype, count);
  const positions = machine.out(OUTPUT(1), 'int32', count);
  const launches = lowerMaxWindow(
    {
      name: 'test',
      window,
      dtype,
      input: INPUT(0),
      inputShape: shape,
      inputStrides: strides,
      outputSize: [oh, ow],
      values: OUTPUT(0),
      positions: OUTPUT(1),
    },
    machine.info,
    machine.temp,
  );
  machine.run(launches);
  const best: number[] = [];
  const where: number[] = [];
  for (let i = 0; i < count; i++) {
    const x = i % ow;
    const y = Math.floor(i / ow) % oh;
    const channel = Math.floor(i / (ow * oh)) % c;
    const image = Math.floor(i / (ow * oh * c));
    let value = 0;
    let position = -1;
    for (let kh = 0; kh < kernel[0]; kh++) {
      for (let kw = 0; kw < kernel[1]; kw++) {
        const row = y * stride[0] + kh * dilation[0] - padding[0];
        const column = x * stride[1] + kw * dilation[1] - padding[1];
        if (row < 0 || row >= h || column < 0 || column >= w) continue;
        const offset =
          image * strides[0] + channel * strides[1] + row * strides[2] + column * strides[3];
        const v = Number(data[offset]);
        if (position < 0 || v > value || (Number.isNaN(v) && !Number.isNaN(value))) {
          value = v;
          position = row * w + column;
        }
      }
    }
    best.push(value);
    where.push(position);
  }
  expect(Array.from(positions as Int32Array)).toEqual(where);
  expect(Array.from(values as Float32Array, Number)).toEqual(best);
}

const pool = (kernel: number, stride: number, padding = 0, dilation = 1): WindowMap => ({
  kernel: [kernel, kernel],
  stride: [stride, stride],
  padding: [padding, padding],
  dilation: [dilation, dilation],
});

for (const [name, machine] of Object.entries({
  wasm: Machine.wasm(threaded(wasmTarget()), 64),
  'interpreted avx512': Machine.interpreter(threaded(AVX512_TARGET)),
  'interpreted avx2': Machine.interpreter(threaded(AVX2_TARGET)),
})) {
  describe(`max over windows, ${name}`, () => {
    it('strides, paddings, dilations', () => {
      for (const window of [
        pool(2, 2),
        pool(3, 2, 1),
        pool(3, 1, 1, 2),
        pool(5, 3, 2),
        pool(1, 1),
      ]) {
        check(machine, [2, 3, 9, 8], window);
        check(machine, [2, 3, 9, 8], window, 'float32', () => {}, true);
      }
      const uneven = { kernel: [3, 2], stride: [1, 2], padding: [1, 0], dilation: [2, 3] } as const;
      check(machine, [1, 2, 7, 11], uneven);
      check(machine, [0, 2, 7, 11], pool(2, 2));
      // Wide enough for whole vectors of windows.
      for (const window of [pool(2, 2), pool(3, 1, 1), pool(3, 2, 1), pool(5, 1, 0)]) {
        check(machine, [1, 2, 6, 43], window);
        check(machine, [1, 2, 6, 43], window, 'int32', () => {}, true);
      }
    });

    it('windows that are only partly inside', () => {
      for (const width of [8, 11, 24, 45]) {
        for (const window of [pool(2, 2), pool(3, 2), pool(3, 2, 1)]) {
          check(machine, [1, 2, 6, width], window, 'float32', () => {}, false, true);
          check(machine, [1, 2, 9, width], window, 'float64', () => {}, true, true);
        }
      }
    });

    it('dtypes', () => {
      for (const dtype of ['float64', 'int32', 'int64'] as const) {
        check(machine, [2, 2, 6, 5], pool(2, 2), dtype);
        check(machine, [2, 2, 6, 5], pool(3, 2, 1), dtype);
      }
    });

    it('the first of equals wins, NaN wins, padding never does', () => {
      for (const window of [pool(2, 2), pool(3, 2, 1), pool(3, 1, 1)]) {
        check(machine, [1, 1, 6, 6], window, 'float32', (x) => x.fill(1));
        check(machine, [1, 1, 6, 6], window, 'float32', (x) => x.fill(-Infinity));
        check(machine, [1, 1, 6, 6], window, 'float32', (x) => {
          for (let i = 0; i < x.length; i += 5) x[i] = Number.NaN;
        });
      }
    });
  });
}
