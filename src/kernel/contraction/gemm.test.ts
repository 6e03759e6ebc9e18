import { describe, expect, it } from 'vitest';
import type { DType } from '../../base/index.ts';
import type { GemmMap } from '../../ir/lowering.ts';
import { wasmTarget } from '../../target/wasm/index.ts';
import type { EpilogueOperand } from '../epilogue.ts';
import { AVX2_TARGET, AVX512_TARGET, WASM_TARGET } from '../ir.ts';
import { INPUT, Machine, OUTPUT, Random, sumEpilogue, threaded } from './harness.test-util.ts';
import { lowerGemm } from './index.ts';

const machines = {
  wasm: Machine.wasm(threaded(wasmTarget()), 640),
  'interpreted wasm': Machine.interpreter(threaded(WASM_TARGET)),
  'interpreted avx512': Machine.interpreter(threaded(AVX512_TARGET)),
  'interpreted avx2': Machine.interpreter(threaded(AVX2_TARGET)),
};

interface Extra {
  readonly dtype: DType;
  readonly strides: readonly number[];
  readonly scalar?: number;
}

interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** k before m, n after k unless set. */
  readonly ta?: boolean;
  readonly tb?: boolean;
  /** Every element apart from its neighbours. */
  readonly loose?: boolean;
  readonly batch?: readonly { readonly size: number; readonly a: boolean; readonly b: boolean }[];
  readonly dtype?: DType;
  readonly extras?: readonly Extra[];
  readonly stored?: DType;
}

function check(machine: Machine, c: Case): void {
  const { m, n, k, dtype = 'float32', batch = [] } = c;
  const random = new Random(m * 31 + n * 7 + k);
  machine.reset();
  const gap = c.loose ? 2 : 1;
  let aSize = m * k * gap;
  let bSize = k * n * gap;
  const dims = [...batch].reverse().map((d) => {
    const dim = { size: d.size, a: d.a ? aSize : 0, b: d.b ? bSize : 0 };
    if (d.a) aSize *= d.size;
    if (d.b) bSize *= d.size;
    return dim;
  });
  dims.reverse();
  const map: GemmMap = {
    batch: dims,
    m: { size: m, a: (c.ta ? 1 : k) * gap },
    n: { size: n, b: (c.tb ? k : 1) * gap },
    k: { size: k, a: (c.ta ? m : 1) * gap, b: (c.tb ? 1 : n) * gap },
  };
  const sizes = [...dims.map((d) => d.size), m, n];
  const count = sizes.reduce((x, y) => x * y, 1);
  const a = machine.put(INPUT(0), random.fill(dtype, aSize));
  const b = machine.put(INPUT(1), random.fill(dtype, bSize));
  const extras = (c.extras ?? []).map((e, i) => {
    const span = 1 + e.strides.reduce((sum, s, d) => sum + s * Math.max(0, sizes[d] - 1), 0);
    if (e.scalar !== undefined) machine.scalar(2 + i, e.scalar);
    const data = random.fill(e.dtype, span);
    return { ...e, data: e.scalar === undefined ? machine.put(INPUT(2 + i), data) : data };
  });
  const operands = extras.map(
    (e, i): EpilogueOperand => ({
      source: e.scalar === undefined ? INPUT(2 + i) : { kind: 'scalar', input: 2 + i },
      dtype: e.dtype,
      strides: e.strides,
    }),
  );
  const stored = c.stored ?? dtype;
  const out = machine.out(OUTPUT(), stored, count);
  const elem = ({ float32: 'f32', float64: 'f64', int32: 'i32' } as const)[dtype as 'float32'];
  const epilogue = c.extras || c.stored ? sumEpilogue(operands, stored, elem) : null;
  const spec = { name: 'test', map, dtype, a: INPUT(0), b: INPUT(1), out: OUTPUT(), epilogue };
  machine.run(lowerGemm(spec, machine.info, machine.temp));

  const expected: number[] = [];
  const index = sizes.map(() => 0);
  for (let p = 0; p < count; p++) {
    let rest = p;
    for (let d = sizes.length - 1; d >= 0; d--) {
      index[d] = rest % sizes[d];
      rest = Math.floor(rest / sizes[d]);
    }
    const [i, j] = index.slice(-2);
    let ai = i * map.m.a;
    let bj = j * map.n.b;
    for (const [d, dim] of dims.entries()) {
      ai += index[d] * dim.a;
      bj += index[d] * dim.b;
    }
    let sum = 0;
    for (let s = 0; s < k; s++) sum += Number(a[ai + s * map.k.a]) * Number(b[bj + s * map.k.b]);
    if (epilogue) {
      for (const e of extras) {
        const at = e.strides.reduce((x, stride, d) => x + stride * index[d], 0);
        sum += e.scalar ?? Number(e.data[at]);
      }
      sum = Math.max(sum, 0);
      if (stored === 'bool') sum = sum === 0 ? 0 : 1;
    }
    expected.push(sum);
  }
  expect(Array.from(out as Float32Array, Number)).toEqual(expected);
}

/** A product of fractions: another order of summation gives other bits. */
function sums(
  machine: Machine,
  dtype: 'float32' | 'float64',
  [m, n, k]: readonly [number, number, number] | readonly number[],
  { ta, tb, gap }: { readonly ta: boolean; readonly tb: boolean; readonly gap: number },
): number[] {
  machine.reset();
  const map: GemmMap = {
    batch: [],
    m: { size: m, a: (ta ? 1 : k) * gap },
    n: { size: n, b: (tb ? k : 1) * gap },
    k: { size: k, a: (ta ? m : 1) * gap, b: (tb ? 1 : n) * gap },
  };
  const random = new Random(m + n + k);
  const operand = (index: number, rows: number, columns: number, r: number, c: number): void => {
    const data = machine.put(INPUT(index), random.fill(dtype, rows * columns * gap));
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) data[i * r + j * c] = Math.sin(i * 31 + j * 7 + index);
    }
  };
  operand(0, m, k, map.m.a, map.k.a);
  operand(1, k, n, map.k.b, map.n.b);
  const out = machine.out(OUTPUT(), dtype, m * n);
  const spec = { name: 'sums', map, dtype, a: INPUT(0), b: INPUT(1), out: OUTPUT() };
  machine.run(lowerGemm({ ...spec, epilogue: null }, machine.info, machine.temp));
  return Array.from(out as Float32Array);
}

const SIZES: readonly [number, number, number][] = [
  [1, 1, 1],
  [0, 3, 4],
  [3, 0, 4],
  [3, 5, 0],
  [1, 40, 7],
  [1, 3, 19],
  [2, 37, 5],
  [3, 13, 17],
  [4, 9, 33],
  [5, 1, 23],
  [7, 11, 13],
  [17, 3, 29],
  [13, 50, 6],
  [19, 23, 8],
];
/** Too slow to interpret. */
const LARGE: readonly [number, number, number][] = [
  [67, 61, 300],
  [200, 5, 257],
  [5, 2100, 31],
  [601, 17, 513],
  [128, 96, 256],
  [1, 700, 800],
];

for (const [name, machine] of Object.entries(machines)) {
  const fast = name === 'wasm';
  const sizes = fast ? [...SIZES, ...LARGE] : SIZES;
  describe(`gemm, ${name}`, () => {
    for (const [m, n, k] of sizes) {
      it(`${m}x${n}x${k}, operands in every layout`, () => {
        for (const ta of [false, true]) {
          for (const tb of [false, true]) check(machine, { m, n, k, ta, tb });
        }
        check(machine, { m, n, k, loose: true });
        check(machine, { m, n, k, ta: true, tb: true, loose: true });
      });
    }

    it('packs when the work is worth it', () => {
      const key = (m: number): string => {
        const map: GemmMap = {
          batch: [],
          m: { size: m, a: 64 },
          n: { size: 64, b: 1 },
          k: { size: 64, a: 1, b: 64 },
        };
        const spec = {
          name: 'g',
          map,
          dtype: 'float32',
          a: INPUT(0),
          b: INPUT(1),
          out: OUTPUT(),
          epilogue: null,
        } as const;
        return lowerGemm(spec, machine.info, () => INPUT(9))[0].key;
      };
      expect(key(2)).toContain('lanes');
      expect(key(5)).toContain('direct');
      expect(key(200)).not.toContain('direct');
      // Another batch size finds the same kernel.
      expect(key(200)).toBe(key(150));
    });

    it('batches, shared and broadcast', () => {
      const both = { size: 3, a: true, b: true };
      const onlyA = { size: 2, a: true, b: false };
      const onlyB = { size: 2, a: false, b: true };
      for (const batch of [[both], [onlyA], [onlyB], [onlyB, both], [onlyA, onlyB, both, onlyA]]) {
        check(machine, { m: 5, n: 7, k: 3, batch });
        check(machine, { m: 1, n: 9, k: 6, batch, tb: true });
        check(machine, { m: 6, n: 1, k: 5, batch, ta: true });
        check(machine, { m: 35, n: 33, k: fast ? 40 : 3, batch, ta: true, loose: true });
      }
      check(machine, { m: 5, n: 7, k: 3, batch: [{ ...both, size: 0 }] });
    });

    it('narrow products, operands in every layout', () => {
      const rows = [{ size: 9, a: true, b: false }];
      for (const [tm, tn] of [
        [2, 37],
        [1, 5],
        [7, 3],
        [13, 1],
      ]) {
        for (const loose of [false, true]) {
          for (const ta of [false, true]) {
            for (const tb of [false, true]) {
              check(machine, { m: tm, n: tn, k: 18, ta, tb, loose, batch: rows });
            }
          }
        }
      }
    });

    it('adds up in one order, whatever the layout', () => {
      for (const [m, n, k] of [
        [1, 19, 37],
        [3, 18, 40],
        [18, 2, 33],
        [17, 1, 35],
        [5, 7, 300],
        ...(fast ? [[9, 50, 700] as const, [1, 300, 1001] as const] : []),
      ]) {
        for (const dtype of ['float32', 'float64'] as const) {
          const all = [false, true].flatMap((ta) =>
            [false, true].flatMap((tb) => [1, 2].map((gap) => ({ ta, tb, gap }))),
          );
          const results = all.map((layout) => sums(machine, dtype, [m, n, k], layout));
          for (const r of results) expect(r).toEqual(results[0]);
        }
      }
    });

    it('other dtypes', () => {
      for (const dtype of ['float64', 'int32', 'int64'] as const) {
        check(machine, { m: 9, n: 21, k: 5, dtype, loose: true });
        check(machine, { m: 3, n: 21, k: 5, dtype });
        check(machine, { m: 50, n: 14, k: 60, dtype, ta: true });
        check(machine, { m: 2, n: 5, k: 11, dtype, tb: true });
        if (fast) check(machine, { m: 50, n: 45, k: 301, dtype });
      }
    });

    const shapes = [
      { m: 3, n: 11, k: 6 },
      { m: 2, n: 5, k: 9, tb: true },
      { m: 14, n: 1, k: 4 },
      { m: 2, n: 21, k: 35 },
      { m: 15, n: 3, k: 20, ta: true },
      { m: 5, n: 6, k: 300 },
      { m: 13, n: 27, k: 5, loose: true },
      ...(fast ? [{ m: 70, n: 70, k: 600 }] : [{ m: 2, n: 3, k: 300, loose: true }]),
    ];
    for (const s of shapes) {
      it(`epilogues of ${s.m}x${s.n}x${s.k}`, () => {
        const f = 'float32';
        const alongN = { dtype: f, strides: [0, 1] } as const;
        const alongM = { dtype: f, strides: [1, 0] } as const;
        const residual = { dtype: f, strides: [s.n, 1] } as const;
        const scalar = { dtype: f, strides: [], scalar: 3 } as const;
        const single = { dtype: f, strides: [0, 0] } as const;
        for (const extras of [[], [alongN], [alongM], [residual], [scalar], [single]]) {
          check(machine, { ...s, extras });
        }
        check(machine, { ...s, extras: [alongN, residual, scalar] });
        check(machine, { ...s, extras: [{ dtype: 'int32', strides: [0, 1] }] });
        check(machine, { ...s, extras: [{ dtype: 'bool', strides: [s.n, 1] }] });
        check(machine, { ...s, extras: [{ dtype: 'float64', strides: [s.n, 1] }] });
        check(machine, { ...s, extras: [alongN], stored: 'bool' });
        check(machine, { ...s, extras: [alongM], stored: 'float64' });
        check(machine, { ...s, stored: 'int32' });
      });
    }

    it('an epilogue over batches', () => {
      const batch = [
        { size: 2, a: true, b: true },
        { size: 3, a: true, b: false },
      ];
      const dtype = 'float32';
      for (const strides of [
        [105, 35, 7, 1],
        [0, 35, 7, 1],
        [3, 1, 0, 0],
        [0, 5, 1, 0],
        [0, 0, 0, 1],
      ]) {
        check(machine, { m: 5, n: 7, k: 4, batch, extras: [{ dtype, strides }] });
      }
    });
  });
}
