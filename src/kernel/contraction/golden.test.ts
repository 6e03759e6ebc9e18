/**
 * Two kernels as text, so that a change to schedules or the builder shows here: the AVX-512 matrix
 * product with its 8x48 tile, and a strided convolution's weight gradient. `UPDATE_GOLDEN=1`
 * writes them anew. Both are run against loops in gemm.test.ts and conv.test.ts' style below.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { contiguousStrides, numelOf, type TypedArray } from '../../base/index.ts';
import type { ConvGeometry } from '../../ir/conv-geometry.ts';
import { AVX512_TARGET, type Kernel } from '../ir.ts';
import { printKernel } from '../print.ts';
import { INPUT, Machine, OUTPUT, Random } from './harness.test-util.ts';
import { lowerConv, lowerGemm } from './index.ts';

function matchesGolden(name: string, kernel: Kernel): void {
  const file = fileURLToPath(new URL(`./golden/${name}.txt`, import.meta.url));
  const text = `${printKernel(kernel).trimEnd()}\n`;
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}

function product(m: number, n: number, k: number, machine: Machine) {
  machine.reset();
  const random = new Random(m + n + k);
  const a = machine.put(INPUT(0), random.fill('float32', m * k));
  const b = machine.put(INPUT(1), random.fill('float32', k * n));
  const c = machine.out(OUTPUT(), 'float32', m * n);
  const map = {
    batch: [],
    m: { size: m, a: k },
    n: { size: n, b: 1 },
    k: { size: k, a: 1, b: n },
  };
  const spec = { name: 'matmul', map, dtype: 'float32', epilogue: null } as const;
  const refs = { a: INPUT(0), b: INPUT(1), out: OUTPUT() };
  return { a, b, c, launches: lowerGemm({ ...spec, ...refs }, machine.info, machine.temp) };
}

function weightGradient(g: ConvGeometry, machine: Machine) {
  machine.reset();
  const random = new Random(3);
  const shapes = {
    x: [g.batch, g.inChannels, ...g.input],
    dy: [g.batch, g.outChannels, ...g.output],
    dw: [g.outChannels, g.inChannels, ...g.kernel],
  };
  const x = machine.put(INPUT(0), random.fill('float32', numelOf(shapes.x)));
  const dy = machine.put(INPUT(1), random.fill('float32', numelOf(shapes.dy)));
  const dw = machine.out(OUTPUT(), 'float32', numelOf(shapes.dw));
  const launches = lowerConv(
    {
      name: 'weight gradient',
      face: 'weight',
      geometry: g,
      dtype: 'float32',
      a: INPUT(0),
      b: INPUT(1),
      aStrides: contiguousStrides(shapes.x),
      bStrides: contiguousStrides(shapes.dy),
      out: OUTPUT(),
      epilogue: null,
    },
    machine.info,
    machine.temp,
  );
  return { x, dy, dw, launches };
}

const at = (data: TypedArray, i: number): number => Number(data[i]);

describe('golden kernels', () => {
  it('the 8x48 AVX-512 matrix product', () => {
    const machine = Machine.interpreter(AVX512_TARGET);
    const { launches } = product(96, 96, 200, machine);
    expect(launches).toHaveLength(1);
    expect(launches[0].key).toContain('f32:8x3x16');
    matchesGolden('matmul-8x48-avx512', launches[0].build());
    // The same kernel at other sizes, with edges everywhere.
    for (const [m, n, k] of [
      [33, 43, 29],
      [41, 130, 17],
      [40, 48, 20],
    ]) {
      const { a, b, c, launches: odd } = product(m, n, k, machine);
      expect(odd[0].key).toBe(launches[0].key);
      machine.run([{ ...odd[0], build: launches[0].build }]);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let s = 0; s < k; s++) sum += at(a, i * k + s) * at(b, s * n + j);
          expect(at(c, i * n + j)).toBe(sum);
        }
      }
    }
  });

  it("a strided convolution's weight gradient on AVX-512", () => {
    const machine = Machine.interpreter(AVX512_TARGET);
    const geometry = (batch: number, inChannels: number, outChannels: number, size: number) =>
      ({
        batch,
        groups: 1,
        inChannels,
        outChannels,
        input: [size, size],
        kernel: [3, 3],
        output: [Math.floor((size - 1) / 2) + 1, Math.floor((size - 1) / 2) + 1],
        stride: [2, 2],
        padding: [1, 1],
        dilation: [1, 1],
      }) as const;
    const { launches } = weightGradient(geometry(4, 16, 48, 28), machine);
    // The second of three: the sums.
    expect(launches).toHaveLength(3);
    matchesGolden('conv-weight-stride2-avx512', launches[1].build());
    const g = geometry(2, 3, 35, 7);
    const { x, dy, dw, launches: odd } = weightGradient(g, machine);
    expect(odd.map((l) => l.key)).toEqual(launches.map((l) => l.key));
    machine.run(odd.map((launch, i) => ({ ...launch, build: launches[i].build })));
    const [size, out] = [g.input[0], g.output[0]];
    for (let p = 0; p < dw.length; p++) {
      const [kw, kh] = [p % 3, Math.floor(p / 3) % 3];
      const [ic, oc] = [Math.floor(p / 9) % 3, Math.floor(p / 27)];
      let sum = 0;
      for (let n = 0; n < g.batch; n++) {
        for (let i = 0; i < out * out; i++) {
          const [h, w] = [Math.floor(i / out) * 2 + kh - 1, (i % out) * 2 + kw - 1];
          if (h < 0 || w < 0 || h >= size || w >= size) continue;
          const image = at(x, ((n * 3 + ic) * size + h) * size + w);
          sum += image * at(dy, (n * 35 + oc) * out * out + i);
        }
      }
      expect(at(dw, p)).toBe(sum);
    }
  });
});
