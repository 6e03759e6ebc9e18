import { describe, expect, it } from 'vitest';
import { contiguousStrides, type DType, numelOf } from '../../base/index.ts';
import type { WindowMap } from '../../ir/lowering.ts';
import { wasmTarget } from '../../target/wasm/index.ts';
import { AVX2_TARGET, AVX512_TARGET } from '../ir.ts';
import { INPUT, Machine, OUTPUT, Random, threaded } from './harness.test-util.ts';
import { gathersWindows, lowerMaxWindowGrad } from './index.ts';

const window = (
  kernel: readonly [number, number],
  stride: readonly [number, number],
  padding: readonly [number, number] = [0, 0],
  dilation: readonly [number, number] = [1, 1],
): WindowMap => ({ kernel, stride, padding, dilation });

const square = (kernel: number, stride: number, padding = 0, dilation = 1): WindowMap =>
  window([kernel, kernel], [stride, stride], [padding, padding], [dilation, dilation]);

/** Each window chooses one of its elements inside the image by chance; `ceil` takes part windows. */
function choose(shape: readonly number[], w: WindowMap, ceil: boolean) {
  const [n, c, height, width] = shape;
  const [oh, ow] = [0, 1].map((d) => {
    const rest = shape[2 + d] + 2 * w.padding[d] - w.dilation[d] * (w.kernel[d] - 1) - 1;
    return (ceil ? Math.ceil(rest / w.stride[d]) : Math.floor(rest / w.stride[d])) + 1;
  });
  const random = new Random(height * 31 + width);
  const chosen = new Int32Array(n * c * oh * ow);
  for (let i = 0; i < chosen.length; i++) {
    const [y, x] = [Math.floor(i / ow) % oh, i % ow];
    const inside: number[] = [];
    for (let kh = 0; kh < w.kernel[0]; kh++) {
      for (let kw = 0; kw < w.kernel[1]; kw++) {
        const row = y * w.stride[0] + kh * w.dilation[0] - w.padding[0];
        const column = x * w.stride[1] + kw * w.dilation[1] - w.padding[1];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        inside.push(row * width + column);
      }
    }
    chosen[i] = inside[random.below(inside.length)];
  }
  return { chosen, oh, ow };
}

/** Compares with a scatter in the order of the windows, rounded as the dtype rounds. */
function check(
  machine: Machine,
  shape: readonly number[],
  w: WindowMap,
  { dtype = 'float32' as DType, ceil = false, gap = 0, spoil = (_: Float32Array): void => {} } = {},
): void {
  machine.reset();
  const [n, c, height, width] = shape;
  const { chosen, oh, ow } = choose(shape, w, ceil);
  const positions = machine.put(INPUT(0), chosen);
  // Rows of the incoming gradient may have gaps between them.
  const strides = contiguousStrides([n, c, oh, ow + gap]);
  const dy = machine.put(INPUT(1), new Random(7).fill('float32', n * c * oh * (ow + gap)));
  const values = dy as Float32Array;
  // No exact sums: the order of the additions must show.
  for (let i = 0; i < values.length; i++) values[i] = values[i] / 3 + (i % 5) * 1e-3;
  spoil(values);
  const held = dtype === 'float64' ? machine.put(INPUT(2), Float64Array.from(values)) : values;
  const dx = machine.out(OUTPUT(0), dtype, numelOf(shape));
  machine.run(
    lowerMaxWindowGrad(
      {
        name: 'test',
        window: w,
        dtype,
        positions: INPUT(0),
        dy: dtype === 'float64' ? INPUT(2) : INPUT(1),
        dyShape: [n, c, oh, ow],
        dyStrides: strides,
        dx: OUTPUT(0),
        height,
        width,
      },
      machine.info,
    ),
  );
  const wanted = dtype === 'float64' ? new Float64Array(dx.length) : new Float32Array(dx.length);
  for (let i = 0; i < chosen.length; i++) {
    const plane = Math.floor(i / (oh * ow));
    const from = Math.floor(i / ow) * (ow + gap) + (i % ow);
    wanted[plane * height * width + Number(positions[i])] += Number(held[from]);
  }
  expect(new Uint8Array(dx.buffer, dx.byteOffset, dx.byteLength)).toEqual(
    new Uint8Array(wanted.buffer),
  );
}

for (const [name, machine] of Object.entries({
  wasm: Machine.wasm(threaded(wasmTarget()), 64),
  'interpreted avx512': Machine.interpreter(threaded(AVX512_TARGET)),
  'interpreted avx2': Machine.interpreter(threaded(AVX2_TARGET)),
})) {
  describe(`the gradient of the largest of each window, ${name}`, () => {
    it('windows apart, in rows of every width', () => {
      for (let width = 2; width < 42; width++) {
        check(machine, [1, 2, 5, width], square(2, 2));
        check(machine, [1, 1, 4, width], square(2, 2), { ceil: true });
      }
      check(machine, [1, 1, 11, 70], square(4, 4));
      check(machine, [1, 1, 12, 40], window([3, 2], [4, 2]));
      check(machine, [1, 2, 10, 11], square(3, 3));
    });

    it('windows that overlap, in the order of the windows', () => {
      for (const width of [3, 8, 17, 20, 33, 40]) {
        check(machine, [2, 2, 6, width], square(3, 1, 1));
        check(machine, [1, 2, 7, width], square(3, 2, 1));
        check(machine, [1, 1, 6, width], square(3, 2, 0), { ceil: true });
        check(machine, [1, 1, 5, width + 4], square(5, 1, 2));
      }
    });

    it('dilation, uneven windows, gaps between windows and rows', () => {
      for (const width of [9, 21, 44]) {
        check(machine, [1, 2, 7, width], square(2, 1, 0, 2));
        check(machine, [1, 2, 9, width], window([3, 2], [1, 2], [1, 0], [2, 3]));
        check(machine, [1, 1, 9, width], window([1, 2], [3, 4]));
        check(machine, [2, 2, 8, width], square(2, 2), { gap: 3 });
      }
    });

    it('float64, and strides that do not interleave', () => {
      check(machine, [2, 2, 6, 9], square(2, 2), { dtype: 'float64' });
      check(machine, [1, 2, 7, 9], square(3, 2, 1), { dtype: 'float64' });
      check(machine, [1, 2, 10, 23], square(5, 3, 2));
    });

    it('infinities, NaN and negative zeros go to their element alone', () => {
      const spoil = (dy: Float32Array): void => {
        const odd = [Infinity, -0, Number.NaN];
        for (let i = 0; i < dy.length; i += 3) dy[i] = odd[(i / 3) % 3];
      };
      check(machine, [1, 2, 8, 24], square(2, 2), { spoil });
      check(machine, [1, 2, 8, 24], square(3, 1, 1), { spoil });
    });
  });
}

it('many windows over an element are left to a scatter', () => {
  const asks = (w: WindowMap, dtype: DType = 'float32') => gathersWindows(w, dtype, AVX2_TARGET);
  expect(
    [square(2, 2), square(3, 1, 1), square(5, 1, 2), square(3, 3)].map((w) => asks(w)),
  ).toEqual([true, true, true, true]);
  expect(asks(square(7, 1, 3))).toBe(false);
  expect(asks(square(3, 1, 1), 'float64')).toBe(false);
});
